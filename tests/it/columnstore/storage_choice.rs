//! Which storage a database gets, and when it may still change.

use serde_json::{Value, json};

use crate::support::{Folder, NO_TIMESCALEDB, PrivateServer, Run, TestDatabase, barlift, bars, skipped};

/// A database without TimescaleDB's storage chosen yet; none where the server does not have it.
async fn fresh() -> Option<TestDatabase> {
    if TestDatabase::new().await.timescaledb {
        return Some(TestDatabase::empty().await);
    }
    skipped(NO_TIMESCALEDB);
    None
}

async fn set_up(database: &TestDatabase, storage: &str) -> Value {
    let run = barlift(database, &["db", "setup", "--storage", storage, "--json"]).run().await;
    run.json(0)["storage"].take()
}

fn refused(run: &Run, what: &str, hint: &str) {
    assert_eq!(run.status, 2, "{}", run.stderr);
    for text in [what, hint] {
        assert!(run.stderr.replace('\n', " ").contains(text), "{text}: {}", run.stderr);
    }
}

#[tokio::test]
async fn a_columnstore_is_what_it_says() {
    let Some(database) = fresh().await else { return };
    for _ in 0..2 {
        let storage = set_up(&database, "columnstore").await;
        assert_eq!((&storage["kind"], &storage["layout"]), (&json!("hypertable"), &json!("columnstore")));
        assert_eq!(storage["compress_after"], "7 days");
        let promise = storage["promise"].as_str().expect("a promise");
        assert!(promise.starts_with("unique by barlift's own check (no unique index)"), "{promise}");
    }
    let info = barlift(&database, &["db", "info"]).run().await.stdout;
    assert!(
        info.contains("storage     columnstore: unique by barlift's own check (no unique index)"),
        "{info}"
    );
    assert!(info.contains("what was not, after 7 days"), "{info}");
    // What is asked for replaces the policy, and nothing else does.
    for (after, now) in [("3 days", "3 days"), ("", "3 days"), ("02:00:00", "02:00:00")] {
        let program = barlift(&database, &["db", "setup", "--json"]);
        let storage = program.env("BARLIFT__DATABASE__COMPRESS_AFTER", after).run().await.json(0);
        assert_eq!(storage["storage"]["compress_after"], now);
    }
}

#[tokio::test]
async fn an_empty_database_changes_its_storage_and_one_with_bars_does_not() {
    let Some(database) = fresh().await else { return };
    for storage in ["rowstore", "columnstore", "rowstore", "columnstore", "rowstore"] {
        assert_eq!(set_up(&database, storage).await["layout"], storage);
        // Bars that are gone again leave their chunks behind.
        database
            .execute("INSERT INTO barlift.bars SELECT 1, '2024-01-01'::timestamptz + i * interval '1 min', 1, 1, 1, 1, 1 FROM generate_series(1, 2000) i")
            .await;
        if storage == "columnstore" {
            database.execute("SELECT compress_chunk(c) FROM show_chunks('barlift.bars') c").await;
        }
        database.execute("DELETE FROM barlift.bars").await;
    }
    // An import sets up what the configuration says; and then it stays.
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(500, 1));
    let import = |storage: &str| {
        let program = barlift(&database, &["import", folder.arg(), "--json", "--force"]);
        program.env("BARLIFT__DATABASE__STORAGE", storage).run()
    };
    import("columnstore").await.json(0);
    for storage in ["", "columnstore"] {
        assert_eq!(import(storage).await.json(0)["totals"]["rows_skipped"], 500);
    }
    refused(
        &import("rowstore").await,
        "database.storage is rowstore, but there are bars already",
        "set up another database",
    );
    let run = barlift(&database, &["db", "setup", "--storage", "rowstore"]).run().await;
    refused(&run, "they are not converted", "leave database.storage");
    let info = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(info["storage"]["layout"], "columnstore");
    assert_eq!(database.bars().await, 500);
}

#[tokio::test]
async fn without_timescaledb_a_columnstore_is_refused() {
    let database = TestDatabase::new().await;
    if database.timescaledb {
        skipped("the server has the extension timescaledb");
        return;
    }
    let run = barlift(&database, &["db", "setup", "--storage", "columnstore"]).run().await;
    refused(&run, "the server does not have the extension timescaledb", "install TimescaleDB");
    // A plain table is a rowstore.
    let run = barlift(&database, &["db", "setup", "--storage", "rowstore"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[tokio::test]
async fn an_apache_license_is_told_at_set_up() {
    if fresh().await.is_none() {
        return;
    }
    let server = PrivateServer::start().await;
    server.set("timescaledb.license", "apache");
    server.restart_immediately();
    server.create_database("apache").await;
    let database = TestDatabase::at(server.admin_url("apache")).await;
    let run = barlift(&database, &["db", "setup", "--storage", "columnstore"]).run().await;
    refused(&run, "under its Apache license", "timescaledb.license = 'timescale'");
    let run = barlift(&database, &["db", "setup"]).env("BARLIFT__DATABASE__COMPRESS_AFTER", "30 days");
    refused(&run.run().await, "database.compress_after is \"30 days\"", "leave database.compress_after out");
    let info = barlift(&database, &["db", "setup", "--json"]).run().await.json(0);
    assert_eq!(info["storage"]["layout"], "rowstore");
}

#[tokio::test]
async fn a_storage_that_is_none_is_named() {
    let database = TestDatabase::new().await;
    let run = barlift(&database, &["db", "info"]).env("BARLIFT__DATABASE__STORAGE", "colstore").run().await;
    refused(&run, "database.storage `colstore` is none of rowstore, columnstore", "config/default.toml");
}
