//! The trace of a verification, as a collector sees it. The collector also checks what holds for every trace: one
//! root, required attributes and their types, kinds.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use super::{execute, import, report};
use crate::support::collector::{Collector, Span, Trace};
use crate::support::{Folder, TestDatabase, bars, eventually};
use crate::tracing::{setting, traced};

/// The strings of a list.
fn list(span: &Span, key: &str) -> Vec<String> {
    let Some(Value::ArrayValue(list)) = span.attributes.get(key) else {
        panic!("{key}: {:?}", span.attributes)
    };
    let text = |v: &Option<Value>| match v {
        Some(Value::StringValue(s)) => s.clone(),
        other => panic!("{other:?}"),
    };
    list.values.iter().map(|v| text(&v.value)).collect()
}

#[tokio::test]
async fn a_verification_is_one_trace() {
    let (database, collector, folder) = setting().await;
    for i in 0..3 {
        folder.write(&format!("S{i}_1m.csv"), bars(900, i));
    }
    import(&database, folder.arg(), &[]).await;
    // 13 bars of one series.
    let differing = "UPDATE barlift.bars SET low = low - 1 WHERE time < '2024-01-01 00:13Z'
                     AND series_id = (SELECT id FROM barlift.series WHERE symbol = 'S1')";
    assert_eq!(execute(&database, differing).await, 13);
    let run = traced(&database, &collector, &["verify", folder.arg(), "--force", "--json"]).run().await;
    let operation = run.json(1);
    let trace = collector.trace();
    let root = trace.root();
    assert_eq!(
        (root.name.as_str(), root.trace.as_str()),
        ("migration.verify_all", operation["trace_id"].as_str().expect("an id"))
    );
    assert_eq!(root.text("operation.id"), operation["operation_id"]);
    assert_eq!(root.text("operation.type"), "DATA_VERIFICATION");
    let attempts = trace.named("migration.verify_data");
    assert_eq!(attempts.len(), 3);
    for attempt in &attempts {
        let same = attempt.text("data.symbol") != "S1";
        assert_eq!(
            (attempt.int("migration.csv_row_count"), attempt.int("migration.db_row_count")),
            (900, 900)
        );
        assert!(attempt.flag("migration.rows_match"));
        assert_eq!(attempt.flag("migration.spot_check_passed"), same);
        assert_eq!(attempt.text("operation.id"), operation["operation_id"]);
        assert_eq!((attempt.text("job.outcome"), attempt.int("job.attempt")), ("succeeded", 1));
    }
    let compared = trace.named("migration.compare_csv_db");
    assert_eq!(compared.len(), 3);
    for span in compared {
        let differing = if span.text("data.symbol") == "S1" { 13 } else { 0 };
        assert_eq!((span.int("migration.sample_size"), span.int("migration.mismatches")), (900, differing));
        let times = list(span, "migration.mismatch_timestamps");
        assert_eq!(times.len(), usize::try_from(differing.min(10)).expect("small"));
        if differing > 0 {
            assert_eq!(
                (times[0].as_str(), times[9].as_str()),
                ("2024-01-01T00:00:00Z", "2024-01-01T00:09:00Z")
            );
        }
    }
    let below: BTreeSet<&str> = ["migration.compare_csv_db", "migration.verify_data"].into();
    for (child, parents) in [
        ("csv_import.discover_symbols", &["migration.verify_all"].into()),
        ("push barlift.v1", &["migration.verify_all"].into()),
        ("migration.verify_data", &["migration.verify_all"].into()),
        ("migration.compare_csv_db", &["migration.verify_data"].into()),
    ] {
        assert_eq!(&trace.parents(child), parents, "{child}");
    }
    for name in ["data.repository.load", "timescaledb.query", "timescaledb.connection_acquire"] {
        let parents = trace.parents(name);
        assert!(!parents.is_empty() && parents.is_subset(&below), "{name}: {parents:?}");
    }
    let loads = trace.named("data.repository.load");
    assert_eq!(loads.len(), 3);
    assert!(loads.iter().all(|l| l.text("data.backend") == "csv" && l.int("data.rows_loaded") == 900));
    let copied: Vec<_> =
        trace.named("timescaledb.query").into_iter().filter(|q| q.text("db.operation") == "COPY").collect();
    assert_eq!(copied.len(), 3);
    assert!(copied.iter().all(|q| q.int("db.rows_affected") == 900), "{copied:?}");
}

#[tokio::test]
async fn other_modes_and_known_files_have_their_spans() {
    for (mode, sampled) in [("counts", None), ("sample", Some(20)), ("full", Some(900))] {
        let (database, collector, folder) = setting().await;
        folder.write("A_1m.csv", bars(900, 1));
        import(&database, folder.arg(), &[]).await;
        let arguments = ["verify", folder.arg(), "--mode", mode, "--sample-size", "20", "--json"];
        traced(&database, &collector, &arguments).run().await.json(0);
        let trace = collector.trace();
        let attempt = trace.named("migration.verify_data")[0].clone();
        assert_eq!(attempt.int("migration.csv_row_count"), 900, "{mode}");
        assert!(
            attempt.flag("migration.rows_match") && attempt.flag("migration.spot_check_passed"),
            "{mode}"
        );
        let sizes: Vec<_> =
            trace.named("migration.compare_csv_db").iter().map(|s| s.int("migration.sample_size")).collect();
        assert_eq!(sizes, sampled.into_iter().collect::<Vec<_>>(), "{mode}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_has_all_required_attributes() {
    let (database, collector, folder) = setting().await;
    folder.write("A_1m.csv", bars(900, 1));
    folder.write("B_1m.csv", bars(900, 2));
    import(&database, folder.arg(), &[]).await;
    folder.write("A_1m.csv", "time,open\n");
    folder.write("B_1m.csv", b"\x1f\x8b\x08\x00");
    for mode in ["full", "sample", "counts"] {
        let run =
            traced(&database, &collector, &["verify", folder.arg(), "--mode", mode, "--json"]).run().await;
        assert_eq!(run.status, 1, "{}", run.stderr);
    }
    let spans = collector.spans();
    let traces: BTreeSet<&str> = spans.iter().map(|s| s.trace.as_str()).collect();
    assert_eq!(traces.len(), 3);
    for trace in traces {
        // What a trace is put together of is checked.
        let trace = Trace::new(spans.iter().filter(|s| s.trace == trace).cloned().collect());
        for span in trace.named("migration.compare_csv_db") {
            assert_eq!(span.status, StatusCode::Error);
            assert_eq!((span.int("migration.sample_size"), span.int("migration.mismatches")), (0, 0));
            assert!(list(span, "migration.mismatch_timestamps").is_empty());
        }
    }
    assert_eq!(spans.iter().filter(|s| s.name == "migration.compare_csv_db").count(), 4);
}

#[tokio::test]
async fn the_verification_after_an_import_has_a_trace_of_its_own() {
    let (database, collector, folder) = setting().await;
    folder.write("A_1m.csv", bars(900, 1));
    let both =
        traced(&database, &collector, &["import", folder.arg(), "--verify", "--json"]).run().await.json(0);
    let ids =
        [&both["trace_id"], &both["verification"]["trace_id"]].map(|v| v.as_str().expect("an id").to_owned());
    let spans = collector.spans();
    assert_eq!(spans.iter().map(|s| s.trace.clone()).collect::<BTreeSet<_>>(), ids.clone().into());
    for (id, name) in ids.iter().zip(["csv_import.import_all", "migration.verify_all"]) {
        let roots: Vec<_> = spans.iter().filter(|s| s.trace == *id && s.parent.is_empty()).collect();
        assert_eq!(roots.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), [name]);
    }
}

#[tokio::test]
async fn a_killed_verification_is_rescued_and_kept_once() {
    let (database, collector, folder) = setting().await;
    folder.write("A_1m.csv", bars(900, 1));
    import(&database, folder.arg(), &[]).await;
    execute(&database, "UPDATE barlift.bars SET low = low - 1 WHERE time = '2024-01-01 00:13Z'").await;
    killed(&database, &collector, &folder).await;
    let found = report(&database, 1).await;
    assert_eq!(found["series"][0]["different"], 1);
    assert_eq!(found["series"][0]["differences"].as_array().map(Vec::len), Some(1));
    for table in ["verifications", "differences"] {
        let sql = format!("SELECT * FROM barlift.{table}");
        assert_eq!(execute(&database, &sql).await, 1, "{table}");
    }
    let trace = collector.trace();
    let mut outcomes: Vec<_> = trace
        .named("migration.verify_data")
        .iter()
        .map(|a| (a.int("job.attempt"), a.text("job.outcome").to_owned()))
        .collect();
    outcomes.sort();
    assert_eq!(outcomes, [(1, "died".to_owned()), (2, "succeeded".to_owned())]);
}

/// A worker that verifies is killed while it keeps what it found; another one does it again.
async fn killed(database: &TestDatabase, collector: &Collector, folder: &Folder) {
    let run = traced(database, collector, &["enqueue", "verify", folder.arg()]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut holder = database.pool.begin().await.expect("begun");
    sqlx::query("LOCK TABLE barlift.difference_ranges").execute(&mut *holder).await.expect("locked");
    let worker = traced(database, collector, &["worker"]).spawn();
    let waits =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'barlift.difference_ranges'::regclass
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("it keeps what it found", || async {
        (database.scalar::<i64>(waits).await == 1).then_some(())
    })
    .await;
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
    holder.commit().await.expect("let go");
    let run = traced(database, collector, &["worker", "--drain"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}
