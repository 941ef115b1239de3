//! `barlift diagnose`: the three workflows of docs/reference.md, from the database's own records.

use nix::sys::signal::Signal;

use crate::support::{Folder, HEADER, TestDatabase, barlift, bars, drain, enqueue, hold_back, wait_for_rows};

/// An import whose times are then set to known ones: S0 is slow in looking up, S1 in nothing.
async fn known_operation(database: &TestDatabase) -> Folder {
    let folder = Folder::new();
    folder.write("S0_1m.csv", bars(1000, 1));
    folder.write("S1_1m.csv", bars(1000, 2));
    barlift(database, &["import", folder.arg()]).run().await;
    let bad = bars(1000, 1).replace(",101", ",202") + "nonsense\n2024-02-01T00:00:00Z,1,0.5,0.9,1,5\n";
    folder.write("S0_1m.csv", bad);
    folder.write("BAD_1m.csv", "time,open\n");
    assert_eq!(barlift(database, &["import", folder.arg()]).run().await.status, 1);
    for statement in [
        "UPDATE barlift.operations SET traceparent = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
             traced = true, created_at = '2030-01-01', run_at = '2030-01-01', started_at = '2030-01-01 00:00:30', finished_at = '2030-01-01 00:10:30'
         WHERE created_at = (SELECT max(created_at) FROM barlift.operations)",
        "UPDATE barlift.attempts a
         SET started_at = '2030-01-01 00:00:30', worker = 'host-1-abc',
             finished_at = CASE t.symbol WHEN 'S0' THEN timestamptz '2030-01-01 00:10:30' ELSE '2030-01-01 00:01:30' END,
             phases = CASE t.symbol WHEN 'S0' THEN jsonb '{
                 \"read\": {\"ms\": 20000, \"count\": 10, \"max_ms\": 3000},
                 \"check_exists\": {\"ms\": 400000, \"count\": 10, \"max_ms\": 60000},
                 \"insert_batch\": {\"ms\": 50000, \"count\": 10, \"max_ms\": 6000},
                 \"connection_wait\": {\"ms\": 30000, \"count\": 10, \"max_ms\": 9000}}' ELSE '{}' END,
             slowest = CASE t.symbol WHEN 'S0' THEN jsonb '[{\"operation\": \"SELECT\", \"statement\": \"SELECT time FROM barlift.bars\", \"ms\": 60000, \"rows\": 500}]' ELSE '[]' END
         FROM barlift.tasks t WHERE t.id = a.task_id",
    ] {
        database.execute(statement).await;
    }
    folder
}

#[tokio::test]
async fn the_page_names_the_slow_phase_the_bad_data_and_the_slow_query() {
    let database = TestDatabase::new().await;
    let folder = known_operation(&database).await;
    let page = barlift(&database, &["diagnose", "latest"]).run().await;
    crate::cli::check("diagnose", &page, &folder);
    let page = barlift(&database, &["diagnose", "latest", "--symbol", "S0"]).run().await;
    crate::cli::check("diagnose_symbol", &page, &folder);
    let page = barlift(&database, &["diagnose", "latest", "--symbol", "S7"]).run().await;
    crate::cli::check("diagnose_unknown_symbol", &page, &folder);
}

#[tokio::test]
async fn the_json_says_the_same() {
    let database = TestDatabase::new().await;
    let _folder = known_operation(&database).await;
    let found = barlift(&database, &["diagnose", "latest", "--json", "--limit", "1"])
        .env("BARLIFT__TRACE__UI_URL", "https://jaeger.example/ui/")
        .run()
        .await
        .json(0);
    assert_eq!(found["trace_url"], "https://jaeger.example/ui/trace/0123456789abcdef0123456789abcdef");
    assert_eq!(found["waited_ms"], 30_000.0);
    assert_eq!(found["duration_ms"], 600_000.0);
    assert_eq!(found["phases"][0]["phase"], "check_exists");
    assert_eq!(found["phases"][0]["mean_ms"], 40_000.0);
    assert_eq!(found["slowest_files"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["slowest_files"][0]["slowest_phase"], "check_exists");
    assert_eq!(found["slowest_statements"][0]["ms"], 60_000.0);
    assert_eq!(found["pool"]["max_ms"], 9000.0);
    assert_eq!(found["quality"]["files"][0]["rows_rejected"], 1);
    assert_eq!(found["failures"][0]["symbol"], "BAD");
    let advice = found["advice"].as_array().expect("a list");
    let says = |text: &str| advice.iter().any(|a| a["action"].as_str().expect("text").contains(text));
    for action in ["start workers", "index", "connection pool", "query plan", "barlift report", "mend"] {
        assert!(says(action), "{action}: {advice:?}");
    }
}

#[tokio::test]
async fn a_running_operation_tells_how_far_it_is() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    let holder = hold_back(&database).await;
    enqueue(&database, &folder).await;
    let before = barlift(&database, &["diagnose", "--json"]).run().await.json(0);
    assert_eq!((&before["duration_ms"], &before["attempts"]), (&serde_json::Value::Null, &0.into()));
    let worker = barlift(&database, &["worker"]).env("BARLIFT__IMPORT__BATCH_ROWS", "100").spawn();
    wait_for_rows(&database, 500).await;
    let found = barlift(&database, &["diagnose", "--json", "--symbol", "A"]).run().await.json(0);
    assert_eq!(found["state"], "running");
    assert_eq!(found["attempt_list"][0]["outcome"], "running");
    // Each batch brings what the ones before it took.
    let phase = |name: &str| {
        let phases = found["phases"].as_array().expect("a list");
        phases.iter().find(|p| p["phase"] == name).expect(name)["count"].clone()
    };
    assert_eq!((phase("insert_batch"), phase("commit")), (5.into(), 4.into()));
    worker.signal(Signal::SIGKILL);
    worker.wait().await;
    holder.commit().await.expect("let go");
    drain(&database).await;
    let found = barlift(&database, &["diagnose", "--json", "--symbol", "A"]).run().await.json(0);
    let outcomes: Vec<_> =
        found["attempt_list"].as_array().expect("a list").iter().map(|a| a["outcome"].clone()).collect();
    assert_eq!(outcomes, ["rescued", "succeeded"]);
}

#[tokio::test]
async fn an_import_leaves_its_times_without_any_collector() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("A_1m.csv", bars(1000, 1));
    folder.write("EMPTY_1m.csv", HEADER);
    let arguments = ["import", folder.arg(), "--batch-rows", "100", "--allow-empty"];
    let run = barlift(&database, &arguments).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found = barlift(&database, &["diagnose", "--json"]).run().await.json(0);
    let phases = found["phases"].as_array().expect("a list");
    let inserted = phases.iter().find(|p| p["phase"] == "insert_batch").expect("insert_batch");
    assert_eq!(inserted["count"], 10);
    assert!(inserted["ms"].as_f64().expect("a number") > 0.0);
    assert!(found["busy_ms"].as_f64().expect("a number") >= inserted["ms"].as_f64().expect("a number"));
    assert_eq!(found["pool"]["waits"], 10);
    assert_eq!(found["slowest_statements"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn statements_begin_with_their_sql() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    // Small files that go together are looked up by a statement of their own.
    for i in 0..4 {
        folder.write(&format!("S{i}_1m.csv"), bars(300, i));
    }
    let run = barlift(&database, &["import", folder.arg(), "--concurrency", "1"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found = barlift(&database, &["diagnose", "--json", "--limit", "100"]).run().await.json(0);
    let statements = found["slowest_statements"].as_array().expect("a list");
    assert!(statements.len() >= 4, "{statements:?}");
    for statement in statements.iter().map(|s| s["statement"].as_str().expect("text")) {
        assert!(statement.starts_with(|c: char| c.is_ascii_uppercase()), "{statement}");
    }
}
