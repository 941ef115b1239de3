//! What times are held to besides their form.

use crate::bar::Micros;

/// What times must be, apart from their form, because those of the file's first rows are.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Held {
    /// Whether they name a zone.
    pub(in crate::source) zoned: Option<bool>,
    /// Whether they have a time of day.
    pub(in crate::source) clock: Option<bool>,
    /// How far they are from 1970 at least: a count in another unit comes closer.
    pub(in crate::source) from_1970: Micros,
    /// No time is later: no bar is of the future.
    pub(in crate::source) latest: Micros,
}

impl Held {
    /// Nothing more than the form.
    pub(in crate::source) const NOTHING: Self =
        Self { zoned: None, clock: None, from_1970: 0, latest: Micros::MAX };

    pub(in crate::source) fn allows(&self, micros: Micros) -> bool {
        micros <= self.latest && micros.abs() >= self.from_1970
    }
}
