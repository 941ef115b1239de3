//! A range of bars that differ in the same way, as it is stored and reported.

use jiff_sqlx::Timestamp;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use sqlx::FromRow;

use super::number::Number;
use crate::model::RangeKind;
use crate::verify::classify::DifferencePattern;

/// Consecutive bars of one kind.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DifferenceRange {
    pub(crate) kind: RangeKind,
    /// Time of the first bar, UTC.
    #[sqlx(rename = "first_time", try_from = "Timestamp")]
    pub(crate) first: jiff::Timestamp,
    /// Time of the last bar, UTC.
    #[sqlx(rename = "last_time", try_from = "Timestamp")]
    pub(crate) last: jiff::Timestamp,
    /// Number of bars; a bar that both sides have counts once.
    pub(crate) bars: i64,
    /// How many of them are identical.
    pub(crate) identical: i64,
    /// Database's prices / file's; none if they have no constant ratio.
    pub(crate) price_ratio: Option<f64>,
    /// Database's volumes / file's; none if they have no constant ratio.
    pub(crate) volume_ratio: Option<f64>,
    /// Database's times − file's.
    pub(crate) shifted_by_seconds: Option<f64>,
}

impl DifferenceRange {
    /// The range in words.
    pub(crate) fn says(&self) -> String {
        self.pattern().says_of_range(self.identical.unsigned_abs(), "the file", "the database")
    }

    fn pattern(&self) -> DifferencePattern {
        match self.kind {
            RangeKind::Identical => DifferencePattern::Identical,
            RangeKind::OnlyInCsv => DifferencePattern::OnlyInCsv,
            RangeKind::OnlyInDb => DifferencePattern::OnlyInDb,
            RangeKind::Revised => DifferencePattern::Revised,
            RangeKind::Ratio => {
                DifferencePattern::Ratio { price: self.price_ratio, volume: self.volume_ratio }
            }
            #[allow(clippy::cast_possible_truncation)] // stored as whole µs
            RangeKind::Shifted => DifferencePattern::Shifted {
                by: (self.shifted_by_seconds.unwrap_or_default() * 1e6).round() as i64,
            },
        }
    }
}

impl Serialize for DifferenceRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("DifferenceRange", 9)?;
        out.serialize_field("kind", &self.kind)?;
        out.serialize_field("first", &self.first)?;
        out.serialize_field("last", &self.last)?;
        out.serialize_field("bars", &self.bars)?;
        out.serialize_field("identical", &self.identical)?;
        out.serialize_field("price_ratio", &self.price_ratio.map(Number))?;
        out.serialize_field("volume_ratio", &self.volume_ratio.map(Number))?;
        out.serialize_field("shifted_by_seconds", &self.shifted_by_seconds.map(Number))?;
        out.serialize_field("says", &self.says())?;
        out.end()
    }
}
