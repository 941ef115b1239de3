//! Adds each row of a file to its batch: as a bar, a repeat or a rejected row.
//!
//! Invariant: each row counts once in its batch. Only the first row of a time can be a bar.

use super::super::lines::Line;
use super::super::quality;
use super::super::time_set::TimeSet;
use super::row::{RowFault, RowParser};
use super::{Batch, Repeat};
use crate::bar::format_time;
use crate::config::OnInvalid;
use crate::error::FileError;
use crate::finding::{QualityIssue, RawRow};

/// Classifies the rows of one file.
pub(super) struct RowClassifier {
    path: String,
    parser: RowParser,
    on_invalid: OnInvalid,
    seen: TimeSet,
    resume_at: u64,
}

impl RowClassifier {
    /// For the file at `path`. Of rows that start before `resume_at` bytes only the times are noted.
    pub(super) fn new(path: &str, parser: RowParser, on_invalid: OnInvalid, resume_at: u64) -> Self {
        Self { path: path.to_owned(), parser, on_invalid, seen: TimeSet::default(), resume_at }
    }

    /// Adds one row to the batch.
    ///
    /// # Errors
    /// A [`FileError`] if the bar breaks a market-data rule and `on_invalid` is `fail`, or if the row shows that others are
    /// read wrong.
    pub(super) fn classify(&mut self, line: Line<'_>, batch: &mut Batch) -> Result<(), FileError> {
        let Line { bytes, number: line, offset } = line;
        let is_new = offset >= self.resume_at;
        batch.rows += u64::from(is_new);
        let row = || RawRow { line, offset, bytes: bytes.to_vec() };
        let (time, values) = match self.parser.parse(bytes) {
            Ok(bar) => bar,
            Err(RowFault::Fatal(reason)) => return Err(FileError::permanent(&self.path, line, reason)),
            Err(RowFault::Rejected(rule, reason)) => {
                if is_new {
                    batch.reject(row(), rule, reason);
                }
                return Ok(());
            }
        };
        let rules = quality::broken_rules(&values);
        if !rules.is_empty() && quality::is_placeholder(&values) {
            if is_new {
                batch.reject(row(), "placeholder", "all prices are 0, and there is no volume".to_owned());
            }
            return Ok(());
        }
        let is_refused = !rules.is_empty() && self.on_invalid != OnInvalid::Warn;
        if !is_new {
            if !is_refused {
                self.seen.insert(time);
            }
            return Ok(());
        }
        if is_refused {
            let reason = format!("breaks {} ({values})", rules.join(", "));
            if self.on_invalid == OnInvalid::Fail {
                let reason = format!("the bar of {} {reason}; --on-invalid is fail", format_time(time));
                return Err(FileError::permanent(&self.path, line, reason));
            }
            batch.reject(row(), "quality", reason);
        } else if self.seen.insert(time) {
            batch.bars.push(time, values);
            batch.lines.push(line);
            if !rules.is_empty() {
                batch.issues.push(QualityIssue { line, time, values, rules });
            }
        } else {
            batch.kept_bytes += bytes.len();
            batch.repeats.push(Repeat { time, values, row: row() });
        }
        Ok(())
    }
}
