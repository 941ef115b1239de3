//! A file with the bars of several symbols, batch after batch: the rows of each symbol go into a series of their own.
//!
//! The series that a batch goes into are locked while it is compared and written, since the task acquires none. Invariant:
//! the bars of all symbols, findings, the counters of the task and of each series, and the checkpoint commit together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgConnection;

use super::batch::{ComparedBatch, Cursor, FileBatch, Target};
use super::conflict::MOST_SERIES;
use super::empty::Emptiness;
use super::file::{MAX_REPEATS, check_rejects, open_alone};
use super::reading::{ReadBatch, Reading, feed_options};
use super::write::{Accept, write};
use super::{ImportAttempt, Imported};
use crate::bar::Micros;
use crate::db::traced_pool::TracedPool;
use crate::digest::SeriesDigest;
use crate::error::{During, Error, FileError, Result};
use crate::finding::RejectedRow;
use crate::model::SeriesId;
use crate::repository::source_cache::{self, SourceEntry};
use crate::repository::{bars, findings, several};
use crate::source::feed::{self, FeedEvent};
use crate::source::open::OpenSource;
use crate::source::position::Position;
use crate::source::reader::{Part, SplitBatch};
use crate::source::root::Root;
use crate::task::{Opening, Progress, Resume, RowCounts};
use crate::telemetry::metrics;

impl ReadBatch for SplitBatch {
    fn extent(&self) -> (u64, Option<(Micros, Micros)>, Duration, Position) {
        (self.rows, self.range(), self.decoding, self.end)
    }
}

/// What is known of the file's symbols so far.
struct Symbols {
    /// The series of each, if it is there.
    ids: HashMap<Arc<str>, SeriesId>,
    /// By the place of each symbol in the file, what its last batch has left.
    cursors: Vec<Option<Cursor>>,
    /// Those that have rows.
    seen: HashSet<Arc<str>>,
    resume: Resume,
}

impl Symbols {
    fn cursor(&self, part: &Part, opening: Option<&Opening>) -> Cursor {
        let known = self.cursors.get(part.place).cloned().flatten();
        let mut cursor = known.unwrap_or_else(|| Cursor::new(&self.resume));
        if part.place < MOST_SERIES {
            cursor.opening = opening.cloned();
        } else {
            cursor.at_start = false;
        }
        cursor
    }

    fn keep(&mut self, place: usize, cursor: Cursor) {
        if self.cursors.len() <= place {
            self.cursors.resize(place + 1, None);
        }
        self.cursors[place] = Some(cursor);
    }
}

/// Imports a task's source.
pub(super) async fn import(attempt: ImportAttempt<'_>) -> Result<Imported> {
    let ImportAttempt { context, lease, task, telemetry, .. } = attempt;
    let root = Root::open(&task.root).await?;
    let source = OpenSource::open_checked(&root, &task.source).await?;
    let version = source.version().clone();
    let resume = telemetry.bookkeeping(lease.begin(&context.pool, &version.text)).await?;
    let feed = feed::start_by_symbol(source, feed_options(attempt, &resume));
    let mut reading = Reading::new(attempt, version, resume, feed);
    let mut symbols = Symbols { ids: HashMap::new(), cursors: Vec::new(), seen: HashSet::new(), resume };
    let (mut total, mut opening) = (resume.rows, None);
    let mut emptiness = Emptiness::new(resume);
    while let Some(fed) = reading.next().await? {
        match fed {
            FeedEvent::Start { layout } => {
                opening = Some(reading.opening(layout.as_deref()));
                emptiness.begin(attempt, layout);
            }
            FeedEvent::Batch { batch, .. } => {
                attempt.refuse_stopped()?;
                symbols.seen.extend(batch.parts.iter().map(|part| part.symbol.clone()));
                total.add(&commit(attempt, &batch, &mut symbols, opening.as_ref()).await?);
                opening = None;
                let rejected = batch.parts.iter().flat_map(|part| &part.batch.rejected);
                emptiness.take(rejected.chain(&batch.rejected), &total);
                check_rejects(attempt, &total, &emptiness, false)?;
            }
            FeedEvent::End { .. } => {
                if let Some(opening) = &opening {
                    telemetry.bookkeeping(open_alone(attempt, opening)).await?;
                }
                check_picked(attempt, &symbols)?;
                emptiness.refuse(attempt, &total).await?;
                check_rejects(attempt, &total, &emptiness, true)?;
                return Ok(Imported { rows: total, source: SourceEntry::default() });
            }
        }
    }
    Err(Error::Internal("the reader ended without saying how".into()))
}

/// Fails a file that has no row of the symbols that were asked for, and tells of those of which it has none.
fn check_picked(attempt: ImportAttempt<'_>, symbols: &Symbols) -> Result<()> {
    let ImportAttempt { options, task, .. } = attempt;
    let is_missing = |symbol: &&String| !symbols.seen.contains(symbol.as_str());
    let missing: Vec<&str> = options.read.symbols.iter().filter(is_missing).map(String::as_str).collect();
    // What an earlier attempt has read was not looked at.
    if missing.is_empty() || symbols.resume.checkpoint > 0 {
        return Ok(());
    }
    let names = missing.join(", ");
    if symbols.seen.is_empty() && !options.allow_empty {
        let reason = format!("it has no row of {names} (--allow-empty lets such files succeed)");
        return Err(FileError::permanent(&task.source, None, reason).into());
    }
    tracing::warn!(source = task.source, "the file has no row of {names}");
    Ok(())
}

/// Commits a batch; returns what it adds to the counters.
async fn commit(
    attempt: ImportAttempt<'_>,
    batch: &SplitBatch,
    symbols: &mut Symbols,
    opening: Option<&Opening>,
) -> Result<RowCounts> {
    const WAIT: Duration = Duration::from_millis(500);
    let mut repeats = 0;
    loop {
        let done = match find_series(attempt, batch, symbols).await {
            Ok(()) => commit_once(attempt, batch, symbols, opening).await,
            Err(e) => Err(e),
        };
        let why = match done {
            Ok(Some(rows)) => return Ok(rows),
            Ok(None) => {
                symbols.ids.clear();
                Error::Busy("the series of the file are renamed or merged".into())
            }
            Err(e) if bars::is_other_writer(&e) || e.is_lock_timeout() => {
                Error::Busy("another program or task writes bars of the file's series".into())
            }
            Err(e @ Error::Busy(_)) => e,
            Err(e) => return Err(e),
        };
        repeats += 1;
        if repeats > MAX_REPEATS {
            return Err(why);
        }
        tracing::info!(source = attempt.task.source, repeats, "{why}; looking at the batch afresh");
        tokio::time::sleep(WAIT).await;
        attempt.refuse_stopped()?;
    }
}

/// Finds or makes the series that a batch goes into. A dry run makes none.
async fn find_series(attempt: ImportAttempt<'_>, batch: &SplitBatch, symbols: &mut Symbols) -> Result<()> {
    let ImportAttempt { context, task, options, .. } = attempt;
    // Rows that repeat a time are compared with bars that are there.
    let with_bars = batch.parts.iter().filter(|part| has_bars(part));
    let missing: Vec<&Arc<str>> =
        with_bars.map(|part| &part.symbol).filter(|symbol| !symbols.ids.contains_key(*symbol)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|symbol| &***symbol).collect();
    let mut found = several::ids(&context.pool, &names, &task.timeframe, !options.dry_run).await?;
    let known = missing.into_iter().filter_map(|symbol| Some((symbol.clone(), found.remove(&**symbol)?)));
    symbols.ids.extend(known);
    Ok(())
}

/// Whether a part needs its series.
fn has_bars(part: &Part) -> bool {
    !part.batch.bars.is_empty() || !part.batch.repeats.is_empty()
}

/// Compares and writes a batch; none if its series are others by now.
async fn commit_once(
    attempt: ImportAttempt<'_>,
    batch: &SplitBatch,
    symbols: &mut Symbols,
    opening: Option<&Opening>,
) -> Result<Option<RowCounts>> {
    let ImportAttempt { lease, options, telemetry, task, .. } = attempt;
    let start = Instant::now();
    telemetry.begin_batch();
    let database = attempt.database();
    let mut tx = database.begin("beginning a batch").await?;
    let mut targets = targets(batch, symbols);
    if !options.dry_run {
        wait_briefly(&mut tx).await?;
        let all: Vec<_> =
            targets.iter().filter_map(|target| Some((target.series_id?, target.symbol))).collect();
        let Some(locked) = several::lock(&mut tx, &all, &task.timeframe).await? else { return Ok(None) };
        let lost = batch
            .parts
            .iter()
            .zip(&targets)
            .any(|(part, target)| target.series_id.is_none() && has_bars(part));
        if lost {
            return Ok(None);
        }
        for target in &mut targets {
            target.is_new =
                target.series_id.and_then(|id| locked.get(&id)).is_some_and(|series| series.is_empty);
        }
    }
    let mut parts: Vec<_> = batch.parts.iter().zip(targets).collect();
    // In the order of their series, as they are written.
    parts.sort_by_key(|(_, target)| target.series_id);
    let files: Vec<FileBatch<'_>> = parts
        .iter()
        .map(|(part, target)| FileBatch::new((attempt, *target), &part.batch, symbols.cursor(part, opening)))
        .collect();
    let written = write(&mut tx, &files.iter().collect::<Vec<_>>(), Accept::AllOfTask).await?;
    let written = written.map_err(|_| Error::Internal("a batch was left out".into()))?;
    keep_rejected(&mut tx, database, attempt, &batch.rejected).await?;
    let progress = progress(attempt, batch, &written, (opening, symbols.resume.anew));
    lease.advance(&mut tx, &progress).await?;
    keep_series(&mut tx, attempt, batch, &written).await?;
    database.commit(tx, "committing a batch").await?;
    metrics::get().batch(start.elapsed());
    if options.dry_run {
        telemetry.looked_at(&progress.rows);
    } else {
        telemetry.committed(&progress.rows);
    }
    let cursors: Vec<_> = written.iter().map(ComparedBatch::cursor).collect();
    for ((part, _), cursor) in parts.iter().zip(cursors) {
        symbols.keep(part.place, cursor);
    }
    Ok(Some(progress.rows))
}

/// The series of each part.
fn targets<'b>(batch: &'b SplitBatch, symbols: &Symbols) -> Vec<Target<'b>> {
    let target = |part: &'b Part| Target {
        symbol: &part.symbol,
        series_id: symbols.ids.get(&part.symbol).copied(),
        is_new: false,
    };
    batch.parts.iter().map(target).collect()
}

/// Waits only briefly for what others have locked, since many wait for the series of a batch.
async fn wait_briefly(tx: &mut PgConnection) -> Result<()> {
    let query = sqlx::query("SELECT set_config('lock_timeout', '500ms', true)");
    query.execute(tx).await.during("beginning a batch")?;
    Ok(())
}

/// What the task keeps of a batch.
fn progress(
    attempt: ImportAttempt<'_>,
    batch: &SplitBatch,
    written: &[ComparedBatch<'_>],
    (opening, anew): (Option<&Opening>, bool),
) -> Progress {
    let without = i64::try_from(batch.rejected.len()).unwrap_or(i64::MAX);
    let mut rows = RowCounts { rows: without, rows_rejected: without, ..RowCounts::default() };
    written.iter().for_each(|part| rows.add(&part.rows()));
    let mut attempt_rows = attempt.telemetry.rows();
    attempt_rows.add(&rows);
    Progress {
        rows,
        checkpoint: batch.end,
        span: batch.range(),
        phases: attempt.telemetry.phases(),
        attempt_rows,
        opening: opening.cloned(),
        anew,
        shape_conflict: written.iter().find_map(|part| part.shape_conflict.clone()),
        ..Progress::default()
    }
}

/// Keeps rows that have no symbol.
async fn keep_rejected(
    tx: &mut PgConnection,
    db: TracedPool<'_>,
    attempt: ImportAttempt<'_>,
    rejected: &[RejectedRow],
) -> Result<()> {
    if attempt.options.dry_run {
        return Ok(());
    }
    let rejected: Vec<_> = rejected.iter().map(|row| ("", row)).collect();
    findings::keep_rejected(tx, db, (attempt.lease.task_id, 0), &rejected).await
}

/// Keeps the counters of each series and its digest.
async fn keep_series(
    tx: &mut PgConnection,
    attempt: ImportAttempt<'_>,
    batch: &SplitBatch,
    written: &[ComparedBatch<'_>],
) -> Result<()> {
    let added: Vec<several::Added<'_>> = written
        .iter()
        .map(|part| (part.file.target.symbol, part.rows(), part.file.batch.bars.range()))
        .collect();
    several::keep_counts(tx, attempt.lease.task_id, batch.end.text, &added).await?;
    if attempt.options.dry_run {
        return Ok(());
    }
    let change = |part: &ComparedBatch<'_>| Some((part.file.target.series_id?, part.change()));
    let changes: Vec<(SeriesId, SeriesDigest)> =
        written.iter().filter_map(change).filter(|(_, change)| change.sum != 0).collect();
    several::contents_changed(tx, &changes).await?;
    for part in written.iter().filter(|part| part.overwrites()) {
        if let Some(series_id) = part.file.target.series_id {
            source_cache::forget(tx, series_id).await?;
        }
    }
    Ok(())
}
