//! One bar that differs.
//!
//! Invariant: values are exact, as the file and the database have them; `by` is database − file in float64.

use jiff_sqlx::Timestamp;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use super::number::{Number, Values};
use crate::bar::{Ohlcv, columns};
use crate::model::DifferenceKind;
use crate::operation::report::BarArray;

/// A bar that differs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DifferingBar {
    pub(crate) kind: DifferenceKind,
    /// The bar's time, UTC.
    pub(crate) time: jiff::Timestamp,
    /// The path of the file that has it, relative to the operation's root; none if only the database has it.
    pub(crate) source: Option<String>,
    /// Line number in that file, from 1.
    pub(crate) line: Option<i64>,
    /// The file's values.
    pub(crate) csv: Option<Values>,
    /// The database's values.
    pub(crate) db: Option<Values>,
    /// The columns that differ, if both sides have the bar.
    pub(crate) columns: Vec<ColumnDifference>,
}

/// A column of a bar that differs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ColumnDifference {
    /// Its name.
    pub(crate) column: &'static str,
    /// The file's value.
    pub(crate) csv: Number,
    /// The database's value.
    pub(crate) db: Number,
    /// Database − file; not finite if the database's value is not, unknown if either is.
    pub(crate) by: Number,
}

impl ColumnDifference {
    /// The columns in which two bars differ.
    pub(crate) fn between(csv: &Values, db: &Values) -> Vec<Self> {
        let pairs = columns::names().zip(csv.columns().into_iter().zip(db.columns()));
        let differing = pairs.filter(|(_, (csv, db))| csv != db);
        differing.map(|(column, (csv, db))| Self { column, csv, db, by: db.minus(csv) }).collect()
    }
}

impl FromRow<'_, PgRow> for DifferingBar {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let values = |side: &str| {
            let bar: Option<BarArray> = row.try_get(side)?;
            Ok::<_, sqlx::Error>(bar.map(|bar| Values::from(Ohlcv::from(bar))))
        };
        let (csv, db) = (values("csv")?, values("db")?);
        let columns = csv.as_ref().zip(db.as_ref()).map(|(csv, db)| ColumnDifference::between(csv, db));
        Ok(Self {
            kind: row.try_get("kind")?,
            time: row.try_get::<Timestamp, _>("time")?.to_jiff(),
            source: row.try_get("source")?,
            line: row.try_get("line")?,
            csv,
            db,
            columns: columns.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bar::UNKNOWN;
    use crate::bar::columns::{HIGH, LOW, VOLUME};

    #[test]
    fn only_columns_that_differ_are_named() {
        let csv = Ohlcv::new(1.0, 0.3, 0.0, 1.5, 10.0);
        let db = csv.with(HIGH, 0.1 + 0.2).with(LOW, -0.0).with(VOLUME, f64::NAN);
        let columns = ColumnDifference::between(&csv.into(), &db.into());
        let named: Vec<_> = columns.iter().map(|c| (c.column, c.by.to_string())).collect();
        assert_eq!(named, [("high", "0.00000000000000005551115123125783".into()), ("volume", "NaN".into())]);
    }

    #[test]
    fn a_value_that_one_side_lacks_differs() {
        let whole = Ohlcv::new(1.0, 2.0, 0.5, 1.5, 10.0);
        let lacking = whole.with(VOLUME, UNKNOWN);
        for (csv, db) in [(whole, lacking), (lacking, whole)] {
            let columns = ColumnDifference::between(&csv.into(), &db.into());
            let named: Vec<_> = columns.iter().map(|c| (c.column, c.by)).collect();
            assert_eq!(named, [("volume", Number(UNKNOWN))]);
        }
        assert!(ColumnDifference::between(&lacking.into(), &lacking.into()).is_empty());
    }
}
