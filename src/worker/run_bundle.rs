//! Running a bundle: several small files, an attempt at each. They are read a few at a time and settled together.
//!
//! Round trips and commits are what a small file costs, so they are shared. First, recognised files share one
//! transaction; then eligible files and files that cannot be read share another.
//!
//! Invariant: a file that is not eligible (a row is rejected, a bar differs, the database refuses) is run by
//! itself as if it had been alone, and one that takes long is handed back, so that its next attempt runs
//! alone.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};

use super::Worker;
use super::attempt::log_failed;
use super::bundle::{Bundle, MemberState, Part, Read, ReadMembers, TakenJobs};
use super::claimed::ClaimedTask;
use super::jobs::{Done, log_imported};
use crate::db::traced_pool::TracedPool;
use crate::db::transaction::Transaction;
use crate::error::{Error, Result};
use crate::import::bundle::{NotEligible, write_bundle};
use crate::import::{self, Hashed, Opened};
use crate::queue::{self, Delivery};
use crate::task::{self, AttemptContext, Claimant, End, Member, RowCounts, Settlement, TaskOptions};
use crate::telemetry::phases::Phase;
use crate::telemetry::{JobOutcome, metrics};

/// Files that are read at the same time, for the sake of places that take long to answer.
const READ_AT_ONCE: usize = 8;

/// How long a file may take to be read. One that takes longer is run by itself, and holds nobody up.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take to settle files together: somebody may have locked something.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(60);

impl Worker {
    /// Claims further members of a bundle with this file. With `retry.max_rescues = 0` there are no bundles: a file that
    /// kills its worker would fail the others, too.
    pub(super) async fn claim_bundle(&self, first: &ClaimedTask, claimant: Claimant<'_>) -> Vec<Member> {
        if self.retry.max_rescues == 0 {
            return Vec::new();
        }
        let found = task::claim_bundle(&self.pool, (&first.lease, &first.task), claimant).await;
        found.unwrap_or_else(|e| {
            tracing::debug!(error = e.chain(), "no further small files are claimed");
            Vec::new()
        })
    }

    /// Runs a claimed task, in a bundle with the further members if there are any. Returns what became of the first one.
    pub(super) async fn run_bundle(
        &self,
        worker: &str,
        first: ClaimedTask,
        further: Vec<Member>,
    ) -> Result<()> {
        let mut taken = TakenJobs::new(&self.pool, worker, further.iter().map(|m| m.id.clone()).collect());
        let context = self.context(&first.task.options);
        let mut bundle = Bundle { worker, members: vec![first], jobs: vec![None] };
        for Member { lease, task, job, id } in further {
            bundle.members.push(ClaimedTask::new(lease, task, worker, &Delivery { job, traceparent: None }));
            bundle.jobs.push(Some(id));
        }
        let mut states = vec![MemberState::Open; bundle.members.len()];
        let mut read = Vec::new();
        if bundle.members.len() > 1 {
            self.recognise_bundle(&bundle, &context, &mut states).await;
            read = self.read_bundle(&bundle, &context, &states).await;
            self.write_bundle(&bundle, &read, &mut states).await;
        }
        let mut result = Ok(());
        for (i, member) in bundle.members.iter().enumerate() {
            let read = read.get_mut(i).map(Option::take);
            let run = async {
                let done = match (states[i], read) {
                    (_, None) => self.run_alone(member, &context).await,
                    (MemberState::Open | MemberState::NotRecognised, Some(Some(read))) => {
                        self.finish(member, read).await
                    }
                    // It is handed back; its next attempt runs alone.
                    _ => Err(Error::Stopped),
                };
                self.settle(member, done).await
            };
            if states[i] == MemberState::Settled {
                continue;
            }
            let settled = member.telemetry.around(run).await;
            match &bundle.jobs[i] {
                None => result = settled,
                Some(id) => taken.acknowledge(id, &settled).await,
            }
        }
        result
    }

    /// Settles the files that their series contain already.
    async fn recognise_bundle(
        &self,
        bundle: &Bundle<'_>,
        context: &AttemptContext,
        states: &mut [MemberState],
    ) {
        let mut hashing = Vec::new();
        for member in &bundle.members {
            hashing.push(member.telemetry.around(self.hash(member, context)));
        }
        let hashed: Vec<_> = stream::iter(hashing).buffered(READ_AT_ONCE).collect().await;
        let (places, hashed): (Vec<_>, Vec<_>) =
            hashed.into_iter().enumerate().filter_map(|(i, h)| Some((i, h?))).unzip();
        if hashed.len() < 2 {
            return;
        }
        let part = bundle.part(places);
        let run = Box::pin(self.settle_recognised(bundle, &part, &hashed));
        match self.within_settle_timeout(&part, run).await {
            Ok(found) => {
                for (&place, rows) in part.places.iter().zip(found) {
                    states[place] =
                        if rows.is_some() { MemberState::Settled } else { MemberState::NotRecognised };
                    let Some(rows) = rows else { continue };
                    bundle.members[place].telemetry.recognised();
                    settled(&bundle.members[place], &rows);
                }
            }
            Err(e) => part.reopen(&e, states),
        }
    }

    /// What is wrong with a file that cannot be read shows when it is read.
    async fn hash<'a>(&self, member: &'a ClaimedTask, context: &'a AttemptContext) -> Option<Hashed<'a>> {
        let TaskOptions::Import(options) = &member.task.options else { return None };
        if context.stop.is_cancelled() {
            return None;
        }
        let hashed = tokio::time::timeout(READ_TIMEOUT, Hashed::of(member.attempt(context, options)));
        hashed.await.ok()?.ok().flatten()
    }

    /// Settles the files that are recognised; returns for each of them how many rows it has.
    async fn settle_recognised(
        &self,
        bundle: &Bundle<'_>,
        part: &Part<'_>,
        hashed: &[Hashed<'_>],
    ) -> Result<Vec<Option<RowCounts>>> {
        let attempts: Vec<_> = part.members.iter().map(|m| &m.telemetry).collect();
        let db = TracedPool::bundle(&self.pool, &attempts);
        let mut tx = db.begin("looking in the source cache").await?;
        let found = import::recognise_bundle(&mut tx, db, hashed).await?;
        let rows = found.iter().map(|f| Some(f.as_ref()?.progress.as_ref()?.rows)).collect();
        let recognised = part.places.iter().zip(&found).filter(|(_, f)| f.is_some()).map(|(&place, _)| place);
        let recognised = bundle.part(recognised.collect());
        let settlements: Vec<_> = found.into_iter().flatten().collect();
        let attempts: Vec<_> = recognised.members.iter().map(|m| &m.telemetry).collect();
        let db = TracedPool::bundle(&self.pool, &attempts);
        let ended = self.settle_part(&mut tx, db, (bundle, &recognised), &settlements).await?;
        db.commit(tx, "settling recognised files").await?;
        self.notify_exporter(ended);
        Ok(rows)
    }

    /// Settles these files and acknowledges their jobs; returns whether their operation ended.
    async fn settle_part(
        &self,
        tx: &mut Transaction,
        db: TracedPool<'_>,
        (bundle, part): (&Bundle<'_>, &Part<'_>),
        settlements: &[Settlement<'_>],
    ) -> Result<bool> {
        if settlements.is_empty() {
            return Ok(false);
        }
        let settled = task::settle(tx, db, settlements).await?;
        queue::done(&mut **tx, bundle.worker, &part.jobs).await?;
        Ok(settled.operation_ended)
    }

    async fn read_bundle<'a>(
        &self,
        bundle: &'a Bundle<'_>,
        context: &'a AttemptContext,
        states: &[MemberState],
    ) -> Vec<Option<Read<'a>>> {
        let mut reading = Vec::with_capacity(bundle.members.len());
        for (member, &state) in bundle.members.iter().zip(states) {
            let read = async move {
                match state {
                    MemberState::Settled | MemberState::HandBack => None,
                    state => Some(self.read(member, context, state == MemberState::NotRecognised).await),
                }
            };
            reading.push(member.telemetry.around(read));
        }
        stream::iter(reading).buffered(READ_AT_ONCE).collect().await
    }

    async fn read<'a>(&self, member: &'a ClaimedTask, context: &'a AttemptContext, looked: bool) -> Read<'a> {
        if context.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        let TaskOptions::Import(options) = &member.task.options else {
            return Err(Error::Internal("a bundle has a task that is no import".into()));
        };
        let read = async {
            let mut opened = import::open(member.attempt(context, options), looked).await?;
            if let Opened::Reading(reading) = &mut opened {
                reading.look_ahead().await?;
            }
            Ok(opened)
        };
        // It is handed back; its next attempt runs alone.
        tokio::time::timeout(READ_TIMEOUT, Box::pin(read)).await.unwrap_or(Err(Error::Stopped))
    }

    async fn finish(&self, member: &ClaimedTask, read: Read<'_>) -> Result<Done> {
        let finish = async { read?.finish().await.map(Done::imported) };
        self.within_limits(member, Box::pin(finish)).await
    }

    /// Settles the files that bring bars, those all of whose bars are there, and those that cannot be read.
    async fn write_bundle(&self, bundle: &Bundle<'_>, read: &[Option<Read<'_>>], states: &mut [MemberState]) {
        let mut members = ReadMembers::of(read);
        loop {
            let part = bundle.part(members.places());
            if part.members.len() < 2 {
                return;
            }
            let write = Box::pin(self.settle_read(bundle, &part, &members));
            match self.within_settle_timeout(&part, write).await {
                Ok(Ok(rows)) => {
                    part.places.iter().for_each(|&i| states[i] = MemberState::Settled);
                    let eligible = members.eligible.iter().zip(&rows);
                    eligible.for_each(|((i, _), rows)| settled(&bundle.members[*i], rows));
                    members.failed.iter().for_each(|(i, e)| failed(&bundle.members[*i], e));
                    return;
                }
                Ok(Err(NotEligible(places))) => {
                    let mut i = 0..;
                    let is_eligible = |i: usize| places.binary_search(&i).is_err();
                    members.eligible.retain(|_| i.next().is_some_and(is_eligible));
                }
                Err(e) => return part.reopen(&e, states),
            }
        }
    }

    /// Writes and settles files; returns how many rows each of those has that were written.
    async fn settle_read(
        &self,
        bundle: &Bundle<'_>,
        part: &Part<'_>,
        members: &ReadMembers<'_>,
    ) -> Result<Result<Vec<RowCounts>, NotEligible>> {
        let began = Instant::now();
        let attempts: Vec<_> = part.members.iter().map(|m| &m.telemetry).collect();
        let db = TracedPool::bundle(&self.pool, &attempts);
        // Those that failed take no part in the statements that write bars.
        let (writing, _) = attempts.split_at(members.eligible.len());
        writing.iter().for_each(|a| a.begin_batch());
        let mut tx = db.begin("beginning a batch").await?;
        let files: Vec<_> = members.eligible.iter().map(|(_, file)| file).collect();
        let mut settlements = match write_bundle(&mut tx, &files).await? {
            Ok(settlements) => settlements,
            Err(not_eligible) => return Ok(Err(not_eligible)),
        };
        let rows = settlements.iter().map(|s| s.record.rows).collect();
        let errors = part.members[files.len()..].iter().zip(&members.failed);
        settlements.extend(
            errors.map(|(m, (_, e))| {
                Settlement::new(&m.lease, End::Failed(e, &self.retry), m.telemetry.record())
            }),
        );
        let settling = Instant::now();
        let ended = self.settle_part(&mut tx, db, (bundle, part), &settlements).await?;
        db.add(Phase::Bookkeeping, settling.elapsed());
        db.commit(tx, "committing small files").await?;
        let took = db.part(began.elapsed());
        writing.iter().for_each(|_| metrics::get().batch(took));
        self.notify_exporter(ended);
        Ok(Ok(rows))
    }

    /// Runs the settling of several files. What hangs for one of them is left to each by itself.
    async fn within_settle_timeout<T>(
        &self,
        part: &Part<'_>,
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let limit = SETTLE_TIMEOUT.min(self.settings.task_timeout);
        self.unless_lost(&part.members, run, (limit, || Error::Stopped)).await
    }
}

/// The file is committed and settled.
fn settled(member: &ClaimedTask, rows: &RowCounts) {
    member.telemetry.committed(rows);
    member.telemetry.within(|| log_imported(rows));
    member.telemetry.settled(JobOutcome::Succeeded, None);
}

/// The file's failure is committed.
fn failed(member: &ClaimedTask, error: &Error) {
    let outcome = member.telemetry.within(|| log_failed(error, None));
    member.telemetry.settled(outcome, Some(error));
}
