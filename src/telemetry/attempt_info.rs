//! The attributes of an attempt's span.
//!
//! Invariant: the worker that ran the attempt and a worker that builds the span from the database's records set the same
//! attributes.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanId;
use sqlx::FromRow;

use super::MESSAGING_SYSTEM;
use super::attribute as attr;
use super::budget::TraceOptions;
use super::catalogue::KindSpans;
use super::context::attempt_span_id;
use super::phases::{Phases, milliseconds};
use super::row_counters;
use super::span::pairs;
use crate::counts::RowCounts;
use crate::model::{Fence, JobSequence, OperationId, OperationKind, TaskId, Traceparent, job_key};

/// What a verification has found, for its span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifiedCounts {
    /// Bars that the files have.
    pub csv_rows: i64,
    /// Bars of the series, without those that are no difference.
    pub db_rows: i64,
    /// Whether both are equal.
    pub rows_match: bool,
    /// Whether nothing that was compared differs.
    pub passed: bool,
}

/// Which worker attempts which task.
#[derive(Debug, Clone, FromRow)]
#[allow(missing_docs)]
pub struct AttemptInfo {
    pub operation_id: OperationId,
    pub symbol: String,
    pub timeframe: String,
    /// Path of the file, relative to the operation's directory.
    pub source: String,
    pub task_id: TaskId,
    pub fence: Fence,
    /// Which try it is, from 1.
    pub attempt: i32,
    pub worker: String,
    /// Which of the task's jobs started it.
    #[sqlx(rename = "job_sequence")]
    pub sequence: JobSequence,
    /// The root span, as a W3C traceparent.
    pub traceparent: Traceparent,
    /// The records of an attempt lack it: nothing is built below the span that is built from them.
    #[sqlx(skip)]
    pub trace: TraceOptions,
    pub kind: OperationKind,
}

impl AttemptInfo {
    pub(super) fn span_id(&self) -> SpanId {
        attempt_span_id(&self.operation_id, self.task_id, self.fence)
    }

    /// The id of its job.
    fn message_id(&self) -> String {
        job_key(&self.operation_id, self.task_id, self.sequence)
    }

    /// Attributes that do not depend on how the attempt ends.
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut out = Vec::with_capacity(12);
        out.extend(pairs(attr::OPERATION_ID, self.operation_id.as_str()));
        out.extend(pairs(attr::DATA_SYMBOL, &self.symbol));
        out.extend(pairs(attr::DATA_TIMEFRAME, &self.timeframe));
        out.extend(pairs(attr::SOURCE, &self.source));
        out.extend(pairs(attr::JOB_ATTEMPT, i64::from(self.attempt)));
        out.extend(pairs(attr::JOB_WORKER, &self.worker));
        out.extend(pairs(attr::MESSAGING_SYSTEM, MESSAGING_SYSTEM));
        out.extend(pairs(attr::MESSAGING_DESTINATION, self.kind.queue()));
        out.extend(pairs(attr::MESSAGING_OPERATION, "process"));
        out.extend(pairs(attr::MESSAGING_OPERATION_TYPE, "process"));
        out.extend(pairs(attr::MESSAGING_MESSAGE_ID, &self.message_id()));
        out
    }
}

/// What an attempt has done, for its span.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AttemptSums {
    pub(super) took: Duration,
    pub(super) rows: RowCounts,
    pub(super) phases: Phases,
    pub(super) batches: i64,
    pub(super) folded: i64,
    /// Of a verification that has ended.
    pub(super) verified: Option<VerifiedCounts>,
}

impl AttemptSums {
    pub(super) fn attributes(&self, kind: OperationKind, outcome: JobOutcome) -> Vec<KeyValue> {
        let mut out = pairs(attr::JOB_OUTCOME, outcome.as_str());
        let spec = KindSpans::of(kind).attempt;
        if spec.has(attr::DURATION_MS.name) {
            out.extend(pairs(attr::DURATION_MS, milliseconds(self.took)));
        }
        if spec.has(attr::BATCHES.name) {
            out.extend(self.of_import());
        }
        if spec.has(attr::VERIFICATION_DURATION_MS.name) {
            out.extend(self.of_verification());
        }
        out.extend(self.of_phases());
        out
    }

    fn of_verification(&self) -> Vec<KeyValue> {
        let mut out = pairs(attr::VERIFICATION_DURATION_MS, milliseconds(self.took));
        // All zero and false if the verification has not ended.
        let v = self.verified.unwrap_or_default();
        out.extend(pairs(attr::CSV_ROW_COUNT, v.csv_rows));
        out.extend(pairs(attr::DB_ROW_COUNT, v.db_rows));
        out.extend(pairs(attr::ROWS_MATCH, v.rows_match));
        out.extend(pairs(attr::SPOT_CHECK_PASSED, v.passed));
        out
    }

    fn of_import(&self) -> Vec<KeyValue> {
        let mut out = Vec::new();
        let batches = [(attr::BATCHES, self.batches), (attr::BATCHES_FOLDED, self.folded)];
        for (attribute, value) in row_counters::of_attempt(&self.rows).chain(batches) {
            out.extend(pairs(attribute, value));
        }
        out
    }

    fn of_phases(&self) -> Vec<KeyValue> {
        let p = &self.phases;
        let mut out = Vec::new();
        for (timing, ms, count) in [
            (&p.read, attr::READ_MS, attr::READ_COUNT),
            (&p.decode, attr::DECODE_MS, attr::DECODE_COUNT),
            (&p.connection_wait, attr::CONNECTION_WAIT_MS, attr::CONNECTION_WAIT_COUNT),
            (&p.bookkeeping, attr::BOOKKEEPING_MS, attr::BOOKKEEPING_COUNT),
            (&p.check_exists, attr::CHECK_EXISTS_MS, attr::CHECK_EXISTS_COUNT),
            (&p.compare_values, attr::COMPARE_VALUES_MS, attr::COMPARE_VALUES_COUNT),
            (&p.insert_batch, attr::INSERT_BATCH_MS, attr::INSERT_BATCH_COUNT),
            (&p.commit, attr::COMMIT_MS, attr::COMMIT_COUNT),
        ] {
            out.extend(pairs(ms, timing.ms));
            out.extend(pairs(count, timing.count));
        }
        out
    }
}

/// How an attempt ended, for its span and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JobOutcome {
    Succeeded,
    Failed,
    Retried,
    HandedBack,
    /// Its worker died; the worker that claimed the task next says so.
    Died,
    Cancelled,
    /// It lost its task, and another worker writes its span.
    Lost,
}

impl JobOutcome {
    /// Its name in attributes and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::HandedBack => "handed_back",
            Self::Died => "died",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}
