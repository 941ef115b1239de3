//! Verifies all series of files with several symbols.
//!
//! Each series is compared as one of files of its own, and what was found is stored with a task of its own
//! (`tasks.part_of`), many series in one transaction. Invariant: fenced, and a repeated attempt begins anew. The series are
//! not acquired: each is seen as it is when its turn comes. Series that no file has are not looked at.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::types::Json;

use super::files::{FileEvent, FilesSummary};
use super::reading::{FileEventSource, ReadingProgress, WithMended, files_options};
use super::save::{self, KEEPING};
use super::several_files::{SeveralEvent, SeveralEvents, spawn};
use super::{Findings, VerifyAttempt, compare};
use crate::bar::Micros;
use crate::counts::{RowCounts, int};
use crate::db::template::sql_template;
use crate::error::{During, Error, FileError, Result};
use crate::model::{SeriesId, TaskId, Verdict};
use crate::repository::content::{self, Stamp};
use crate::repository::{findings, parameter, several};
use crate::source::position::Position;
use crate::source::root::Root;
use crate::task::{Lease, Progress, TaskInfo};
use crate::telemetry::{LoadSpan, VerifiedCounts};

/// So many series are stored in one transaction, unless they differ in many bars.
const SERIES: usize = 200;
const DIFFERENCES: usize = 50_000;

/// What was found of a series.
struct Verified {
    symbol: Arc<str>,
    series_id: Option<SeriesId>,
    stamp: Option<Stamp>,
    found: Findings,
}

/// Verifies the series of the task's files.
pub(super) async fn verify(attempt: VerifyAttempt<'_>, root: Root) -> Result<Verdict> {
    let mut run = Run::new(attempt, root);
    while let Some(symbol) = run.next_series().await? {
        let verified = run.series(symbol).await?;
        run.keep(verified).await?;
    }
    run.finish().await
}

struct Run<'a> {
    attempt: VerifyAttempt<'a>,
    events: SeveralEvents,
    load: Option<LoadSpan<'a>>,
    progress: ReadingProgress<'a>,
    /// What is not stored yet.
    waiting: Vec<Verified>,
    /// Of the files, once all series were compared.
    end: Option<Box<FilesSummary>>,
    /// Stored bytes read.
    bytes: u64,
    counts: VerifiedCounts,
}

impl<'a> Run<'a> {
    fn new(attempt: VerifyAttempt<'a>, root: Root) -> Self {
        let load = LoadSpan::start(attempt.telemetry, &attempt.task.timeframe, &attempt.task.source);
        Self {
            attempt,
            events: spawn(root, attempt.paths(), files_options(attempt)),
            load: Some(load),
            progress: ReadingProgress::new(attempt),
            waiting: Vec::new(),
            end: None,
            bytes: 0,
            counts: VerifiedCounts { csv_rows: 0, db_rows: 0, rows_match: true, passed: true },
        }
    }

    async fn next(&mut self) -> Result<SeveralEvent> {
        self.attempt.refuse_stopped()?;
        let Some(event) = self.events.recv().await else {
            return Err(Error::Internal("the reader ended without saying how".into()));
        };
        Ok(event.inspect_err(|e| self.load.iter_mut().for_each(|load| load.fail(e)))?)
    }

    /// The symbol whose bars come next; none at the end.
    async fn next_series(&mut self) -> Result<Option<Arc<str>>> {
        loop {
            match self.next().await? {
                SeveralEvent::Read { rows, range, bytes, reading } => {
                    self.bytes = bytes;
                    self.load.iter_mut().for_each(|load| load.batch(rows, range, reading));
                    self.progress.write(bytes).await?;
                }
                SeveralEvent::Series(symbol) => {
                    self.load = None;
                    return Ok(Some(symbol));
                }
                SeveralEvent::End(summary) => {
                    self.load = None;
                    self.end = Some(summary);
                    return Ok(None);
                }
                SeveralEvent::File(_) => {
                    return Err(Error::Internal("bars came without their symbol".into()));
                }
            }
        }
    }

    /// Compares a series, whose bars come next.
    async fn series(&mut self, symbol: Arc<str>) -> Result<Verified> {
        let VerifyAttempt { context, lease, task, options, telemetry } = self.attempt;
        let mut found = several::ids(&context.pool, &[&symbol], &task.timeframe, false).await?;
        let series_id = found.remove(&*symbol);
        let stamp = match series_id {
            Some(series) => Some(content::stamp(&context.pool, series).await?),
            None => None,
        };
        let lease = Lease { series_id, ..lease.clone() };
        let task = TaskInfo { symbol: symbol.to_string(), ..task.clone() };
        let attempt = VerifyAttempt { context, lease: &lease, task: &task, options, telemetry };
        let found = compare(attempt, WithMended::new(attempt, OneOfSeveral(self))).await?;
        Ok(Verified { symbol, series_id, stamp, found })
    }

    async fn keep(&mut self, verified: Verified) -> Result<()> {
        let found = &verified.found;
        self.counts.csv_rows += int(found.csv.bars);
        self.counts.db_rows += int(found.db.bars);
        self.counts.rows_match &= found.csv.bars == found.db.bars;
        self.counts.passed &= found.verdict() == Verdict::Identical;
        self.waiting.push(verified);
        let differences: usize = self.waiting.iter().map(|verified| verified.found.listed.len()).sum();
        if self.waiting.len() < SERIES && differences < DIFFERENCES {
            return Ok(());
        }
        self.store(None).await
    }

    async fn finish(mut self) -> Result<Verdict> {
        let end = self.end.take().ok_or_else(|| Error::Internal("the files did not end".into()))?;
        let options = self.attempt.options;
        // Of the symbols that were asked for, a file may have none.
        if self.counts.csv_rows == 0 && !options.allow_empty && options.read.symbols.is_empty() {
            return Err(without_bars(self.attempt, &end, &self.waiting).into());
        }
        self.store(Some(&end)).await?;
        self.attempt.telemetry.verified(self.counts);
        Ok(if self.counts.passed { Verdict::Identical } else { Verdict::Differs })
    }

    /// Stores what is waiting; at the end also what is known of rows that are of no series.
    async fn store(&mut self, end: Option<&FilesSummary>) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let (attempt, database) = (self.attempt, self.attempt.database());
        let task = attempt.lease.task_id;
        let mut tx = database.begin(KEEPING).await?;
        let progress = Progress {
            rows: end.map(rows_without).unwrap_or_default(),
            checkpoint: Position::end_of(end.map_or(self.bytes, |end| end.bytes)),
            // Only what a task has read itself is shown.
            verdict: end.filter(|end| end.rows > 0).map(|_| Verdict::Identical.as_str()),
            phases: attempt.telemetry.phases(),
            ..Progress::default()
        };
        attempt.lease.advance(&mut tx, &progress).await?;
        let ids = insert(&mut tx, task, &waiting).await?;
        for verified in &waiting {
            let id = ids.get(&*verified.symbol);
            let id = *id.ok_or_else(|| Error::Internal("a series was not stored".into()))?;
            let found = (&verified.found, verified.stamp.as_ref());
            save::findings(&mut tx, attempt, (id, verified.series_id), found).await?;
        }
        if let Some(end) = end {
            for (file, rejected) in save::by_file(&end.rejected_rows) {
                let rejected: Vec<_> = rejected.into_iter().map(|row| ("", row)).collect();
                findings::keep_rejected(&mut tx, database, (task, file), &rejected).await?;
            }
        }
        database.commit(tx, KEEPING).await
    }
}

/// The bars of the series whose turn it is.
struct OneOfSeveral<'r, 'a>(&'r mut Run<'a>);

impl FileEventSource for OneOfSeveral<'_, '_> {
    async fn next(&mut self) -> Result<FileEvent> {
        match self.0.next().await? {
            SeveralEvent::File(event) => Ok(event),
            _ => Err(Error::Internal("the bars of a series did not end".into())),
        }
    }
}

/// Rows that have no symbol.
fn rows_without(end: &FilesSummary) -> RowCounts {
    RowCounts { rows: int(end.rows), rows_rejected: int(end.rejected), ..RowCounts::default() }
}

/// Makes the tasks of series; returns their ids by symbol.
async fn insert(
    tx: &mut sqlx::PgConnection,
    task: TaskId,
    series: &[Verified],
) -> Result<HashMap<String, TaskId>> {
    let time = |time: fn(&Findings) -> Option<Micros>| {
        series.iter().map(|verified| time(&verified.found).map(parameter)).collect::<Vec<_>>()
    };
    let ids: Vec<(String, TaskId)> = sqlx::query_as(sql_template!("sql/insert_parts.sql"))
        .bind(task)
        .bind(series.iter().map(|verified| &*verified.symbol).collect::<Vec<_>>())
        .bind(series.iter().map(|verified| verified.series_id).collect::<Vec<_>>())
        .bind(series.iter().map(|verified| verified.found.verdict().as_str()).collect::<Vec<_>>())
        .bind(series.iter().map(|verified| Json(save::rows(&verified.found))).collect::<Vec<_>>())
        .bind(time(|found| found.csv.first))
        .bind(time(|found| found.csv.last))
        .fetch_all(tx)
        .await
        .during(KEEPING)?;
    Ok(ids.into_iter().collect())
}

/// The error of files without any bar: nothing was compared then.
fn without_bars(attempt: VerifyAttempt<'_>, end: &FilesSummary, series: &[Verified]) -> FileError {
    let rejected = series.iter().flat_map(|verified| &verified.found.files.rejected_rows);
    let first = rejected.chain(&end.rejected_rows).next();
    let Some((file, row)) = first else {
        return FileError::permanent(
            &attempt.task.source,
            None,
            "it has no row (--allow-empty lets such files succeed)",
        );
    };
    let reason = format!(
        "no row of it can be a bar: {}; give the flags that its import had (--timezone, --time-format, --column …)",
        row.reason
    );
    let paths = attempt.paths();
    FileError::permanent(paths.get(*file as usize).unwrap_or(&attempt.task.source), row.row.line, reason)
}
