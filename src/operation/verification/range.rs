//! What kind of difference lies where in time.
//!
//! Invariant: a range holds the bars of one kind that follow each other in time; its words are those of the classification.

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use super::number::Number;
use crate::verify::classify::Pattern;

/// What the bars of a range have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum RangeKind {
    Identical,
    OnlyInCsv,
    OnlyInDb,
    /// Other values, without a rule in them.
    Revised,
    /// The database's values are the file's times a constant.
    Ratio,
    /// The database has the file's bars at other times.
    Shifted,
}

/// Bars that follow each other and are of one kind.
#[derive(Debug, Clone)]
pub struct Range {
    /// What they have in common.
    pub kind: RangeKind,
    /// Time of the first bar, UTC.
    pub first: jiff::Timestamp,
    /// Time of the last bar, UTC.
    pub last: jiff::Timestamp,
    /// How many there are, of either side.
    pub bars: i64,
    /// How many of them are identical.
    pub identical: i64,
    /// The database's prices are the file's times this; none where they are not in one ratio.
    pub price_ratio: Option<f64>,
    /// The same of the volumes.
    pub volume_ratio: Option<f64>,
    /// The database's times are the file's plus this.
    pub shifted_by_seconds: Option<f64>,
}

impl Range {
    /// What a person is told of it.
    #[must_use]
    pub fn says(&self) -> String {
        let says = self.as_kind().says();
        match (self.kind, self.identical) {
            (RangeKind::Identical, _) | (_, 0) => says,
            (_, identical) => format!("{says} ({identical} of these bars are identical)"),
        }
    }

    fn as_kind(&self) -> Pattern {
        match self.kind {
            RangeKind::Identical => Pattern::Identical,
            RangeKind::OnlyInCsv => Pattern::OnlyInCsv,
            RangeKind::OnlyInDb => Pattern::OnlyInDb,
            RangeKind::Revised => Pattern::Revised,
            RangeKind::Ratio => Pattern::Ratio { price: self.price_ratio, volume: self.volume_ratio },
            #[allow(clippy::cast_possible_truncation)] // µs that were made of whole ones
            RangeKind::Shifted => {
                Pattern::Shifted { by: (self.shifted_by_seconds.unwrap_or_default() * 1e6).round() as i64 }
            }
        }
    }
}

impl Serialize for Range {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Range", 9)?;
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
