//! What the first rows of a file tell of its series, where its name does not: symbol, timeframe, and whether it has several
//! symbols.

use super::open::OpenSource;
use super::reader::ReadOptions;
use crate::bar::Micros;
use crate::error::FileError;
use crate::finding::RejectedRow;

/// What a file's first rows tell.
#[derive(Default)]
pub(super) struct FirstRows {
    /// Those of one series.
    pub(super) times: Vec<Micros>,
    /// Whether they are of several symbols.
    pub(super) are_several: bool,
    /// Whether a column may tell the symbol of each row.
    pub(super) may_be_several: bool,
    /// Those that columns have in every row.
    pub(super) symbol: Option<String>,
    pub(super) timeframe: Option<String>,
    /// Why the first row that is no bar is none.
    pub(super) rejected: Option<String>,
}

impl FirstRows {
    /// Why it is no source, if there is no bar.
    pub(super) fn no_bar(&self) -> String {
        match &self.rejected {
            Some(rejected) => format!("has no bar among its first rows ({rejected})"),
            None => "has no bars".to_owned(),
        }
    }
}

/// The first rows of a file with one series.
pub(super) fn rows_of_one(source: OpenSource, read: &ReadOptions) -> Result<FirstRows, FileError> {
    const ROWS: usize = 400;
    let mut bars = source.bars(read, "", true, 0)?;
    let layout = bars.layout();
    let layout = layout.as_ref();
    let batch = bars.next_batch(ROWS)?.unwrap_or_default();
    Ok(FirstRows {
        symbol: layout.and_then(|layout| layout.symbol()),
        timeframe: layout.and_then(|layout| layout.timeframe()),
        may_be_several: layout.is_some_and(|layout| layout.may_be_several()),
        rejected: first_rejected(&batch.rejected),
        times: batch.bars.time,
        are_several: false,
    })
}

/// The first rows of a file by symbol: as many as may be read to decide how it is written.
pub(super) fn rows_by_symbol(source: OpenSource, read: &ReadOptions) -> Result<FirstRows, FileError> {
    const ROWS: usize = 20_000;
    // Enough to tell the timeframe.
    const ROWS_OF_EACH: usize = 12;
    let mut bars = source.bars_by_symbol(read, "", true, 0)?.with_rows_of_each(ROWS_OF_EACH);
    let batch = bars.next_batch(ROWS)?.unwrap_or_default();
    let are_several = bars.has_several();
    let rejected = batch.parts.iter().flat_map(|part| &part.batch.rejected).chain(&batch.rejected);
    let rejected = first_rejected(rejected);
    let most = batch.parts.into_iter().max_by_key(|part| part.batch.bars.len());
    let times = most.map(|part| part.batch.bars.time).unwrap_or_default();
    Ok(FirstRows { times, are_several, rejected, ..FirstRows::default() })
}

fn first_rejected<'r>(rejected: impl IntoIterator<Item = &'r RejectedRow>) -> Option<String> {
    rejected.into_iter().next().map(|row| format!("line {}: {}", row.row.line, row.reason))
}
