//! Bars that two series have at one time with different values, and the error that shows the first of them.

use jiff_sqlx::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use super::Merged;
use crate::bar::columns::COUNT;
use crate::bar::{Micros, Ohlcv, format_time};
use crate::error::Error;
use crate::repository::data::Renaming;
use crate::repository::values;

/// A bar that two series have with different values.
#[derive(Debug, Clone, Copy)]
pub struct Conflict {
    /// Its time.
    pub time: Micros,
    /// Its values in the series that goes.
    pub from: Ohlcv,
    /// Its values in the series that takes the bars.
    pub into: Ohlcv,
}

impl FromRow<'_, PgRow> for Conflict {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let time: Timestamp = row.try_get(0)?;
        Ok(Self {
            time: time.to_jiff().as_microsecond(),
            from: values(row, |i, _| 1 + i)?,
            into: values(row, |i, _| 1 + COUNT + i)?,
        })
    }
}

impl Conflict {
    /// In one line; the merge says which series have which values.
    #[must_use]
    pub fn says(&self, merging: &Renaming) -> String {
        let Renaming { from, to } = merging;
        format!("{}: {from} has {}, {to} has {}", format_time(self.time), self.from, self.into)
    }
}

pub(super) fn refused(merging: &Renaming, merged: &Merged, first: &[Conflict]) -> Error {
    let Renaming { from, to } = merging;
    let differ =
        if merged.conflicts == 1 { "1 bar differs" } else { &format!("{} bars differ", merged.conflicts) };
    let mut message = format!("{from} is not merged into {to}: {differ}; nothing was changed");
    for conflict in first {
        message.push_str(&format!("\n  {}", conflict.says(merging)));
    }
    if merged.conflicts > first.len() as u64 {
        message.push_str("\n  …");
    }
    Error::AlreadyThere {
        message,
        hint: Some(format!(
            "--on-conflict keep keeps the bars of {to}, --on-conflict overwrite takes those of {from}"
        )),
    }
}
