//! Adds up attempts, file by file.
//!
//! Invariant: no I/O. Memory grows with the number of files only: attempts and statements are kept up to a limit.

use super::{
    AttemptTimes, DiagnosisRow, FileFailure, FileQuality, FileStatement, FileTimes, PhaseShare, PoolWaits,
};
use crate::counts::{RowCounts, int};
use crate::model::{AttemptOutcome, TaskId, TaskState};
use crate::telemetry::{Phase, Phases};

/// Most statements kept.
const STATEMENTS: usize = 100;
/// Most attempts kept.
const ATTEMPTS: usize = 1000;

#[derive(Default)]
pub(super) struct DiagnosisSums {
    pub(super) files: Vec<FileSums>,
    pub(super) rows: RowCounts,
    pub(super) attempts: i64,
    pub(super) busy_ms: f64,
    pub(super) failures: Vec<FileFailure>,
    pub(super) attempt_list: Vec<AttemptTimes>,
    phases: Phases,
    statements: Vec<FileStatement>,
}

pub(super) struct FileSums {
    task_id: TaskId,
    times: FileTimes,
    rows: RowCounts,
}

impl DiagnosisSums {
    /// Adds an attempt; those of one task come one after the other.
    pub(super) fn add(&mut self, row: DiagnosisRow) {
        if self.files.last().is_none_or(|f| f.task_id != row.task_id) {
            self.begin_file(&row);
        }
        let (Some(file), Some(attempt), Some(ms)) = (self.files.last_mut(), row.attempt, row.attempt_ms)
        else {
            return;
        };
        let phases = row.phases.map(|p| p.0).unwrap_or_default();
        self.attempts += 1;
        self.busy_ms += ms;
        self.phases.merge(&phases);
        file.times.attempts += 1;
        file.times.duration_ms += ms;
        file.times.phases.merge(&phases);
        for statement in row.slowest.iter().flat_map(|s| s.0.statements()) {
            self.statements.push(FileStatement {
                symbol: row.symbol.clone(),
                timeframe: row.timeframe.clone(),
                statement: statement.clone(),
            });
        }
        if self.statements.len() > 2 * STATEMENTS {
            self.sort_statements();
        }
        if self.attempt_list.len() < ATTEMPTS {
            self.attempt_list.push(AttemptTimes {
                source: row.source,
                attempt,
                worker: row.worker.unwrap_or_default(),
                started_at: row.started_at.map(jiff_sqlx::Timestamp::to_jiff).unwrap_or_default(),
                duration_ms: ms,
                outcome: row.outcome.map_or(TaskState::Running.as_str(), AttemptOutcome::as_str),
                error: row.attempt_error,
                phases,
            });
        }
    }

    fn begin_file(&mut self, row: &DiagnosisRow) {
        self.rows.add(&row.rows);
        if let Some(message) = &row.error_message {
            self.failures.push(FileFailure {
                symbol: row.symbol.clone(),
                timeframe: row.timeframe.clone(),
                source: row.source.clone(),
                state: row.state.clone(),
                class: row.error_class.clone().unwrap_or_default(),
                message: message.clone(),
            });
        }
        let times = FileTimes {
            symbol: row.symbol.clone(),
            timeframe: row.timeframe.clone(),
            source: row.source.clone(),
            state: row.state.clone(),
            attempts: 0,
            rows: row.rows.rows,
            duration_ms: 0.0,
            slowest_phase: None,
            phases: Phases::default(),
        };
        self.files.push(FileSums { task_id: row.task_id, times, rows: row.rows });
    }

    fn sort_statements(&mut self) {
        self.statements.sort_by(|a, b| b.statement.ms.total_cmp(&a.statement.ms));
        self.statements.truncate(STATEMENTS);
    }

    pub(super) fn phases(&self) -> Vec<PhaseShare> {
        let mut out: Vec<_> = Phase::ALL
            .iter()
            .map(|&phase| {
                let t = self.phases.get(phase);
                let share = if self.busy_ms > 0.0 { t.ms / self.busy_ms } else { 0.0 };
                PhaseShare {
                    phase,
                    ms: t.ms,
                    share,
                    count: t.count,
                    mean_ms: mean(t.ms, t.count),
                    max_ms: t.max_ms,
                }
            })
            .filter(|p| p.count > 0)
            .collect();
        out.sort_by(|a, b| b.ms.total_cmp(&a.ms));
        out
    }

    pub(super) fn files_repeated(&self) -> i64 {
        int(self.files.iter().filter(|f| f.times.attempts > 1).count())
    }

    /// The attempts' time outside of phases. Reading is left out, because it runs beside the other phases.
    pub(super) fn other_ms(&self) -> f64 {
        let in_phases: f64 =
            Phase::ALL.iter().filter(|p| **p != Phase::Read).map(|p| self.phases.get(*p).ms).sum();
        (self.busy_ms - in_phases).max(0.0)
    }

    pub(super) fn pool(&self) -> PoolWaits {
        let t = self.phases.connection_wait;
        PoolWaits { waits: t.count, ms: t.ms, mean_ms: mean(t.ms, t.count), max_ms: t.max_ms }
    }

    pub(super) fn bad_files(&self, limit: usize) -> Vec<FileQuality> {
        let mut files: Vec<_> = self.files.iter().filter(|f| f.rows.findings() > 0).collect();
        files.sort_by_key(|f| std::cmp::Reverse(f.rows.findings()));
        let quality = |f: &FileSums| FileQuality {
            symbol: f.times.symbol.clone(),
            timeframe: f.times.timeframe.clone(),
            source: f.times.source.clone(),
            rows: f.rows,
        };
        files.into_iter().take(limit).map(quality).collect()
    }

    pub(super) fn slowest_statements(&self, limit: usize) -> Vec<FileStatement> {
        let mut statements = self.statements.clone();
        statements.sort_by(|a, b| b.statement.ms.total_cmp(&a.statement.ms));
        statements.truncate(limit);
        statements
    }

    pub(super) fn slowest_files(self, limit: usize) -> Vec<FileTimes> {
        let mut files: Vec<FileTimes> = self.files.into_iter().map(|f| f.times).collect();
        files.retain(|f| f.attempts > 0);
        files.sort_by(|a, b| b.duration_ms.total_cmp(&a.duration_ms));
        files.truncate(limit);
        for file in &mut files {
            let longest = Phase::ALL.into_iter().filter(|p| file.phases.get(*p).count > 0);
            file.slowest_phase =
                longest.max_by(|a, b| file.phases.get(*a).ms.total_cmp(&file.phases.get(*b).ms));
        }
        files
    }
}

#[allow(clippy::cast_precision_loss)]
fn mean(ms: f64, count: i64) -> f64 {
    if count > 0 { ms / count as f64 } else { 0.0 }
}
