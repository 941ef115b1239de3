//! Hypertables, if the server has TimescaleDB. Otherwise each test says that it was skipped.

use crate::support::{
    Folder, NO_TIMESCALEDB, PrivateServer, TestDatabase, bar, barlift, bars, eventually, skipped,
};

async fn with_timescaledb() -> Option<TestDatabase> {
    let database = TestDatabase::new().await;
    if database.timescaledb {
        return Some(database);
    }
    skipped(NO_TIMESCALEDB);
    None
}

#[tokio::test]
async fn bars_are_a_hypertable_without_a_time_index() {
    let Some(database) = with_timescaledb().await else { return };
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(3000, 1));
    for imported in [3000, 0] {
        let result = barlift(&database, &["import", folder.arg(), "--json", "--force"]).run().await.json(0);
        assert_eq!(result["totals"]["rows_imported"], imported);
    }
    let info = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(info["storage"]["kind"], "hypertable");
    let indexes: i64 = database
        .scalar("SELECT count(*) FROM pg_indexes WHERE schemaname = 'barlift' AND tablename = 'bars'")
        .await;
    assert_eq!(indexes, 1, "the primary key alone");
    let chunks: i64 = database.scalar("SELECT count(*) FROM timescaledb_information.chunks").await;
    assert!(chunks >= 1);
}

#[tokio::test]
async fn a_compression_policy_is_set_once() {
    let Some(database) = with_timescaledb().await else { return };
    for _ in 0..2 {
        let program = barlift(&database, &["db", "setup", "--json"])
            .env("BARLIFT__DATABASE__COMPRESS_AFTER", "30 days");
        program.run().await.json(0);
    }
    let policies: i64 = database
        .scalar("SELECT count(*) FROM timescaledb_information.jobs WHERE proc_name IN ('policy_compression', 'policy_columnstore')")
        .await;
    assert_eq!(policies, 1);
}

#[tokio::test]
async fn without_timescaledb_the_table_is_plain_and_says_so() {
    let database = TestDatabase::new().await;
    if database.timescaledb {
        skipped("the server has the extension timescaledb");
        return;
    }
    let info = barlift(&database, &["db", "info"]).run().await;
    assert!(
        info.stdout.contains("bars        plain table (the server does not have the extension timescaledb)"),
        "{}",
        info.stdout
    );
}

#[tokio::test]
async fn a_failed_set_up_is_made_good_by_the_next_command() {
    if with_timescaledb().await.is_none() {
        return;
    }
    let database = TestDatabase::empty().await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let bad = barlift(&database, &["import", folder.arg()])
        .env("BARLIFT__DATABASE__CHUNK_INTERVAL", "90 dayz")
        .run()
        .await;
    assert_eq!(bad.status, 3, "{}", bad.stderr);
    assert!(bad.stderr.contains("database.chunk_interval"), "{}", bad.stderr);
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    let info = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(info["storage"]["kind"], "hypertable");
}

#[tokio::test]
async fn compressed_bars_can_be_overwritten() {
    let Some(database) = with_timescaledb().await else { return };
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(5000, 1));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    barlift(&database, &["db", "setup"]).env("BARLIFT__DATABASE__COMPRESS_AFTER", "30 days").run().await;
    database.execute("SELECT compress_chunk(c) FROM show_chunks('barlift.bars') c").await;
    // Far below the file's size, so that the server's own limit would stop it.
    let name: String = database.scalar("SELECT current_database()::text").await;
    let limit =
        format!("ALTER DATABASE {name} SET timescaledb.max_tuples_decompressed_per_dml_transaction = 10");
    sqlx::query(sqlx::AssertSqlSafe(limit)).execute(&database.pool).await.expect("limited");
    let changed = bars(5000, 1).replace(&bar(2500, 1), &bar(2500, 2));
    folder.write("A_1m.csv", changed);
    let arguments = ["import", folder.arg(), "--json", "--on-mismatch", "overwrite"];
    let result = barlift(&database, &arguments).run().await.json(0);
    assert_eq!(result["totals"]["rows_mismatched"], 1);
    let open: f64 = database.scalar("SELECT open FROM barlift.bars WHERE time = '2024-01-02 17:40Z'").await;
    assert_eq!(open.to_string(), bar(2500, 2).split(',').nth(1).expect("a field"));
    assert_eq!(database.bars().await, 5000);
}

/// A policy that always fails, as every one does if the server is newer than its TimescaleDB can bear.
const FAILING: &str =
    "CREATE OR REPLACE PROCEDURE _timescaledb_functions.policy_compression(job_id INTEGER, config JSONB)
     LANGUAGE plpgsql AS $$BEGIN RAISE 'cannot drop portal'; END$$";

#[tokio::test]
async fn a_compression_policy_that_fails_is_told() {
    if with_timescaledb().await.is_none() {
        return;
    }
    // The shared server has too many databases to run the jobs of each.
    let server = PrivateServer::start().await;
    let database = server.database("jobs").await;
    let setup = barlift(&database, &["db", "setup"]).env("BARLIFT__DATABASE__COMPRESS_AFTER", "30 days");
    let sound = setup.run().await;
    assert_eq!(sound.status, 0, "{}", sound.stderr);
    assert!(!sound.stdout.contains("failed"), "{}", sound.stdout);
    database.execute(FAILING).await;
    database
        .execute("SELECT alter_job(job_id, next_start => now()) FROM timescaledb_information.jobs WHERE config ? 'compress_after'")
        .await;
    eventually("the policy fails", || async {
        // Not that of another job: without telemetry, the one that sends it fails, too.
        let failed = "SELECT coalesce(bool_or(last_run_status = 'Failed'), false)
            FROM timescaledb_information.job_stats
            JOIN timescaledb_information.jobs USING (job_id)
            WHERE config ? 'compress_after'";
        database.scalar::<bool>(failed).await.then_some(())
    })
    .await;
    let info = barlift(&database, &["db", "info"]).run().await.stdout;
    assert!(info.contains("the last run of the compression policy failed: cannot drop portal"), "{info}");
    let info = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(info["storage"]["compression_error"], "cannot drop portal");
}
