//! A database that 26bec58 made works on: what was queued, paused and half done when its program was replaced.
//!
//! `old_database/26bec58.sql` is that database as `pg_dump` wrote it; `old_database/make.rs` made it.

mod files;
mod make;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::support::collector::{Collector, Span};
use crate::support::{Folder, TestDatabase, barlift, bars, eventually};
use crate::tracing::traced;

const DUMP: &str = include_str!("old_database/26bec58.sql");

/// The old database, and its files where its operations look for them.
async fn setting() -> (TestDatabase, Folder) {
    let (database, folder) = (TestDatabase::empty().await, Folder::new());
    files::write(&folder);
    let mut dump = DUMP.to_owned();
    for (placeholder, value) in files::placeholders(&folder) {
        assert!(dump.contains(&placeholder), "{placeholder}");
        dump = dump.replace(&placeholder, &value);
    }
    // On a session of its own: the dump changes its settings.
    let mut session = PgConnection::connect(&database.url).await.expect("connected");
    sqlx::raw_sql(sqlx::AssertSqlSafe(dump)).execute(&mut session).await.expect("the dump is loaded");
    session.close().await.expect("closed");
    (database, folder)
}

/// The id of the newest operation of a kind over a folder.
async fn operation(database: &TestDatabase, kind: &str, folder: &str) -> String {
    let query = "SELECT id FROM barlift.operations WHERE starts_with(id, $1) AND root LIKE '%/' || $2 || '/'
                 ORDER BY created_at DESC LIMIT 1";
    let id = sqlx::query_scalar(query).bind(format!("op_{kind}_")).bind(folder);
    id.fetch_one(&database.pool).await.expect("an operation")
}

/// Every operation, the oldest first: its folder, state, and its tasks with their rows (all, imported, skipped,
/// mismatched, rejected, repeated).
async fn operations(database: &TestDatabase) -> Vec<String> {
    let query = "
        SELECT format('%s %s: %s%s%s', CASE o.type WHEN 'DATA_MIGRATION' THEN 'import' ELSE 'verify' END,
                      substring(o.root FROM '([a-z]+)/$'), o.state, CASE WHEN o.paused_at IS NOT NULL THEN ', paused' END,
                      CASE WHEN o.waiting THEN ', waiting' END)
               || string_agg(
                   format('; %s %s%s', t.symbol, t.state, CASE WHEN t.waits_for IS NOT NULL THEN ', waiting' END)
                       || coalesce(' ' || t.verdict, '') || ' '
                       || concat_ws('/', rows, rows_imported, rows_skipped, rows_mismatched, rows_rejected, rows_duplicate),
                   '' ORDER BY t.id)
        FROM barlift.operations o JOIN barlift.tasks t ON t.operation_id = o.id
        GROUP BY o.id ORDER BY o.created_at";
    sqlx::query_scalar(query).fetch_all(&database.pool).await.expect("operations")
}

/// What 26bec58 left.
const LEFT: [&str; 11] = [
    "import before: succeeded; MISMATCH succeeded 20/20/0/0/0/0",
    "import finished: succeeded; CLEAN succeeded 20/20/0/0/0/0; FINDINGS succeeded 22/20/0/0/1/1; \
     MISMATCH succeeded 20/0/18/2/0/0",
    "verify finished: succeeded; CLEAN succeeded identical 20/0/20/0/0/0; \
     FINDINGS succeeded identical 22/0/20/0/1/1; MISMATCH succeeded differs 20/0/18/2/0/0",
    "import paused: running, paused; HALTED pending 40/40/0/0/0/0; UNTOUCHED pending 0/0/0/0/0/0",
    "import bundle: running; BOTH1 running 0/0/0/0/0/0; BOTH2 running 0/0/0/0/0/0",
    "import half: running; DELAYED pending 0/0/0/0/0/0; DONE succeeded 30/30/0/0/0/0; \
     FAILED failed 0/0/0/0/0/0; KILLED running 40/39/0/0/1/0",
    "import turns: scheduled; KILLED pending, waiting 0/0/0/0/0/0",
    "import queued: scheduled; Q1 pending 0/0/0/0/0/0; Q2 pending 0/0/0/0/0/0; Q3 pending 0/0/0/0/0/0",
    "import verified: scheduled; V1 pending 0/0/0/0/0/0; V2 pending 0/0/0/0/0/0",
    "verify verified: scheduled, waiting; V1 pending 0/0/0/0/0/0; V2 pending 0/0/0/0/0/0",
    "verify finished: scheduled; CLEAN pending 0/0/0/0/0/0; FINDINGS pending 0/0/0/0/0/0; MISMATCH pending 0/0/0/0/0/0",
];

/// What becomes of it once workers have done all there is.
const DONE: [&str; 11] = [
    LEFT[0],
    LEFT[1],
    LEFT[2],
    "import paused: succeeded; HALTED succeeded 1000/1000/0/0/0/0; UNTOUCHED succeeded 30/30/0/0/0/0",
    "import bundle: succeeded; BOTH1 succeeded 15/15/0/0/0/0; BOTH2 succeeded 15/15/0/0/0/0",
    "import half: failed; DELAYED succeeded 1000/1000/0/0/0/0; DONE succeeded 30/30/0/0/0/0; \
     FAILED failed 0/0/0/0/0/0; KILLED succeeded 1002/1000/0/0/2/0",
    "import turns: succeeded; KILLED succeeded 20/20/0/0/0/0",
    "import queued: succeeded; Q1 succeeded 25/25/0/0/0/0; Q2 succeeded 25/25/0/0/0/0; Q3 succeeded 25/25/0/0/0/0",
    "import verified: succeeded; V1 succeeded 40/40/0/0/0/0; V2 succeeded 40/40/0/0/0/0",
    "verify verified: succeeded; V1 succeeded identical 40/0/40/0/0/0; V2 succeeded identical 40/0/40/0/0/0",
    "verify finished: succeeded; CLEAN succeeded identical 20/0/20/0/0/0; \
     FINDINGS succeeded identical 22/0/20/0/1/1; MISMATCH succeeded differs 20/0/18/2/0/0",
];

async fn bars_by_symbol(database: &TestDatabase) -> BTreeMap<String, i64> {
    let query = "SELECT symbol, count(*) FROM barlift.bars_named GROUP BY symbol";
    let all: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&database.pool).await.expect("bars");
    all.into_iter().collect()
}

/// The attempts at a file: outcome, and how many rows each read.
async fn attempts(database: &TestDatabase, source: &str) -> Vec<(String, i64)> {
    let query = "SELECT a.outcome, coalesce((a.rows ->> 'rows')::bigint, 0)
                 FROM barlift.attempts a
                 JOIN barlift.tasks t ON t.id = a.task_id
                 JOIN barlift.operations o ON o.id = t.operation_id
                 WHERE right(o.root || t.source, length($1)) = $1
                 ORDER BY a.fence";
    sqlx::query_as(query).bind(source).fetch_all(&database.pool).await.expect("attempts")
}

fn outcomes(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter().map(|(outcome, rows)| ((*outcome).to_owned(), *rows)).collect()
}

/// Workers that were killed then have been silent for long, however short the lease is.
async fn drain(database: &TestDatabase, collector: &Collector) {
    let worker = traced(database, collector, &["worker", "--drain"]).env("BARLIFT__WORKER__LEASE", "3s");
    let run = worker.run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[tokio::test]
async fn everything_that_was_begun_or_queued_is_finished_once() {
    let (database, folder) = setting().await;
    assert_eq!(operations(&database).await, LEFT);
    let listed = barlift(&database, &["operations", "--json"]).run().await.json(0);
    assert_eq!(listed.as_array().map(Vec::len), Some(LEFT.len()));
    assert_eq!(operations(&database).await, LEFT, "the set-up changes none of it");
    // As older workers and KEDA ask, and as this build does.
    let same: bool = sqlx::query_scalar(
        "SELECT q = barlift.queue_overview(ARRAY['barlift.v1']) AND q.waiting > 0 FROM barlift.queue_overview() q",
    )
    .fetch_one(&database.pool)
    .await
    .expect("overview");
    assert!(same);

    // What is paused stays so until it is resumed.
    let collector = Collector::start().await;
    drain(&database, &collector).await;
    let but_paused = operations(&database).await;
    assert_eq!(but_paused[3], LEFT[3]);
    let paused = operation(&database, "migration", "paused").await;
    let done: (i64, i64) = sqlx::query_as(
        "SELECT bytes_done, (SELECT sum(checkpoint)::bigint FROM barlift.tasks WHERE operation_id = $1)
         FROM barlift.operations_overview
         WHERE id = $1",
    )
    .bind(&paused)
    .fetch_one(&database.pool)
    .await
    .expect("progress");
    assert!(done.0 > 0 && done.0 == done.1, "{done:?}");
    assert_eq!(barlift(&database, &["resume", &paused]).run().await.status, 0);
    drain(&database, &collector).await;
    assert_eq!(operations(&database).await, DONE);

    let expected = [
        ("BOTH1", 15),
        ("BOTH2", 15),
        ("CLEAN", 20),
        ("DELAYED", 1000),
        ("DONE", 30),
        ("FINDINGS", 20),
        ("HALTED", 1000),
        ("KILLED", 1020),
        ("MISMATCH", 20),
        ("Q1", 25),
        ("Q2", 25),
        ("Q3", 25),
        ("UNTOUCHED", 30),
        ("V1", 40),
        ("V2", 40),
    ];
    assert_eq!(bars_by_symbol(&database).await, expected.map(|(s, n)| (s.to_owned(), n)).into());

    // Behind the checkpoint, the small ones from the start.
    let of = |source| attempts(&database, source);
    assert_eq!(of("half/KILLED_1m.csv").await, outcomes(&[("rescued", 40), ("succeeded", 962)]));
    assert_eq!(of("paused/HALTED_1m.csv").await, outcomes(&[("handed_back", 40), ("succeeded", 960)]));
    assert_eq!(of("half/DELAYED_1m.csv").await, outcomes(&[("failed", 0), ("succeeded", 1000)]));
    assert_eq!(of("turns/KILLED_1m.csv").await, outcomes(&[("succeeded", 20)]));
    for small in ["bundle/BOTH1_1m.csv", "bundle/BOTH2_1m.csv"] {
        assert_eq!(of(small).await, outcomes(&[("rescued", 0), ("succeeded", 15)]));
    }
    check_spans(&database, &collector).await;
    no_job_is_left(&database).await;

    // What failed can be tried again.
    folder.write("half/FAILED_1m.csv", bars(35, 16));
    let half = operation(&database, "migration", "half").await;
    let retried = barlift(&database, &["retry", &half, "--json"]).run().await.json(0);
    assert_eq!(retried["tasks"], 1);
    drain(&database, &collector).await;
    let status = barlift(&database, &["status", &half, "--json"]).run().await.json(0);
    assert_eq!((&status["state"], &status["totals"]["rows_imported"]), (&json!("succeeded"), &json!(2065)));

    // Bar by bar; MISMATCH has two files that differ.
    let symbols = expected.map(|(symbol, _)| symbol).into_iter().filter(|symbol| *symbol != "MISMATCH");
    let symbols = symbols.chain(["FAILED"]).collect::<Vec<_>>().join(",");
    let arguments = ["verify", folder.arg(), "--force", "--json", "--symbols", &symbols];
    let verified = barlift(&database, &arguments).run().await.json(0);
    assert_eq!((&verified["totals"]["identical"], &verified["totals"]["tasks"]), (&json!(15), &json!(15)));
    let bars: i64 = expected.iter().map(|(_, n)| n).sum();
    assert_eq!(database.bars().await, bars + 35);
}

/// A worker may end before its last job is acknowledged; then the next one finds that it is done.
async fn no_job_is_left(database: &TestDatabase) {
    let worker = barlift(database, &["worker"]).spawn();
    eventually("no job is left", || async {
        let left = "SELECT count(*) FROM apalis.jobs WHERE status NOT IN ('Done', 'Killed')";
        (database.scalar::<i64>(left).await == 0).then_some(())
    })
    .await;
    drop(worker);
}

/// Each operation that ended now has its root span, under the id that it was given then; so has the attempt whose
/// worker died.
async fn check_spans(database: &TestDatabase, collector: &Collector) {
    let spans = collector.spans();
    let query = "SELECT substring(root FROM '([a-z]+)/$'), split_part(traceparent, '-', 2), split_part(traceparent, '-', 3)
                 FROM barlift.operations WHERE finished_at > now() - interval '1 day'";
    let ended: Vec<(String, String, String)> =
        sqlx::query_as(query).fetch_all(&database.pool).await.expect("operations");
    assert_eq!(ended.len(), 8);
    let of = |trace: &str, wanted: fn(&Span) -> bool| -> Vec<&Span> {
        spans.iter().filter(|s| s.trace == trace && wanted(s)).collect()
    };
    for (folder, trace, id) in ended {
        let roots = of(&trace, |s| s.parent.is_empty());
        assert_eq!(roots.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), [id.as_str()], "{folder}");
        if folder == "half" {
            let killed = of(&trace, |s| {
                s.name == "csv_import.import_symbol"
                    && s.text("data.symbol") == "KILLED"
                    && !s.parent.is_empty()
            });
            assert_eq!(killed.len(), 2);
            assert!(killed.iter().all(|s| s.parent == id));
        }
    }
}

#[tokio::test]
async fn what_had_ended_is_reported_and_recognised() {
    let (database, folder) = setting().await;
    let report =
        async |id: &str, status| barlift(&database, &["report", id, "--json"]).run().await.json(status);
    let lines = |list: &Value| -> Vec<(String, i64)> {
        let line = |f: &Value| Some((f["source"].as_str()?.to_owned(), f["line"].as_i64()?));
        list.as_array().expect("a list").iter().map(|f| line(f).expect("a place")).collect()
    };
    let at = |source: &str, line: i64| (source.to_owned(), line);

    let import = report(&operation(&database, "migration", "finished").await, 0).await;
    assert_eq!(lines(&import["mismatches"]), [at("MISMATCH_1m.csv", 11), at("MISMATCH_1m.csv", 12)]);
    assert_eq!(import["mismatches"][0]["csv"]["volume"], 28.0);
    assert_eq!(import["mismatches"][0]["db"]["volume"], 27.0);
    assert_eq!(lines(&import["rejected_rows"]), [at("FINDINGS_1m.csv", 22)]);
    assert_eq!(import["rejected_rows"][0]["raw"], "nonsense,1,1,1,1,1");
    assert_eq!(lines(&import["quality_issues"]), [at("FINDINGS_1m.csv", 21)]);

    let first =
        "SELECT id FROM barlift.operations WHERE type = 'DATA_VERIFICATION' ORDER BY created_at LIMIT 1";
    let verification = report(&database.scalar::<String>(first).await, 1).await;
    assert_eq!(verification["verdict"], "differs");
    let series = verification["series"].as_array().expect("series");
    let verdicts: Vec<_> = series.iter().map(|s| (&s["symbol"], &s["verdict"])).collect();
    let expected = [("CLEAN", "identical"), ("FINDINGS", "identical"), ("MISMATCH", "differs")];
    assert_eq!(format!("{verdicts:?}"), format!("{:?}", expected.map(|(s, v)| (json!(s), json!(v)))));
    let differences = lines(&series[2]["differences"]);
    assert_eq!(differences, [at("MISMATCH_1m.csv", 11), at("MISMATCH_1m.csv", 12)]);

    let half = report(&operation(&database, "migration", "half").await, 0).await;
    assert_eq!(half["failed_files"][0]["source"], "FAILED_1m.csv");

    // The same files again, alone.
    let finished = folder.path().join("finished").display().to_string();
    let cancelled: Value = barlift(&database, &["cancel", "latest", "--json"]).run().await.json(0);
    assert_eq!(cancelled["tasks"], 3);
    let again = barlift(&database, &["import", &finished, "--json"]).run().await.json(1);
    let recognised: Vec<_> = again["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .map(|t| {
            [&t["symbol"], &t["recognised"], &t["rows_skipped"], &t["rows_mismatched"], &t["rows_rejected"]]
        })
        .collect();
    // What was rejected then is looked at once more.
    let expected =
        json!([["CLEAN", true, 20, 0, 0], ["FINDINGS", false, 20, 0, 1], ["MISMATCH", false, 18, 2, 0],]);
    assert_eq!(json!(recognised), expected);
}
