//! Rows of a file, sorted into a batch: bars, repeats, rejected rows.
//!
//! Invariant: each row that is taken counts once in its batch. A time is a bar's only the first time it comes.

use std::collections::VecDeque;

use super::super::lines::Line;
use super::super::quality;
use super::super::seen::Seen;
use super::row::RowParser;
use super::{Batch, Repeat};
use crate::bar::format_time;
use crate::config::OnInvalid;
use crate::error::FileError;
use crate::finding::{QualityIssue, RawRow, RejectedRow};

/// The part of a reader that turns rows into something, apart from the lines they come from.
pub(super) struct Rows {
    path: String,
    parser: RowParser,
    on_invalid: OnInvalid,
    seen: Seen,
    resume_at: u64,
}

impl Rows {
    /// Of the file at `path`, of which rows before `resume_at` bytes are only taken note of.
    pub(super) fn new(path: &str, parser: RowParser, on_invalid: OnInvalid, resume_at: u64) -> Self {
        Self { path: path.to_owned(), parser, on_invalid, seen: Seen::default(), resume_at }
    }

    /// Looks at the file's first rows before they are taken.
    pub(super) fn look_at(&mut self, first: &VecDeque<RawRow>) {
        self.parser.look_at(first);
    }

    /// Sorts one row in.
    ///
    /// # Errors
    /// A [`FileError`] when `on_invalid = fail` strikes.
    pub(super) fn take(&mut self, line: Line<'_>, batch: &mut Batch) -> Result<(), FileError> {
        let Line { bytes, number: line, offset } = line;
        let parsed = self.parser.parse(bytes);
        let rules = match &parsed {
            Ok((_, values)) => quality::broken_rules(values),
            Err(_) => Vec::new(),
        };
        let barred = !rules.is_empty() && self.on_invalid != OnInvalid::Warn;
        if offset < self.resume_at {
            if let (Ok((time, _)), false) = (&parsed, barred) {
                self.seen.insert(*time);
            }
            return Ok(());
        }
        batch.rows += 1;
        let row = || RawRow { line, offset, bytes: bytes.to_vec() };
        let (time, values) = match parsed {
            Ok(bar) => bar,
            Err((rule, reason)) => {
                batch.kept_bytes += bytes.len();
                batch.rejected.push(RejectedRow { row: row(), rule, reason });
                return Ok(());
            }
        };
        if barred {
            let reason = format!("breaks {} ({values})", rules.join(", "));
            if self.on_invalid == OnInvalid::Fail {
                let reason = format!("the bar of {} {reason}; --on-invalid is fail", format_time(time));
                return Err(FileError::permanent(&self.path, line, reason));
            }
            batch.kept_bytes += bytes.len();
            batch.rejected.push(RejectedRow { row: row(), rule: "quality", reason });
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
