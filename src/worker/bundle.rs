//! A bundle: the files that a worker runs at a time, and their jobs.
//!
//! Invariant: each further member's job is acknowledged or given back, at the latest when the worker stops.

use std::time::Duration;

use sqlx::PgPool;

use super::claimed::ClaimedTask;
use super::log_postponed;
use crate::error::{Error, ErrorClass, Result};
use crate::import::Opened;
use crate::import::bundle::BundledFile;
use crate::queue;

/// Between attempts to tell the queue of a job.
const WAITS: [Duration; 3] = [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(3)];

/// Files that were claimed together, each with its job; the first one's is acknowledged by apalis.
pub(super) struct Bundle<'a> {
    pub(super) worker: &'a str,
    pub(super) members: Vec<ClaimedTask>,
    pub(super) jobs: Vec<Option<String>>,
}

/// Some members of a bundle, by their places.
pub(super) struct Part<'b> {
    pub(super) places: Vec<usize>,
    pub(super) members: Vec<&'b ClaimedTask>,
    pub(super) jobs: Vec<String>,
}

impl Bundle<'_> {
    /// The members at these places.
    pub(super) fn part(&self, places: Vec<usize>) -> Part<'_> {
        let members = places.iter().map(|&i| &self.members[i]).collect();
        let jobs = places.iter().filter_map(|&i| self.jobs[i].clone()).collect();
        Part { places, members, jobs }
    }
}

/// A file's reading, or why there is none.
pub(super) type Read<'a> = Result<Opened<'a>>;

/// Members whose files were read, by their places in the bundle.
#[derive(Default)]
pub(super) struct ReadMembers<'r> {
    /// Those that may be written together, in the order of their series.
    pub(super) eligible: Vec<(usize, BundledFile<'r>)>,
    /// Those that failed for good before any of their bars was written.
    pub(super) failed: Vec<(usize, &'r Error)>,
}

impl<'r> ReadMembers<'r> {
    pub(super) fn of(read: &'r [Option<Read<'_>>]) -> Self {
        let mut members = Self::default();
        for (i, read) in read.iter().enumerate() {
            match read {
                Some(Ok(Opened::Reading(reading))) => {
                    members.eligible.extend(BundledFile::of(reading).map(|file| (i, file)));
                }
                Some(Err(e @ Error::File(_))) if e.class() == ErrorClass::Permanent => {
                    members.failed.push((i, e));
                }
                _ => {}
            }
        }
        members.eligible.sort_by_key(|(_, file)| file.series_id());
        members
    }

    pub(super) fn places(&self) -> Vec<usize> {
        self.eligible.iter().map(|m| m.0).chain(self.failed.iter().map(|m| m.0)).collect()
    }
}

/// How far a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberState {
    Open,
    /// Its series does not contain its file.
    NotRecognised,
    /// Reading it or settling it with others took too long, or the worker stops: its next attempt runs alone.
    HandBack,
    Settled,
}

impl Part<'_> {
    /// They were not settled in the bundle: each is run by itself.
    pub(super) fn reopen(&self, why: &Error, states: &mut [MemberState]) {
        let state = if matches!(why, Error::Stopped) { MemberState::HandBack } else { MemberState::Open };
        self.places.iter().for_each(|&i| states[i] = state);
        let operation = self.members.first().map_or("", |m| m.task.operation_id.as_str());
        tracing::info!(
            operation.id = operation,
            files = self.members.len(),
            error = why.chain(),
            "small files are not settled together"
        );
    }
}

/// Jobs of further members that the queue was not yet told of.
pub(super) struct TakenJobs {
    pool: PgPool,
    worker: String,
    ids: Vec<String>,
}

impl TakenJobs {
    pub(super) fn new(pool: &PgPool, worker: &str, ids: Vec<String>) -> Self {
        Self { pool: pool.clone(), worker: worker.to_owned(), ids }
    }

    /// Tells the queue what became of a job.
    pub(super) async fn acknowledge(&mut self, id: &str, settled: &Result<()>) {
        let ids = [id.to_owned()];
        if let Err(e) = settled {
            tracing::error!(error = e.chain(), "a task could not be settled; it will be tried again");
            queue::give_back(&self.pool, &self.worker, &ids).await;
        }
        // The job of a task that is settled starts nothing; without it, no worker needs to look.
        for wait in WAITS.iter().filter(|_| settled.is_ok()) {
            let done = queue::done(&self.pool, &self.worker, &ids).await;
            if done.is_ok() {
                break;
            }
            log_postponed(done);
            tokio::time::sleep(*wait).await;
        }
        self.ids.retain(|taken| taken != id);
    }
}

/// After a panic the worker still lives, so the queue takes its jobs to be running: they are given back here.
impl Drop for TakenJobs {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let (pool, worker, ids) =
            (self.pool.clone(), std::mem::take(&mut self.worker), std::mem::take(&mut self.ids));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { queue::give_back(&pool, &worker, &ids).await });
        }
    }
}
