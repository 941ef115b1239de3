//! Why no row of a file became a bar: the most frequent reason among its rejected rows, and what to do about it.
//!
//! Invariant: memory does not grow with the rows; one example of each cause is kept.

use std::sync::Arc;

use super::numbers::Numbers;
use crate::bar::columns::{COLUMNS, ValueColumn};
use crate::finding::RejectedRow;
use crate::source::fields::FieldSplitter;
use crate::source::layout::FileLayout;
use crate::source::number;

/// Rejected rows, grouped by what is wrong with them.
pub struct Causes {
    layout: Arc<FileLayout>,
    fields: FieldSplitter,
    groups: Vec<CauseGroup>,
}

/// Rows that are rejected for the same rule, in the same column.
struct CauseGroup {
    rule: &'static str,
    /// The index of the value in [`Columns::values`].
    value: Option<usize>,
    rows: u64,
    first: RejectedRow,
    numbers: Numbers,
}

/// The most frequent reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// How many rows have it.
    pub rows: u64,
    /// The line of the first of them.
    pub line: u64,
    /// What is wrong there.
    pub reason: String,
    /// What to do.
    pub advice: String,
}

impl Causes {
    /// For a file that is written so.
    #[must_use]
    pub fn new(layout: Arc<FileLayout>, quote: Option<u8>) -> Self {
        let fields = FieldSplitter::new(layout.columns.delimiter, quote);
        Self { layout, fields, groups: Vec::new() }
    }

    /// Adds a rejected row.
    pub fn add(&mut self, rejected: &RejectedRow) {
        let (rule, bytes) = (rejected.rule, rejected.row.bytes.as_slice());
        let row = self.fields.split(bytes);
        let columns = &self.layout.columns;
        let is_bad = |(column, at): (&ValueColumn, &Option<usize>)| {
            at.is_some_and(|at| number::value(column, row.get(at), self.layout.numbers).is_err())
        };
        let value =
            if rule == "number" { COLUMNS.iter().zip(&columns.values).position(is_bad) } else { None };
        let at = self.groups.iter().position(|group| group.rule == rule && group.value == value);
        let at = at.unwrap_or_else(|| {
            let first = rejected.clone();
            self.groups.push(CauseGroup { rule, value, rows: 0, first, numbers: Numbers::default() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.rows += 1;
        if let Some(column) = value.and_then(|value| columns.values[value]) {
            group.numbers.add(row.get(column));
        }
    }

    /// The reason of most rows, if any row was rejected.
    #[must_use]
    pub fn likeliest(&self) -> Option<Cause> {
        // The first of those with equally many rows.
        let group = self.groups.iter().rev().max_by_key(|k| k.rows)?;
        let advice = match (group.rule, group.value) {
            ("time", _) => {
                "name the form of the times with --time-format, or another column with --column time=NAME"
                    .into()
            }
            (_, Some(value)) => self.about_numbers(group, COLUMNS[value].name),
            ("ragged", _) => {
                "every row needs one field for each column: quote fields that hold the delimiter, and give \
                              the header a name for every column"
                    .into()
            }
            ("quality", _) => {
                "give --on-invalid warn to import such bars, or --column if the columns are other ones".into()
            }
            _ => "see the rejected rows: barlift report".into(),
        };
        let (line, reason) = (group.first.row.line, group.first.reason.clone());
        Some(Cause { rows: group.rows, line, reason, advice })
    }

    fn about_numbers(&self, group: &CauseGroup, value: &str) -> String {
        match group.numbers.advice(self.layout.numbers) {
            Some(advice) => advice.to_owned(),
            None => format!("if {value} stands in another column, name it with --column {value}=NAME"),
        }
    }
}
