//! Adds each row of a file to its batch: as a bar, a repeat or a rejected row.
//!
//! Invariant: each row counts once in its batch. Only the first row of a time can be a bar.

use std::sync::Arc;

use super::super::columnar::ColumnarState;
use super::super::lines::Line;
use super::super::quality;
use super::row::{NOTHING, RowFault, RowParser};
use super::series::SeriesState;
use super::{Batch, Repeat};
use crate::bar::{Micros, Ohlcv, format_time};
use crate::config::OnInvalid;
use crate::error::FileError;
use crate::finding::{QualityIssue, RawRow};

/// Classifies the rows of one file.
pub(super) struct RowClassifier {
    path: String,
    parser: RowParser,
    on_invalid: OnInvalid,
    resume_at: u64,
    /// Where rows stand in a columnar file, if this is one.
    columnar: Option<Arc<ColumnarState>>,
}

impl RowClassifier {
    /// For the file at `path`. Of rows that start before `resume_at` bytes only the times are noted.
    pub(super) fn new(
        path: &str,
        parser: RowParser,
        on_invalid: OnInvalid,
        resume_at: u64,
        columnar: Option<Arc<ColumnarState>>,
    ) -> Self {
        Self { path: path.to_owned(), parser, on_invalid, resume_at, columnar }
    }

    /// Adds one row to the batch.
    ///
    /// # Errors
    /// A [`FileError`] if the bar breaks a market-data rule and `on_invalid` is `fail`, or if the row shows that others are
    /// read wrong.
    pub(super) fn classify(
        &mut self,
        line: Line<'_>,
        series: &mut SeriesState,
        batch: &mut Batch,
    ) -> Result<(), FileError> {
        let is_new = line.offset >= self.resume_at;
        batch.rows += u64::from(is_new);
        let mut values = NOTHING;
        let time = match self.parser.parse(line.bytes, series, &mut values) {
            Ok(time) => time,
            Err(fault) => return self.refuse(line, fault, batch),
        };
        let rules = if quality::is_sound(&values) { Vec::new() } else { quality::broken_rules(&values) };
        if !rules.is_empty() {
            let is_taken = self.take_broken(line, time, &values, &rules, batch)?;
            if !is_taken {
                return Ok(());
            }
        }
        if !is_new {
            series.seen.insert(time);
        } else if series.seen.insert(time) {
            batch.bars.push(time, values);
            batch.lines.push(line.number);
            if !rules.is_empty() {
                batch.issues.push(QualityIssue { line: line.number, time, values, rules });
            }
        } else {
            batch.kept_bytes += line.bytes.len();
            batch.repeats.push(Repeat { time, values, row: raw(line) });
        }
        Ok(())
    }

    /// A row that is no bar.
    #[cold]
    fn refuse(&self, line: Line<'_>, fault: RowFault, batch: &mut Batch) -> Result<(), FileError> {
        match fault {
            RowFault::Fatal(reason) => {
                Err(FileError::permanent(&self.path, line.number, self.with_place(line, reason)))
            }
            RowFault::Rejected(rule, reason) => {
                self.reject(line, rule, reason, batch);
                Ok(())
            }
        }
    }

    /// Whether a bar that breaks these rules is taken all the same.
    #[cold]
    fn take_broken(
        &mut self,
        line: Line<'_>,
        time: Micros,
        values: &Ohlcv,
        rules: &[&str],
        batch: &mut Batch,
    ) -> Result<bool, FileError> {
        if quality::is_placeholder(values) {
            let reason = "all prices are 0, and there is no volume".to_owned();
            self.reject(line, "placeholder", reason, batch);
            return Ok(false);
        }
        if self.on_invalid != OnInvalid::Fail && self.parser.lacks_last_field(line.bytes) {
            let reason =
                format!("is no sound bar ({values}), and its last field is empty: a value may be missing");
            self.reject(line, "ragged", reason, batch);
            return Ok(false);
        }
        if self.on_invalid == OnInvalid::Warn {
            return Ok(true);
        }
        let reason = format!("breaks {} ({values})", rules.join(", "));
        if self.on_invalid == OnInvalid::Fail && line.offset >= self.resume_at {
            let reason = format!("the bar of {} {reason}; --on-invalid is fail", format_time(time));
            return Err(FileError::permanent(&self.path, line.number, reason));
        }
        self.reject(line, "quality", reason, batch);
        Ok(false)
    }

    /// Keeps a row that is no bar, unless an earlier attempt did.
    fn reject(&self, line: Line<'_>, rule: &'static str, reason: String, batch: &mut Batch) {
        if line.offset >= self.resume_at {
            batch.reject(raw(line), rule, self.with_place(line, reason));
        }
    }

    /// A row of a columnar file has no line there.
    fn with_place(&self, line: Line<'_>, reason: String) -> String {
        match self.columnar.as_ref().and_then(|columnar| columnar.place(line.number)) {
            Some(place) => format!("{reason} ({place})"),
            None => reason,
        }
    }
}

/// The row of a line.
pub(super) fn raw(line: Line<'_>) -> RawRow {
    RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() }
}
