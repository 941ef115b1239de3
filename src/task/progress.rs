//! What an attempt has done since its last batch, and what earlier attempts have done.

use serde::{Deserialize, Serialize};

use super::RowCounts;
use crate::bar::Micros;
use crate::config::CsvConfig;
use crate::repository::source_cache::CachedImport;
use crate::source::position::Position;
use crate::telemetry::Phases;

/// What one batch adds.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Rows by what became of them.
    pub rows: RowCounts,
    /// Where the file goes on.
    pub checkpoint: Position,
    /// The first and last time of the batch's bars.
    pub span: Option<(Micros, Micros)>,
    /// Where the attempt's time went so far.
    pub phases: Phases,
    /// The attempt's rows, with this batch.
    pub attempt_rows: RowCounts,
    /// What is known of the source, with the first batch.
    pub opening: Option<Opening>,
    /// Whether the attempt began from the start again; such progress is no sign that the file will get through.
    pub anew: bool,
    /// What a verification came to.
    pub verdict: Option<&'static str>,
    /// What the file's bars look like beside those of the series.
    pub shape_conflict: Option<String>,
    /// Set if the file was not parsed, since the series contains it.
    pub recognised: Option<CachedImport>,
}

impl Progress {
    /// Of a file of so many stored bytes that the series contains.
    #[must_use]
    pub(crate) fn recognised(import: &CachedImport, bytes: u64) -> Self {
        Self {
            rows: import.rows(),
            checkpoint: Position::end_of(bytes),
            recognised: Some(*import),
            ..Self::default()
        }
    }
}

/// What is known of a source before its first rows; kept with these.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// What the source looks like.
    pub version: String,
    /// Its header line, if it has one.
    pub header: Option<Vec<u8>>,
    /// Columns that nothing is read from.
    pub ignored_columns: Vec<String>,
    /// How it is written, if its first rows decided anything.
    pub layout: Option<LayoutRecord>,
}

/// How a file is written, as its task keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayoutRecord {
    /// The settings that read such a file and leave nothing to decide.
    pub csv: CsvConfig,
    /// The zone of times without one, if a preset has set it which the file proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What was decided, for people.
    pub notes: Vec<String>,
}

/// What earlier attempts have done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resume {
    /// Where to go on, in bytes of the file's text.
    pub checkpoint: u64,
    /// The counters so far.
    pub rows: RowCounts,
    /// Whether something was dropped because the source has changed.
    pub anew: bool,
}
