//! Verifies all series of files with several symbols.
//!
//! Each series is compared as one of files of its own, and what was found is stored with a task of its own
//! (`tasks.part_of`), many series in one transaction. Invariant: fenced, and a repeated attempt begins anew. The series are
//! not acquired: each is seen as it is when its turn comes. Series that no file has are not looked at.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::types::Json;

use super::files::{FileEvent, Files, FilesSummary};
use super::reading::{FileEventSource, ReadingProgress, WithMended, files_options};
use super::save::{self, KEEPING};
use super::several_files::{SeveralEvent, SeveralEvents, spawn};
use super::{Findings, VerifyAttempt, compare};
use crate::bar::Micros;
use crate::counts::{RowCounts, int};
use crate::db::template::sql_template;
use crate::error::{During, Error, FileError, Result};
use crate::finding::RejectedRow;
use crate::model::{SeriesId, TaskId, Verdict};
use crate::repository::content::{self, Stamp};
use crate::repository::{findings, parameter, several};
use crate::source::position::Position;
use crate::source::root::Root;
use crate::task::{Lease, Progress, TaskInfo};
use crate::telemetry::{LoadSpan, VerifiedCounts};

/// So many series are stored in one transaction, unless they have many findings.
const SERIES: usize = 200;
const FINDINGS: usize = 50_000;
/// Most rejected rows whose text is read from the files at the end.
const TEXTS: usize = 20_000;

/// A rejected row whose text is not known yet, with its task and its file.
type WithoutText = (TaskId, u32, RejectedRow);

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
    root: Root,
    /// What is not stored yet.
    waiting: Vec<Verified>,
    /// Rejected rows whose text is not known yet, each with its task and its file.
    without_text: Vec<WithoutText>,
    /// Of the files, once all series were compared.
    end: Option<Box<FilesSummary>>,
    /// Stored bytes read.
    bytes: u64,
    counts: VerifiedCounts,
    /// How many series were compared.
    series: u64,
}

impl<'a> Run<'a> {
    fn new(attempt: VerifyAttempt<'a>, root: Root) -> Self {
        let load = LoadSpan::start(attempt.telemetry, &attempt.task.timeframe, &attempt.task.source);
        Self {
            attempt,
            events: spawn(root.clone(), attempt.paths(), files_options(attempt)),
            root,
            load: Some(load),
            progress: ReadingProgress::new(attempt),
            waiting: Vec::new(),
            without_text: Vec::new(),
            end: None,
            bytes: 0,
            counts: VerifiedCounts { csv_rows: 0, db_rows: 0, rows_match: true, passed: true },
            series: 0,
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
        self.series += 1;
        self.counts.csv_rows += int(found.csv.bars);
        self.counts.db_rows += int(found.db.bars);
        self.counts.rows_match &= found.csv.bars == found.db.bars;
        self.counts.passed &= found.verdict() == Verdict::Identical;
        self.waiting.push(verified);
        let findings = |found: &Findings| found.listed.len() + found.files.rejected_rows.len();
        let findings: usize = self.waiting.iter().map(|verified| findings(&verified.found)).sum();
        if self.waiting.len() < SERIES && findings < FINDINGS {
            return Ok(());
        }
        self.store(None).await
    }

    async fn finish(mut self) -> Result<Verdict> {
        let end = self.end.take().ok_or_else(|| Error::Internal("the files did not end".into()))?;
        if self.counts.csv_rows == 0 && !self.attempt.options.allow_empty {
            return Err(without_bars(self.attempt, &end, &self.waiting).into());
        }
        self.store(None).await?;
        self.read_texts(&end).await?;
        self.store(Some(&end)).await?;
        self.attempt.telemetry.verified(self.counts);
        Ok(if self.counts.passed { Verdict::Identical } else { Verdict::Differs })
    }

    /// Stores what is waiting; at the end also what is known of rows that are of no series.
    async fn store(&mut self, end: Option<&FilesSummary>) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let (attempt, database) = (self.attempt, self.attempt.database());
        let task = attempt.lease.task_id;
        let mut tx = database.begin(KEEPING).await?;
        let progress = Progress {
            rows: end.map(rows_without).unwrap_or_default(),
            checkpoint: Position::end_of(end.map_or(self.bytes, |end| end.bytes)),
            // The next attempt begins from the start, however far this one has come.
            anew: true,
            // Without any series, the files themselves are what was verified.
            verdict: end.filter(|_| self.series == 0).map(|_| Verdict::Identical.as_str()),
            phases: attempt.telemetry.phases(),
            ..Progress::default()
        };
        attempt.lease.advance(&mut tx, &progress).await?;
        // All at once and in the order of their ids, as everybody locks them.
        let series: Vec<SeriesId> = waiting.iter().filter_map(|verified| verified.series_id).collect();
        several::lock_ids(&mut tx, &series).await?;
        let ids = insert(&mut tx, task, &waiting).await?;
        for verified in &mut waiting {
            let id = ids.get(&*verified.symbol);
            let id = *id.ok_or_else(|| Error::Internal("a series was not stored".into()))?;
            let rejected = std::mem::take(&mut verified.found.files.rejected_rows);
            for (file, row) in rejected {
                if row.row.bytes.is_empty() && self.without_text.len() < TEXTS {
                    self.without_text.push((id, file, row));
                } else {
                    verified.found.files.rejected_rows.push((file, row));
                }
            }
            let found = (&verified.found, verified.stamp.as_ref());
            save::findings(&mut tx, attempt, (id, verified.series_id), found).await?;
        }
        if let Some(end) = end {
            let same = |a: &WithoutText, b: &WithoutText| (a.0, a.1) == (b.0, b.1);
            for rows in self.without_text.chunk_by(same) {
                let place = (rows[0].0, i32::try_from(rows[0].1).unwrap_or(i32::MAX));
                let rows: Vec<_> = rows.iter().map(|(.., row)| ("", row)).collect();
                findings::keep_rejected(&mut tx, database, place, &rows).await?;
            }
            for (file, rejected) in save::by_file(&end.rejected_rows) {
                let rejected: Vec<_> = rejected.into_iter().map(|row| ("", row)).collect();
                findings::keep_rejected(&mut tx, database, (task, file), &rejected).await?;
            }
        }
        database.commit(tx, KEEPING).await
    }
}

impl Run<'_> {
    /// Reads the text of rejected rows that the sorting has found, in one pass over each file that has such rows.
    async fn read_texts(&mut self, end: &FilesSummary) -> Result<()> {
        let mut rows = std::mem::take(&mut self.without_text);
        if rows.is_empty() {
            return Ok(());
        }
        let files = Files::new(self.root.clone(), self.attempt.paths(), files_options(self.attempt));
        let hashes = end.hashes.clone();
        let read = tokio::task::spawn_blocking(move || {
            let missing = rows.iter_mut().map(|(_, file, row)| (*file, row));
            files.read_texts(&hashes, missing).map(|()| rows)
        });
        self.without_text = read.await.map_err(|e| Error::Internal(e.to_string()))??;
        Ok(())
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
        let picked = &attempt.options.read.symbols;
        let what = if picked.is_empty() { String::new() } else { format!(" of {}", picked.join(", ")) };
        let reason = format!("it has no row{what} (--allow-empty lets such files succeed)");
        return FileError::permanent(&attempt.task.source, None, reason);
    };
    let reason = format!(
        "no row of it can be a bar: {}; give the flags that its import had (--timezone, --time-format, --column …)",
        row.reason
    );
    let paths = attempt.paths();
    FileError::permanent(paths.get(*file as usize).unwrap_or(&attempt.task.source), row.row.line, reason)
}
