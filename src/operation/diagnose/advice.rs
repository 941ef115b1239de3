//! What to do after a diagnosis: the last steps of the workflows in docs/reference.md.
//!
//! Invariant: no I/O, and each piece of advice names its figure.

use super::{Advice, Diagnosis};
use crate::counts::int;
use crate::model::OperationState;
use crate::telemetry::Phase;

/// A wait for a connection, or a statement, of this length is worth advice.
const LONG_MS: f64 = 100.0;
/// A wait for the first worker of this length is worth advice.
const LONG_WAIT_MS: f64 = 10_000.0;
/// A phase with this share and this time may be what makes an import slow.
const NOTABLE: f64 = 0.25;
const NOTABLE_MS: f64 = 1000.0;

pub(super) fn advice(d: &Diagnosis) -> Vec<Advice> {
    let mut out = Vec::new();
    let mut say = |finding: String, action: &str| out.push(Advice { finding, action: action.to_owned() });
    start(d, &mut say);
    time_spent(d, &mut say);
    data(d, &mut say);
    if d.files_repeated > 0 && d.symbol.is_none() {
        let files = counted(d.files_repeated, "file", "files");
        say(
            format!("{files} took more than one attempt"),
            &format!("see why they ended: `barlift diagnose {} --symbol SYMBOL`", d.operation_id),
        );
    }
    if !d.failures.is_empty() {
        let failed = int(d.failures.len());
        say(
            counted(failed, "file whose last attempt failed", "files whose last attempt failed"),
            &format!("mend what their errors name, then `barlift retry {}`", d.operation_id),
        );
    }
    out
}

/// Why it has not started, or started late.
fn start(d: &Diagnosis, say: &mut impl FnMut(String, &str)) {
    if d.paused {
        say("it is paused".to_owned(), &format!("`barlift resume {}` lets it go on", d.operation_id));
    } else if d.state == OperationState::Cancelled {
        say(
            "it was cancelled".to_owned(),
            &format!("`barlift retry {} --cancelled` does the rest after all", d.operation_id),
        );
    } else if d.duration_ms.is_none() && d.due_in_ms > 0.0 {
        say(
            format!("it has not started: it is due in {}", time(d.due_in_ms)),
            "nothing; workers take it then",
        );
    } else if d.duration_ms.is_none() && d.workers_alive == 0 {
        say("it has not started, and no worker is alive".to_owned(), "start workers (`barlift worker`)");
    } else if d.waited_ms > LONG_WAIT_MS {
        say(
            format!("no worker took a file for {} after the operation was due", time(d.waited_ms)),
            "start workers (`barlift worker`), or raise the operation's priority",
        );
    }
}

/// What took the time.
fn time_spent(d: &Diagnosis, say: &mut impl FnMut(String, &str)) {
    if let Some(phase) = d.phases.first().filter(|p| p.share >= NOTABLE && p.ms >= NOTABLE_MS) {
        let percent = phase.share * 100.0;
        say(
            format!("{} took {percent:.0} % of the attempts' time", phase.phase.as_str()),
            action(phase.phase),
        );
    }
    let waits = d.phases.iter().find(|p| p.phase == Phase::ConnectionWait);
    let most = d.phases.first().map(|p| p.phase);
    if d.pool.max_ms > LONG_MS || waits.is_some_and(|w| w.share > 0.1 && most != Some(w.phase)) {
        say(
            format!("up to {} of waiting for a connection", time(d.pool.max_ms)),
            "increase the connection pool (database.max_connections), or lower worker.concurrency",
        );
    }
    if let Some(slow) = d.slowest_statements.first().filter(|s| s.statement.ms > LONG_MS) {
        say(
            format!("{} of {} took {}", slow.statement.verb(), slow.symbol, time(slow.statement.ms)),
            "check indexes, query plan (EXPLAIN) and data volume, and what else the database does",
        );
    }
}

/// What is wrong with the data.
fn data(d: &Diagnosis, say: &mut impl FnMut(String, &str)) {
    let r = &d.rows;
    let id = &d.operation_id;
    if r.rows_mismatched > 0 {
        say(
            counted(r.rows_mismatched, "bar differs from the database's", "bars differ from the database's"),
            &format!("`barlift report {id}` shows both values, and which it kept (--on-mismatch)"),
        );
    }
    if r.rows_rejected > 0 {
        say(
            counted(r.rows_rejected, "row was rejected", "rows were rejected"),
            &format!("`barlift report {id} --rejected-to DIR` writes them out, to be mended and imported"),
        );
    }
    if r.quality_issues > 0 {
        say(
            counted(r.quality_issues, "bar breaks a market-data rule", "bars break a market-data rule"),
            &format!("`barlift report {id}` lists them; --on-invalid reject keeps such bars out"),
        );
    }
}

fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn time(ms: f64) -> String {
    if ms < 1000.0 { format!("{ms:.0} ms") } else { format!("{:.1} s", ms / 1000.0) }
}

fn action(phase: Phase) -> &'static str {
    match phase {
        Phase::CheckExists => {
            "check the database's index (the primary key of barlift.bars) and the connection pool"
        }
        Phase::InsertBatch => "check the batch size (import.batch_rows) and database contention",
        Phase::CompareValues => "too many warnings: a data-quality issue; see `barlift report`",
        Phase::ConnectionWait => {
            "increase the connection pool (database.max_connections), or lower worker.concurrency"
        }
        Phase::Bookkeeping => {
            "the database is slow with small writes, or counts a large series (barlift.imported_sources): see what else it does"
        }
        Phase::Read => {
            "the disk or network that the files come from is the limit; more workers read more at once"
        }
        Phase::Decode => {
            "decoding is the limit: zstd decodes faster than gzip, and gzip than xz and bzip2; more workers decode more at once"
        }
        Phase::Commit => {
            "the database's write-ahead log is the limit: a faster disk, or larger batches (import.batch_rows)"
        }
    }
}
