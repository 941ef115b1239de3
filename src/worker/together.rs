//! Several small files in one attempt each, all at once: read some at a time, written and settled together.
//!
//! Round trips and commits are what a small file costs, so they are shared. Invariant: what does not go together (the
//! file says something, a bar is there, the database refuses) goes on by itself as if it had been alone; the job of
//! each file that came along is told what became of it.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::select_all;
use futures::stream;
use sqlx::PgPool;

use super::Worker;
use super::attempt::{Claimed, Done, tell_imported};
use crate::backend::shared::Shared;
use crate::error::{Error, FileError, Result};
use crate::import::together::{self, Small};
use crate::import::{self, Opened};
use crate::queue::{self, Delivery};
use crate::task::{self, AttemptContext, Claimant, Companion, RowCounts, TaskOptions};
use crate::telemetry::Outcome;

/// Files that are read at the same time, for the sake of places that take long to answer.
const READ_AT_ONCE: usize = 8;

/// Between attempts to tell the queue of a job.
const WAITS: [Duration; 3] = [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(3)];

/// A file's reading, or why there is none.
type Read<'a> = Result<Opened<'a>>;

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
        let mut taken = Taken { pool: self.pool.clone(), worker: worker.to_owned(), ids };
        let mut jobs = vec![None];
        let mut files = vec![first];
        for Companion { lease, task, job, id } in companions {
            files.push(Claimed::new(lease, task, worker, &Delivery { job, traceparent: None }));
            jobs.push(Some(id));
        }
        let context = self.context();
        let mut reading = Vec::with_capacity(files.len());
        for file in &files {
            reading.push(file.telemetry.around(self.read(file, &context)));
        }
        let mut read: Vec<_> = stream::iter(reading).buffered(READ_AT_ONCE).map(Some).collect().await;
        let done = self.write_together(worker, (&files, &jobs), &read).await;
        let mut result = Ok(());
        for (i, file) in files.iter().enumerate() {
            let Some(read) = read[i].take().filter(|_| !done[i]) else { continue };
            let run = async { self.settle(file, self.finish(file, read).await).await };
            let settled = file.telemetry.around(run).await;
            match &jobs[i] {
                None => result = settled,
                Some(id) => self.acknowledge(&mut taken, id, &settled).await,
            }
        }
        result
    }

    async fn read<'a>(&self, file: &'a Claimed, context: &'a AttemptContext) -> Read<'a> {
        if context.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        let TaskOptions::Import(options) = &file.task.options else {
            return Err(Error::Internal("a verification was taken along".into()));
        };
        let read = async {
            let mut opened = import::open(file.import(context, options)).await?;
            if let Opened::Reading(reading) = &mut opened {
                reading.look_ahead().await;
            }
            Ok(opened)
        };
        self.within_limits(file, Box::pin(read)).await
    }

    async fn finish(&self, file: &Claimed, read: Read<'_>) -> Result<Done> {
        let finish = async { read?.finish().await.map(Done::imported) };
        self.within_limits(file, Box::pin(finish)).await
    }

    /// Writes and settles what may go together; tells of each file whether that is done.
    async fn write_together(
        &self,
        worker: &str,
        (files, jobs): (&[Claimed], &[Option<String>]),
        read: &[Option<Read<'_>>],
    ) -> Vec<bool> {
        let mut done = vec![false; files.len()];
        let mut small: Vec<(usize, Small<'_>)> = Vec::new();
        for (i, read) in read.iter().enumerate() {
            if let Some(Ok(Opened::Reading(reading))) = read {
                small.extend(Small::of(reading).map(|s| (i, s)));
            }
        }
        if small.len() < 2 {
            return done;
        }
        small.sort_by_key(|(_, s)| s.series_id());
        let (places, small): (Vec<usize>, Vec<Small<'_>>) = small.into_iter().unzip();
        let members: Vec<&Claimed> = places.iter().map(|&i| &files[i]).collect();
        let jobs: Vec<String> = places.iter().filter_map(|&i| jobs[i].clone()).collect();
        match self.within_limits_of(&members, Box::pin(self.commit(worker, &members, &small, &jobs))).await {
            Ok(Some(rows)) => {
                for (&place, rows) in places.iter().zip(&rows) {
                    done[place] = true;
                    files[place].telemetry.within(|| tell_imported(rows));
                    files[place].telemetry.settled(Outcome::Succeeded, None);
                }
            }
            Ok(None) => tracing::info!(
                "somebody else has written bars of these series; looking at each file by itself"
            ),
            Err(e) => tracing::info!(error = e.chain(), "small files are looked at one by one"),
        }
        done
    }

    async fn commit(
        &self,
        worker: &str,
        members: &[&Claimed],
        small: &[Small<'_>],
        jobs: &[String],
    ) -> Result<Option<Vec<RowCounts>>> {
        let attempts: Vec<_> = members.iter().map(|m| &m.telemetry).collect();
        let seen = Shared::new(&self.pool, &attempts);
        let Some(mut written) = together::write(seen, small).await? else { return Ok(None) };
        queue::done(&mut *written.tx, worker, jobs).await?;
        seen.commit(written.tx, "committing small files").await?;
        for (member, rows) in members.iter().zip(&written.rows) {
            member.telemetry.committed(rows);
        }
        self.tell_due(written.operation_ended);
        Ok(Some(written.rows))
    }

    /// As `within_limits`, for all of them: what hangs for one of them is left to each by itself.
    async fn within_limits_of<T>(
        &self,
        members: &[&Claimed],
        run: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let lost = members.iter().map(|m| Box::pin(m.lease.lost(&self.pool, self.queue.heartbeat)));
        tokio::select! {
            done = run => done,
            _ = select_all(lost) => Err(Error::LostLease),
            () = tokio::time::sleep(self.task_timeout) => {
                let file = members.first().map_or("", |m| m.task.source.as_str());
                Err(FileError::transient(file, "did not end within worker.task_timeout").into())
            }
        }
    }

    /// Tells the queue of a job that was taken along.
    async fn acknowledge(&self, taken: &mut Taken, id: &str, settled: &Result<()>) {
        let ids = [id.to_owned()];
        if let Err(e) = settled {
            tracing::error!(error = e.chain(), "a task could not be settled; it will be tried again");
        }
        for wait in WAITS {
            let told = match settled {
                Ok(()) => queue::done(&self.pool, &taken.worker, &ids).await,
                Err(_) => queue::give_back(&self.pool, &taken.worker, &ids).await,
            };
            if told.is_ok() {
                break;
            }
            super::tell_later(told);
            tokio::time::sleep(wait).await;
        }
        // A worker that has lost the database for as long begins anew, and frees its jobs.
        taken.ids.retain(|taken| taken != id);
    }
}

/// Jobs that were taken along and of which the queue was not told yet.
struct Taken {
    pool: PgPool,
    worker: String,
    ids: Vec<String>,
}

/// After a panic nobody else would: the worker lives, so the queue takes its jobs to be running.
impl Drop for Taken {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let (pool, worker, ids) =
            (self.pool.clone(), std::mem::take(&mut self.worker), std::mem::take(&mut self.ids));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { super::tell_later(queue::give_back(&pool, &worker, &ids).await) });
        }
    }
}
