//! Several small files in one attempt each, all at once: looked at some at a time, settled together.
//!
//! Round trips and commits are what a small file costs, so they are shared: first by those whose content the series holds
//! already, then by those that bring bars and those that cannot be read. Invariant: what does not go together (a row is
//! rejected, a bar differs, the database refuses) goes on by itself as if it had been alone, and what takes long is handed
//! back for that; the job of each file that came along is told what became of it.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};

use super::Worker;
use super::attempt::{Claimed, Done, tell_failed, tell_imported};
use super::group::{Group, Part, Read, State, Taken, WereRead};
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::error::{Error, Result};
use crate::import::together::{self, Together};
use crate::import::{self, Hashed, Opened};
use crate::queue::{self, Delivery};
use crate::task::{self, AttemptContext, Claimant, Companion, Lease, RowCounts, Settlement, TaskOptions};
use crate::telemetry::phases::Phase;
use crate::telemetry::{JobOutcome, metrics};

/// Files that are read at the same time, for the sake of places that take long to answer.
const READ_AT_ONCE: usize = 8;

/// How long a file may take to be read. One that takes longer has to go by itself, and holds nobody up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to settle files together: somebody has locked something.
const SETTLING: Duration = Duration::from_secs(60);

/// What came of files that were to be settled together.
enum Settled {
    /// All of them are settled; those that were written with these rows.
    All(Vec<RowCounts>),
    /// None is; these, by their places among the small ones, have to go by themselves.
    Odd(Vec<usize>),
}

impl Worker {
    /// Small files that may go along with this one. One that kills its worker is not to take others with it, where that
    /// counts at once.
    pub(super) async fn companions(&self, claimed: &Claimed, claimant: Claimant<'_>) -> Vec<Companion> {
        if self.max_rescues == 0 {
            return Vec::new();
        }
        let found = task::companions(&self.pool, (&claimed.lease, &claimed.task), claimant).await;
        found.unwrap_or_else(|e| {
            tracing::debug!(error = e.chain(), "no further files are taken along");
            Vec::new()
        })
    }

    /// Runs a claimed task together with its companions. Whatever it returns is the first one's.
    pub(super) async fn run_together(
        &self,
        worker: &str,
        first: Claimed,
        companions: Vec<Companion>,
    ) -> Result<()> {
        let ids = companions.iter().map(|c| c.id.clone()).collect();
        let mut taken = Taken::new(&self.pool, worker, ids);
        let context = self.context(&first.task.options);
        let mut group = Group { worker, files: vec![first], jobs: vec![None] };
        for Companion { lease, task, job, id } in companions {
            group.files.push(Claimed::new(lease, task, worker, &Delivery { job, traceparent: None }));
            group.jobs.push(Some(id));
        }
        let mut states = vec![State::Open; group.files.len()];
        self.recognise_together(&group, &context, &mut states).await;
        let mut read = self.read_together(&group, &context, &states).await;
        self.write_together(&group, &read, &mut states).await;
        let mut result = Ok(());
        for (i, file) in group.files.iter().enumerate() {
            let read = match (states[i], read[i].take()) {
                (State::Settled, _) => continue,
                (State::Open | State::Unknown, Some(read)) => read,
                // Handed back, it is tried by itself.
                (State::GivenUp, _) | (_, None) => Err(Error::Stopped),
            };
            let run = async { self.settle(file, self.finish(file, read).await).await };
            let settled = file.telemetry.around(run).await;
            match &group.jobs[i] {
                None => result = settled,
                Some(id) => taken.acknowledge(id, &settled).await,
            }
        }
        result
    }

    /// Settles those whose series hold their content.
    async fn recognise_together(&self, group: &Group<'_>, context: &AttemptContext, states: &mut [State]) {
        let mut hashing = Vec::new();
        for file in &group.files {
            hashing.push(file.telemetry.around(self.hash(file, context)));
        }
        let hashed: Vec<_> = stream::iter(hashing).buffered(READ_AT_ONCE).collect().await;
        let (places, hashed): (Vec<_>, Vec<_>) =
            hashed.into_iter().enumerate().filter_map(|(i, h)| Some((i, h?))).unzip();
        if hashed.len() < 2 {
            return;
        }
        let part = group.part(places);
        let limited = self.within_limits_of(&part.files, Box::pin(self.settle_known(group, &part, &hashed)));
        match limited.await {
            Ok(known) => {
                for (&place, rows) in part.places.iter().zip(known) {
                    states[place] = if rows.is_some() { State::Settled } else { State::Unknown };
                    let Some(rows) = rows else { continue };
                    group.files[place].telemetry.recognised();
                    settled(&group.files[place], &rows);
                }
            }
            Err(e) => part.open(&e, states),
        }
    }

    /// A file that cannot be read says so when it is looked at by itself.
    async fn hash<'a>(&self, file: &'a Claimed, context: &'a AttemptContext) -> Option<Hashed<'a>> {
        let TaskOptions::Import(options) = &file.task.options else { return None };
        if context.stop.is_cancelled() {
            return None;
        }
        let hashed = tokio::time::timeout(PATIENCE, Hashed::of(file.import(context, options)));
        hashed.await.ok()?.ok().flatten()
    }

    /// Settles those that are known; tells of each how many rows it has then.
    async fn settle_known(
        &self,
        group: &Group<'_>,
        part: &Part<'_>,
        hashed: &[Hashed<'_>],
    ) -> Result<Vec<Option<RowCounts>>> {
        let attempts: Vec<_> = part.files.iter().map(|f| &f.telemetry).collect();
        let seen = TracedPool::bundle(&self.pool, &attempts);
        let mut tx = seen.begin("looking for known content").await?;
        let found = import::known_together(&mut tx, seen, hashed).await?;
        let known = |i: usize| found[i].is_some();
        let rows = found.iter().map(|f| f.as_ref().map(|f| f.progress.rows)).collect();
        let known = group.part(
            part.places.iter().enumerate().filter(|(i, _)| known(*i)).map(|(_, &place)| place).collect(),
        );
        let settlements: Vec<_> = found.into_iter().flatten().collect();
        let attempts: Vec<_> = known.files.iter().map(|f| &f.telemetry).collect();
        let seen = TracedPool::bundle(&self.pool, &attempts);
        let ended = self.settle_all(&mut tx, seen, (group, &known), &settlements).await?;
        seen.commit(tx, "settling known files").await?;
        self.tell_due(ended);
        Ok(rows)
    }

    /// Settles these files and acknowledges their jobs; returns whether their operation ended.
    async fn settle_all(
        &self,
        tx: &mut Transaction,
        seen: TracedPool<'_>,
        (group, part): (&Group<'_>, &Part<'_>),
        settlements: &[Settlement<'_>],
    ) -> Result<bool> {
        let Some(first) = part.files.first() else { return Ok(false) };
        let ended = task::settle_together(tx, seen, &first.task.operation_id, settlements).await?;
        queue::done(&mut **tx, group.worker, &part.jobs).await?;
        Ok(ended)
    }

    async fn read_together<'a>(
        &self,
        group: &'a Group<'_>,
        context: &'a AttemptContext,
        states: &[State],
    ) -> Vec<Option<Read<'a>>> {
        let mut reading = Vec::with_capacity(group.files.len());
        for (file, &state) in group.files.iter().zip(states) {
            let read = async move {
                match state {
                    State::Settled | State::GivenUp => None,
                    state => Some(self.read(file, context, state == State::Unknown).await),
                }
            };
            reading.push(file.telemetry.around(read));
        }
        stream::iter(reading).buffered(READ_AT_ONCE).collect().await
    }

    async fn read<'a>(&self, file: &'a Claimed, context: &'a AttemptContext, looked: bool) -> Read<'a> {
        if context.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        let TaskOptions::Import(options) = &file.task.options else {
            return Err(Error::Internal("a verification was taken along".into()));
        };
        let read = async {
            let mut opened = import::open(file.import(context, options), looked).await?;
            if let Opened::Reading(reading) = &mut opened {
                reading.look_ahead().await?;
            }
            Ok(opened)
        };
        // Handed back, it is tried by itself.
        tokio::time::timeout(PATIENCE, Box::pin(read)).await.unwrap_or(Err(Error::Stopped))
    }

    async fn finish(&self, file: &Claimed, read: Read<'_>) -> Result<Done> {
        let finish = async { read?.finish().await.map(Done::imported) };
        self.within_limits(file, Box::pin(finish)).await
    }

    /// Settles those that bring bars, those all of whose bars are there, and those that cannot be read.
    async fn write_together(&self, group: &Group<'_>, read: &[Option<Read<'_>>], states: &mut [State]) {
        let mut files = WereRead::of(read);
        loop {
            let part = group.part(files.places());
            if part.files.len() < 2 {
                return;
            }
            let write = Box::pin(self.settle_read(group, &part, &files));
            match self.within_limits_of(&part.files, write).await {
                Ok(Settled::All(rows)) => {
                    part.places.iter().for_each(|&i| states[i] = State::Settled);
                    files.small.iter().zip(&rows).for_each(|((i, _), rows)| settled(&group.files[*i], rows));
                    files.failed.iter().for_each(|(i, e)| failed(&group.files[*i], e));
                    return;
                }
                Ok(Settled::Odd(odd)) => {
                    let mut i = 0..;
                    files.small.retain(|_| i.next().is_some_and(|i| odd.binary_search(&i).is_err()));
                }
                Err(e) => return part.open(&e, states),
            }
        }
    }

    async fn settle_read(&self, group: &Group<'_>, part: &Part<'_>, files: &WereRead<'_>) -> Result<Settled> {
        let began = Instant::now();
        let attempts: Vec<_> = part.files.iter().map(|f| &f.telemetry).collect();
        let seen = TracedPool::bundle(&self.pool, &attempts);
        // Those that failed take no part in the statements that write bars.
        let (writing, _) = attempts.split_at(files.small.len());
        writing.iter().for_each(|a| a.begin_batch());
        let mut tx = seen.begin("beginning a batch").await?;
        let small: Vec<_> = files.small.iter().map(|(_, s)| s).collect();
        let mut settlements =
            match together::write(&mut tx, TracedPool::bundle(&self.pool, writing), &small).await? {
                Together::Written(settlements) => settlements,
                Together::Odd(odd) => return Ok(Settled::Odd(odd)),
            };
        let rows = settlements.iter().map(|s| s.progress.rows).collect();
        let errors = part.files[small.len()..].iter().zip(&files.failed);
        settlements.extend(errors.map(|(f, (_, e))| Settlement::failed(&f.lease, f.telemetry.record(), e)));
        let settling = Instant::now();
        let ended = self.settle_all(&mut tx, seen, (group, part), &settlements).await?;
        seen.add(Phase::Bookkeeping, settling.elapsed());
        seen.commit(tx, "committing small files").await?;
        let took = seen.part(began.elapsed());
        writing.iter().for_each(|_| metrics::get().batch(took));
        self.tell_due(ended);
        Ok(Settled::All(rows))
    }

    /// As `within_limits`, for all of them: what hangs for one of them is left to each by itself.
    async fn within_limits_of<T>(
        &self,
        files: &[&Claimed],
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let leases: Vec<&Lease> = files.iter().map(|f| &f.lease).collect();
        tokio::select! {
            done = run => done,
            () = task::any_lost(&self.pool, &leases, self.queue.heartbeat) => Err(Error::LostLease),
            () = tokio::time::sleep(SETTLING.min(self.task_timeout)) => Err(Error::Stopped),
        }
    }
}

/// The file is committed and settled.
fn settled(file: &Claimed, rows: &RowCounts) {
    file.telemetry.committed(rows);
    file.telemetry.within(|| tell_imported(rows));
    file.telemetry.settled(JobOutcome::Succeeded, None);
}

/// The file's failure is committed.
fn failed(file: &Claimed, error: &Error) {
    let outcome = file.telemetry.within(|| tell_failed(error, None));
    file.telemetry.settled(outcome, Some(error));
}
