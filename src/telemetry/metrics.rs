//! All metrics: names, units, and where they are counted.
//!
//! Invariant: the instruments belong to the meter provider of `telemetry::start`; without one they count nothing and cost
//! nothing. Every worker reports queue and jobs, which are the same for all, so read these with `max()`.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry::{KeyValue, global};

use super::attempt_info::JobOutcome;
use super::phases::Phase;
use super::row_counters;
use crate::counts::{OUTCOMES_ABOUT, RowCounts};

/// One metric, for the table in docs.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct MetricSpec {
    pub name: &'static str,
    /// As Prometheus shows it.
    pub prometheus: &'static str,
    pub unit: &'static str,
    pub about: &'static str,
}

macro_rules! metrics {
    ($($id:ident = $name:literal $prometheus:literal $unit:literal, $about:expr;)+) => {
        $(const $id: MetricSpec =
            MetricSpec { name: $name, prometheus: $prometheus, unit: $unit, about: $about };)+
        /// All of them.
        pub static METRICS: &[MetricSpec] = &[$($id),+];
    };
}

metrics! {
    ROWS = "barlift.rows" "barlift_rows_total" "{row}",
        OUTCOMES_ABOUT;
    FILES = "barlift.files" "barlift_files_total" "{file}",
        "attempts that ended, by `outcome`: succeeded, failed (for good), retried, handed_back, lost (cut off or taken over)";
    RETRIES = "barlift.retries" "barlift_retries_total" "{retry}",
        "attempts that failed and are tried again";
    BATCH = "barlift.batch.duration" "barlift_batch_duration_seconds" "s",
        "histogram: a batch from its connection to its commit";
    PHASE = "barlift.phase.duration" "barlift_phase_duration_seconds" "s",
        "histogram by `phase`: read, decode, bookkeeping, connection_wait, check_exists, compare_values, insert_batch, commit; one value \
         a batch (bookkeeping: a step)";
    POOL_WAIT = "barlift.pool.wait" "barlift_pool_wait_seconds" "s",
        "histogram: waiting for a connection of the pool";
    QUEUE_WAITING = "barlift.queue.waiting" "barlift_queue_waiting" "{job}",
        "jobs that are due and that no worker has yet: the queue's depth";
    QUEUE_SCHEDULED = "barlift.queue.scheduled" "barlift_queue_scheduled" "{job}",
        "jobs for later: scheduled operations and retries";
    QUEUE_AGE = "barlift.queue.oldest.age" "barlift_queue_oldest_age_seconds" "s",
        "how long the longest-waiting due job has been due";
    JOBS = "barlift.jobs" "barlift_jobs" "{job}",
        "tasks by `state`, of operations that are open or ended within the last hour";
    WORKERS = "barlift.workers.alive" "barlift_workers_alive" "{worker}",
        "workers with a heartbeat within `worker.lease`";
    HEARTBEAT = "barlift.worker.heartbeat.age" "barlift_worker_heartbeat_age_seconds" "s",
        "time since this worker's last heartbeat in the database";
    DATABASE_UP = "barlift.database.up" "barlift_database_up" "1",
        "1 if the database answered this worker's last query for metrics, else 0; queue, jobs and workers then keep their last values";
    RUNNING = "barlift.worker.running.jobs" "barlift_worker_running_jobs" "{job}",
        "jobs that this worker runs now";
    CONNECTIONS = "barlift.pool.connections" "barlift_pool_connections" "{connection}",
        "open connections of this process by `state`: idle, used";
    CONNECTIONS_MAX = "barlift.pool.connections.max" "barlift_pool_connections_max" "{connection}",
        "connections that this process may open (`database.max_connections`)";
}

/// Histogram boundaries in seconds: batches and phases take from a tenth of a millisecond to minutes.
const BOUNDARIES: [f64; 18] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
    60.0,
];

/// Queue, jobs and workers, as a worker reads them from the database.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueueOverview {
    pub(crate) waiting: i64,
    pub(crate) scheduled: i64,
    pub(crate) oldest_age_seconds: f64,
    /// Files by state.
    pub(crate) jobs: Vec<(String, i64)>,
    pub(crate) workers_alive: i64,
    pub(crate) heartbeat_age_seconds: Option<f64>,
    pub(crate) running: i64,
}

/// Connections of the pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    pub(crate) idle: i64,
    pub(crate) used: i64,
    pub(crate) max: i64,
}

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    rows: Counter<u64>,
    files: Counter<u64>,
    retries: Counter<u64>,
    batch: Histogram<f64>,
    phase: Histogram<f64>,
    pool_wait: Histogram<f64>,
    gauges: Gauges,
    /// Task states that were reported; later they are reported as 0 when no task has them.
    states: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Gauges {
    waiting: Gauge<i64>,
    scheduled: Gauge<i64>,
    oldest_age: Gauge<f64>,
    jobs: Gauge<i64>,
    workers: Gauge<i64>,
    heartbeat: Gauge<f64>,
    running: Gauge<i64>,
    database_up: Gauge<i64>,
    connections: Gauge<i64>,
    connections_max: Gauge<i64>,
}

/// The instruments of this process. Set up telemetry before the first use.
pub(crate) fn get() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(|| Metrics::new(&global::meter("barlift")));
    &METRICS
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        let counter =
            |m: MetricSpec| meter.u64_counter(m.name).with_unit(m.unit).with_description(m.about).build();
        let histogram = |m: MetricSpec| {
            meter
                .f64_histogram(m.name)
                .with_unit(m.unit)
                .with_description(m.about)
                .with_boundaries(BOUNDARIES.to_vec())
                .build()
        };
        // A unit in braces, such as {job}, adds nothing to the name in Prometheus.
        let whole =
            |m: MetricSpec| meter.i64_gauge(m.name).with_unit(m.unit).with_description(m.about).build();
        let seconds =
            |m: MetricSpec| meter.f64_gauge(m.name).with_unit(m.unit).with_description(m.about).build();
        Self {
            rows: counter(ROWS),
            files: counter(FILES),
            retries: counter(RETRIES),
            batch: histogram(BATCH),
            phase: histogram(PHASE),
            pool_wait: histogram(POOL_WAIT),
            gauges: Gauges {
                waiting: whole(QUEUE_WAITING),
                scheduled: whole(QUEUE_SCHEDULED),
                oldest_age: seconds(QUEUE_AGE),
                jobs: whole(JOBS),
                workers: whole(WORKERS),
                heartbeat: seconds(HEARTBEAT),
                running: whole(RUNNING),
                // Without its unit "1", for which the name in Prometheus would end in `_ratio`.
                database_up: meter.i64_gauge(DATABASE_UP.name).with_description(DATABASE_UP.about).build(),
                connections: whole(CONNECTIONS),
                connections_max: whole(CONNECTIONS_MAX),
            },
            states: Mutex::default(),
        }
    }

    /// Reports all counters as zero, so that rates begin with the first row.
    pub(crate) fn begin(&self) {
        self.rows(&RowCounts::default());
        for outcome in
            [JobOutcome::Succeeded, JobOutcome::Failed, JobOutcome::Retried, JobOutcome::HandedBack]
        {
            self.files.add(0, &[KeyValue::new("outcome", outcome.as_str())]);
        }
        self.retries.add(0, &[]);
    }

    /// Counts rows that were committed.
    pub(crate) fn rows(&self, added: &RowCounts) {
        for (outcome, n) in row_counters::outcomes(added) {
            self.rows.add(n.unsigned_abs(), &[KeyValue::new("outcome", outcome)]);
        }
    }

    /// A batch was committed.
    pub(crate) fn batch(&self, took: Duration) {
        self.batch.record(took.as_secs_f64(), &[]);
    }

    pub(super) fn file(&self, outcome: JobOutcome) {
        self.files.add(1, &[KeyValue::new("outcome", outcome.as_str())]);
        if outcome == JobOutcome::Retried {
            self.retries.add(1, &[]);
        }
    }

    /// A task failed without an attempt.
    pub(crate) fn parked(&self) {
        self.file(JobOutcome::Failed);
    }

    pub(super) fn phase(&self, phase: Phase, took: Duration) {
        self.phase.record(took.as_secs_f64(), &[KeyValue::new("phase", phase.as_str())]);
        if phase == Phase::ConnectionWait {
            self.pool_wait.record(took.as_secs_f64(), &[]);
        }
    }

    /// The worker could not read the database; `heartbeat_age_seconds` is the age of its last heartbeat.
    pub(crate) fn database_is_away(&self, heartbeat_age_seconds: Option<f64>) {
        self.gauges.database_up.record(0, &[]);
        if let Some(age) = heartbeat_age_seconds {
            self.gauges.heartbeat.record(age, &[]);
        }
    }

    pub(crate) fn connections(&self, c: &Connections) {
        let g = &self.gauges;
        g.connections.record(c.idle, &[KeyValue::new("state", "idle")]);
        g.connections.record(c.used, &[KeyValue::new("state", "used")]);
        g.connections_max.record(c.max, &[]);
    }

    pub(crate) fn queue(&self, s: &QueueOverview) {
        let g = &self.gauges;
        g.waiting.record(s.waiting, &[]);
        g.scheduled.record(s.scheduled, &[]);
        g.oldest_age.record(s.oldest_age_seconds, &[]);
        g.workers.record(s.workers_alive, &[]);
        if let Some(age) = s.heartbeat_age_seconds {
            g.heartbeat.record(age, &[]);
        }
        g.running.record(s.running, &[]);
        g.database_up.record(1, &[]);
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        for (state, _) in &s.jobs {
            if !states.contains(state) {
                states.push(state.clone());
            }
        }
        for state in states.iter() {
            let n = s.jobs.iter().find(|(name, _)| name == state).map_or(0, |(_, n)| *n);
            g.jobs.record(n, &[KeyValue::new("state", state.clone())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// `docs/metrics.md`.
    fn markdown() -> String {
        let mut out = String::from(
            "# Metrics\n\n\
             Generated from `src/telemetry/metrics.rs`; a test keeps it equal. A worker serves them at `/metrics` \
             (`barlift worker --http 9464`) and sends them over OTLP to `OTEL_EXPORTER_OTLP_ENDPOINT`. Queue and jobs \
             are the same for all workers: read them with `max()`.\n\n\
             | OTLP | Prometheus | unit | meaning |\n| --- | --- | --- | --- |\n",
        );
        for m in METRICS {
            let _ = writeln!(out, "| `{}` | `{}` | {} | {} |", m.name, m.prometheus, m.unit, m.about);
        }
        out
    }

    #[test]
    fn the_table_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        if std::env::var_os("BARLIFT_UPDATE_DOCS").is_some() {
            std::fs::write(path, markdown()).expect("written");
        }
        let written = std::fs::read_to_string(path).expect("docs/metrics.md");
        assert!(
            written == markdown(),
            "docs/metrics.md is stale: BARLIFT_UPDATE_DOCS=1 cargo test --lib the_table_in_docs"
        );
    }
}
