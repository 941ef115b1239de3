//! The commands of docs/debugging.md, against what Jaeger would answer.

use std::process::Command;

use crate::support::collector::{Collector, Jaeger};
use crate::support::doc_blocks::{Answers, run_blocks};
use crate::support::{Folder, TestDatabase, bar, barlift, bars, skipped};

/// Runs blocks of docs/debugging.md.
fn answers_of(
    jaeger: &str,
    database: &TestDatabase,
    folder: &Folder,
    wanted: impl Fn(&str) -> bool,
) -> Answers {
    let variables = [("JAEGER", jaeger), ("DATABASE_URL", database.url.as_str())];
    run_blocks("debugging.md", &variables, folder, wanted)
}

fn installed(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        skipped(&format!("{program} is not installed"));
    }
    there
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflows_answer_their_questions() {
    if !installed("jq") || !installed("curl") {
        return;
    }
    let (database, folder, work) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write("AAPL_1m.csv", bars(2000, 1));
    barlift(&database, &["import", folder.arg()]).run().await;
    folder.write("AAPL_1m.csv", bars(2000, 1).replace(&bar(7, 1), &bar(7, 2)));
    folder.write("BAD_1m.csv", "time,open\n");
    let collector = Collector::start().await;
    let run = barlift(&database, &["import", folder.arg(), "--json"])
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.endpoint())
        .run()
        .await;
    run.json(1);
    for kind in Jaeger::ALL {
        let jaeger = collector.jaeger(kind).await;
        let answers = answers_of(&jaeger, &database, &work, |name| name != "verification");
        let printed = std::fs::read_to_string(work.path().join("spans.jsonl")).expect("spans.jsonl");
        assert_eq!(printed.lines().count(), collector.spans().len(), "{kind:?}: each span once");
        let page = answers.text("diagnose");
        assert!(page.contains("Where the time went") && page.contains("AAPL"), "{page}");
        let slowest = answers.json("slowest symbols");
        assert_eq!(slowest.as_array().map(Vec::len), Some(2));
        assert_eq!(slowest[0]["symbol"], "AAPL");
        assert!(slowest[0]["duration_ms"].as_f64() >= slowest[1]["duration_ms"].as_f64());
        let phases = answers.json("phases");
        let phases: Vec<_> =
            phases.as_array().expect("a list").iter().map(|p| p["phase"].as_str().expect("a name")).collect();
        for phase in ["read", "check_exists", "compare_values", "insert_batch", "commit", "connection_wait"] {
            assert!(phases.contains(&phase), "{phases:?}");
        }
        let batches = answers.json("batches");
        assert_eq!(batches[0]["rows"], 2000);
        assert_eq!(
            batches.as_array().map(Vec::len),
            Some(4),
            "check, compare, the bar that differs, its record"
        );
        let warnings = answers.json("warnings");
        assert_eq!(warnings.as_array().map(Vec::len), Some(1));
        assert_eq!((&warnings[0]["symbol"], &warnings[0]["warnings"]), (&"AAPL".into(), &1.into()));
        let mismatches = answers.json("mismatches");
        assert_eq!(mismatches[0]["time"], "2024-01-01T00:07:00Z");
        assert_ne!(mismatches[0]["csv"], mismatches[0]["db"]);
        let errors = answers.json("errors");
        assert!(
            errors
                .as_array()
                .expect("a list")
                .iter()
                .any(|e| e["symbol"] == "BAD" && e["type"] == "DataError")
        );
        let queries = answers.json("queries");
        assert!(queries[0]["duration_ms"].as_f64().expect("a number") > 0.0);
        assert!(answers.json("pool")[0]["wait_time_ms"].as_f64().expect("a number") > 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_answers_too() {
    if !installed("jq") || !installed("curl") {
        return;
    }
    let (database, folder, work) = (TestDatabase::new().await, Folder::new(), Folder::new());
    folder.write("A_1m.csv", bars(20, 1));
    folder.write("B_1m.csv", bars(20, 2));
    assert_eq!(barlift(&database, &["import", folder.arg()]).run().await.status, 0);
    folder.write("A_1m.csv", bars(20, 1).replace(&bar(7, 1), &bar(7, 2)));
    let collector = Collector::start().await;
    let run = barlift(&database, &["verify", folder.arg(), "--json"])
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.endpoint())
        .run()
        .await;
    run.json(1);
    for kind in Jaeger::ALL {
        let jaeger = collector.jaeger(kind).await;
        let answers = answers_of(&jaeger, &database, &work, |n| ["functions", "verification"].contains(&n));
        let found = answers.json("verification");
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!((&found[0]["symbol"], &found[0]["in_files"]), (&"A".into(), &20.into()));
        assert_eq!((&found[0]["counts_match"], &found[0]["values_match"]), (&true.into(), &false.into()));
    }
}
