//! Files that were claimed together, and the jobs that came along with the first one's.
//!
//! Invariant: a job that was taken along is told of, or given back; or its worker has stopped, which frees it.

use std::time::Duration;

use sqlx::PgPool;

use super::attempt::Claimed;
use super::tell_later;
use crate::error::{Error, ErrorClass, Result};
use crate::import::Opened;
use crate::import::together::Small;
use crate::queue;

/// Between attempts to tell the queue of a job.
const WAITS: [Duration; 3] = [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(3)];

/// Files that were claimed together, each with its job, if it came along.
pub(super) struct Group<'a> {
    pub(super) worker: &'a str,
    pub(super) files: Vec<Claimed>,
    pub(super) jobs: Vec<Option<String>>,
}

/// Some of a group's files, by their places.
pub(super) struct Part<'g> {
    pub(super) places: Vec<usize>,
    pub(super) files: Vec<&'g Claimed>,
    pub(super) jobs: Vec<String>,
}

impl Group<'_> {
    /// The files at these places.
    pub(super) fn part(&self, places: Vec<usize>) -> Part<'_> {
        let files = places.iter().map(|&i| &self.files[i]).collect();
        let jobs = places.iter().filter_map(|&i| self.jobs[i].clone()).collect();
        Part { places, files, jobs }
    }
}

/// A file's reading, or why there is none.
pub(super) type Read<'a> = Result<Opened<'a>>;

/// Files of a group that were read, by their places in it.
#[derive(Default)]
pub(super) struct WereRead<'r> {
    /// Those that may be written together, in the order of their series.
    pub(super) small: Vec<(usize, Small<'r>)>,
    /// Those that failed for good before anything of them was written.
    pub(super) failed: Vec<(usize, &'r Error)>,
}

impl<'r> WereRead<'r> {
    pub(super) fn of(read: &'r [Option<Read<'_>>]) -> Self {
        let mut files = Self::default();
        for (i, read) in read.iter().enumerate() {
            match read {
                Some(Ok(Opened::Reading(reading))) => files.small.extend(Small::of(reading).map(|s| (i, s))),
                Some(Err(e @ Error::File(_))) if e.class() == ErrorClass::Permanent => {
                    files.failed.push((i, e));
                }
                _ => {}
            }
        }
        files.small.sort_by_key(|(_, s)| s.series_id());
        files
    }

    pub(super) fn places(&self) -> Vec<usize> {
        self.small.iter().map(|s| s.0).chain(self.failed.iter().map(|f| f.0)).collect()
    }
}

/// What a file's attempt has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Its series does not hold its content.
    Unknown,
    /// It took too long together with others.
    GivenUp,
    Settled,
}

impl Part<'_> {
    /// They were not settled together: each has to go by itself.
    pub(super) fn open(&self, why: &Error, states: &mut [State]) {
        let state = if matches!(why, Error::Stopped) { State::GivenUp } else { State::Open };
        self.places.iter().for_each(|&i| states[i] = state);
        let operation = self.files.first().map_or("", |f| f.task.operation_id.as_str());
        tracing::info!(
            operation.id = operation,
            files = self.files.len(),
            error = why.chain(),
            "small files are not settled together"
        );
    }
}

/// Jobs that were taken along and of which the queue was not told yet.
pub(super) struct Taken {
    pool: PgPool,
    worker: String,
    ids: Vec<String>,
}

impl Taken {
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
        // A task that is settled does not need it; it saves others a look.
        for wait in WAITS.iter().filter(|_| settled.is_ok()) {
            let told = queue::done(&self.pool, &self.worker, &ids).await;
            if told.is_ok() {
                break;
            }
            tell_later(told);
            tokio::time::sleep(*wait).await;
        }
        self.ids.retain(|taken| taken != id);
    }
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
            runtime.spawn(async move { queue::give_back(&pool, &worker, &ids).await });
        }
    }
}
