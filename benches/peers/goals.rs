//! What barlift is to reach, and whether it did in this run.
//!
//! Invariant: a ratio is one of medians of the same run. What was not measured is not judged.

use serde::Serialize;

use crate::rounds::{Results, Row};
use crate::scenarios::{idle, status, workers};

/// One of them.
#[derive(Serialize)]
pub struct Goal {
    pub what: &'static str,
    pub limit: f64,
    pub at_least: bool,
    pub unit: &'static str,
    pub measured: Option<f64>,
    pub met: Option<bool>,
}

/// All of them; those of a storage of TimescaleDB only if the server has it. That of the reader alone is measured by a
/// bench of its own.
pub fn judge(results: &Results, timescaledb: bool) -> Vec<Goal> {
    let row = |scenario: &str, name: &str| results.row(scenario, name);
    let value = |scenario: &str, name: &str| row(scenario, name).map(|r| r.median);
    let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
    let fact = |r: Option<&Row>, name: &str| r.and_then(|r| r.facts.get(name).copied());
    let fresh = |name: &str| value("fresh", name).filter(|_| timescaledb);
    let again = |name: &str| ratio(value("again", name), value("again", "fresh import"));
    let packed = |name: &str| ratio(value("packed", name), value("packed", "csv"));
    let several = |name: &str| ratio(value("several", name), value("several", "a file each"));
    let size = |name: &str| fact(row("fresh", name), "table MB");
    let on_conflict = "parallel-copy-on-conflict";
    let most = |rows: Vec<f64>| rows.into_iter().reduce(f64::max);
    let table = |scenario: &str| results.0.iter().find(|t| t.scenario == scenario);
    let peak = table("memory").and_then(|t| most(t.rows.iter().map(|r| r.median).collect()));
    let enqueued = table("enqueue").and_then(|t| t.rows.last());
    let rate = |scenario: &str| row(scenario, "barlift").and_then(|r| r.rate);
    let at_most = |what, limit, unit, measured: Option<f64>| {
        let met = measured.map(|m| m <= limit);
        Goal { what, limit, at_least: false, unit, measured, met }
    };
    let at_least = |what, limit, unit, measured: Option<f64>| {
        let met = measured.map(|m| m >= limit);
        Goal { what, limit, at_least: true, unit, measured, met }
    };
    vec![
        at_most(
            "rowstore / parallel-copy on-conflict",
            0.75,
            "×",
            ratio(fresh("barlift"), fresh(on_conflict)),
        ),
        at_most("rowstore / psql", 0.52, "×", ratio(fresh("barlift"), fresh("psql"))),
        at_most(
            "columnstore / parallel-copy on-conflict",
            0.40,
            "×",
            ratio(fresh("barlift-columnstore"), fresh(on_conflict)),
        ),
        at_most("columnstore / psql", 0.28, "×", ratio(fresh("barlift-columnstore"), fresh("psql"))),
        at_most(
            "columnstore's size / rowstore's",
            0.25,
            "×",
            ratio(size("barlift-columnstore"), size("barlift")),
        ),
        at_most(
            "plain PostgreSQL / parallel-copy on-conflict",
            0.75,
            "×",
            ratio(value("plain", "barlift"), value("plain", on_conflict)),
        ),
        at_most("again with --force / fresh", 0.40, "×", again("import --force")),
        at_most("again, unchanged", 1.0, "s", value("again", "import, unchanged")),
        at_most("full verification (--force) / fresh", 0.40, "×", again("verify --force")),
        at_most("csv.gz / csv", 1.15, "×", packed("csv.gz")),
        at_most("csv.zst / csv", 1.05, "×", packed("csv.zst")),
        at_most("zip / csv", 1.15, "×", packed("zip")),
        at_most("parquet / csv", 0.95, "×", packed("parquet")),
        at_most("one file of all symbols / a file each", 1.0, "×", several("one file")),
        at_least("small files", 400.0, "files/s", rate("small")),
        at_least("many small files", 400.0, "files/s", rate("many")),
        at_most("enqueueing them", 2.0, "s", enqueued.map(|r| r.median)),
        at_most(
            "2 processes / 1, same concurrency",
            1.0,
            "×",
            ratio(value("workers", workers::TWO_OF_ONE), value("workers", workers::ONE_OF_TWO)),
        ),
        at_most("peak memory of a worker", 150.0, "MB", peak),
        at_most("idle worker", 1.0, "% of a core", value("idle", idle::IDLE)),
        at_most("idle worker", 5.0, "queries/s", fact(row("idle", idle::IDLE), idle::QUERIES)),
        at_most("enqueue to start", 100.0, "ms", value("start", idle::START)),
        at_most("start-up of `barlift status`", 50.0, "ms", value("status", status::ROW)),
    ]
}
