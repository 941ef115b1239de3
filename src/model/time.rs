//! Times as queries return them.

use jiff_sqlx::Timestamp;

/// A nullable `timestamptz` column, for `#[sqlx(try_from = "OptionalTime")]` on an `Option<jiff::Timestamp>`.
#[derive(Debug, Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub struct OptionalTime(Option<Timestamp>);

impl From<OptionalTime> for Option<jiff::Timestamp> {
    fn from(time: OptionalTime) -> Self {
        time.0.map(Timestamp::to_jiff)
    }
}
