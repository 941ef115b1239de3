//! Adds each row of a file to its batch: as a bar, a repeat or a rejected row.
//!
//! Invariant: each row counts once in its batch. Only the first row of a time can be a bar.

use super::super::lines::Line;
use super::super::quality;
use super::super::time_set::TimeSet;
use super::row::{NOTHING, RowFault, RowParser};
use super::{Batch, Repeat, strays};
use crate::bar::columns::CLOSE;
use crate::bar::{Micros, Ohlcv, format_time};
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
    /// The close of the row before; 0 if there is none.
    close_before: f64,
}

impl RowClassifier {
    /// For the file at `path`. Of rows that start before `resume_at` bytes only the times are noted.
    pub(super) fn new(path: &str, parser: RowParser, on_invalid: OnInvalid, resume_at: u64) -> Self {
        let seen = TimeSet::default();
        Self { path: path.to_owned(), parser, on_invalid, seen, resume_at, close_before: 0.0 }
    }

    /// Adds one row to the batch.
    ///
    /// # Errors
    /// A [`FileError`] if the bar breaks a market-data rule and `on_invalid` is `fail`, or if the row shows that others are
    /// read wrong.
    pub(super) fn classify(&mut self, line: Line<'_>, batch: &mut Batch) -> Result<(), FileError> {
        let is_new = line.offset >= self.resume_at;
        batch.rows += u64::from(is_new);
        let mut values = NOTHING;
        let time = match self.parser.parse(line.bytes, &mut values) {
            Ok(time) => time,
            Err(fault) => return self.refuse(line, fault, batch),
        };
        let close_before = std::mem::replace(&mut self.close_before, values[CLOSE]);
        let is_usual = quality::is_sound(&values) && !quality::jumps(&values, close_before);
        let rules = if is_usual { Vec::new() } else { broken_rules(&values, close_before) };
        if !rules.is_empty() {
            let is_taken = self.take_broken(line, time, &values, &rules, batch)?;
            if !is_taken {
                return Ok(());
            }
        }
        if !is_new {
            self.seen.insert(time);
        } else if self.seen.insert(time) {
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

    /// Reports the bars at these places of the batch, whose times are out of order. They are bars all the same.
    pub(super) fn report_strays(&self, places: Vec<usize>, batch: &mut Batch) -> Result<(), FileError> {
        for at in places {
            let (line, time, values) = (batch.lines[at], batch.bars.time[at], batch.bars.values(at));
            if self.on_invalid == OnInvalid::Fail {
                let reason = format!(
                    "the bar of {} lies far from the rows around it ({}); --on-invalid is fail",
                    format_time(time),
                    strays::RULE
                );
                return Err(FileError::permanent(&self.path, line, reason));
            }
            match batch.issues.iter_mut().find(|issue| issue.line == line) {
                Some(issue) => issue.rules.push(strays::RULE),
                None => batch.issues.push(QualityIssue { line, time, values, rules: vec![strays::RULE] }),
            }
        }
        batch.issues.sort_by_key(|issue| issue.line);
        Ok(())
    }

    /// A row that is no bar.
    #[cold]
    fn refuse(&self, line: Line<'_>, fault: RowFault, batch: &mut Batch) -> Result<(), FileError> {
        match fault {
            RowFault::Fatal(reason) => Err(FileError::permanent(&self.path, line.number, reason)),
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
        if self.parser.lacks_last_field(line.bytes) && !quality::is_sound(values) {
            let reason =
                format!("is no sound bar ({values}), and its last field is empty: a value may be missing");
            self.reject(line, "ragged", reason, batch);
            return Ok(false);
        }
        if quality::is_placeholder(values) {
            let reason = "all prices are 0, and there is no volume".to_owned();
            self.reject(line, "placeholder", reason, batch);
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
            batch.reject(raw(line), rule, reason);
        }
    }
}

#[cold]
fn broken_rules(values: &Ohlcv, close_before: f64) -> Vec<&'static str> {
    let mut rules = quality::broken_rules(values);
    if quality::jumps(values, close_before) {
        rules.push(quality::PRICE_JUMP);
    }
    rules
}

fn raw(line: Line<'_>) -> RawRow {
    RawRow { line: line.number, offset: line.offset, bytes: line.bytes.to_vec() }
}
