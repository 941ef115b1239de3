//! Flags as configuration keys.

use crate::config::Override;

/// Collects the configuration keys that flags set.
#[derive(Default)]
pub(super) struct Overrides(pub(super) Vec<Override>);

impl Overrides {
    /// Sets a key if its flag was given.
    pub(super) fn set(&mut self, key: &'static str, value: Option<impl ToString>) -> &mut Self {
        self.0.extend(value.map(|v| (key, v.to_string())));
        self
    }

    /// Sets a key to a fixed value if its switch was given.
    pub(super) fn switch(&mut self, key: &'static str, given: bool, value: bool) -> &mut Self {
        self.set(key, given.then_some(value))
    }
}
