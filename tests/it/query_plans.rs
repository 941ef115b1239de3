//! Statements about single tasks and jobs find them by their keys, whatever the statistics say.
//!
//! The statistics here were taken while nothing was open. An index of open tasks alone then looks cheapest, and a
//! statement that can use it would read all open tasks to find one.

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::support::{Folder, TestDatabase, bars, drain, enqueue};

/// Statements, by their files.
macro_rules! statements {
    ($($path:literal),+ $(,)?) => { &[$(($path, include_str!(concat!("../../src/", $path)))),+] };
}

const ON_TASKS: &[(&str, &str)] = statements![
    // Claiming.
    "task/sql/lock_task.sql",
    "task/sql/rescued.sql",
    "task/sql/start.sql",
    "task/sql/wait.sql",
    "task/sql/park.sql",
    // While an attempt runs.
    "task/sql/any_lost.sql",
    "task/sql/same_version.sql",
    "task/sql/reset_counters.sql",
    "task/sql/counters.sql",
    "task/sql/lock_held.sql",
    "task/sql/open.sql",
    "task/sql/read_to.sql",
    // Batches, what keeps a verification, and settling.
    "task/sql/record.sql",
    "task/sql/release.sql",
    "task/sql/lock_if_free.sql",
    "repository/sql/keep_cached_imports.sql",
    "repository/sql/is_held.sql",
    "repository/sql/locked_series.sql",
    "verify/sql/insert_parts.sql",
    // Commands, behind the look for the operation's tasks.
    "operation/control/sql/stop_tasks.sql",
    "operation/control/sql/push_again.sql",
    "operation/control/sql/retry_tasks.sql",
    // Spans.
    "operation/span_outbox/sql/claim_attempts.sql",
    "operation/span_outbox/sql/store_ended.sql",
];

/// They look for the series that a task has verified.
const ON_PARTS: &[(&str, &str)] = statements!["task/sql/delete_parts.sql"];

/// They look for open tasks once, and find each of them again by its key.
const ON_OPEN_TASKS: &[(&str, &str)] = statements![
    "task/sql/lock_eligible.sql",
    "task/sql/push_orphaned.sql",
    "task/sql/next_waiting.sql",
    "task/sql/waited_for_and_free.sql",
];

/// They look whether an operation has open tasks, by the index of those.
const ON_OPERATIONS: &[(&str, &str)] = statements!["task/sql/unended.sql", "task/sql/any_open.sql"];

const ON_JOBS: &[(&str, &str)] = statements![
    "queue/sql/lock_waiting.sql",
    "queue/sql/take.sql",
    "queue/sql/done.sql",
    "queue/sql/give_back.sql",
    "queue/sql/defer.sql",
    "queue/sql/set_priority.sql",
    "queue/sql/withdraw.sql",
];

/// Its plan as a prepared statement that has been used for a while.
async fn plan(connection: &mut PgConnection, statement: &str) -> Value {
    let parameters = (1..100).take_while(|n| statement.contains(&format!("${n}"))).count();
    let arguments = match parameters {
        0 => String::new(),
        n => format!("({})", vec!["NULL"; n].join(", ")),
    };
    for text in [
        "SET plan_cache_mode = force_generic_plan".to_owned(),
        "DEALLOCATE ALL".to_owned(),
        format!("PREPARE looked_at AS {statement}"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(barlift::db::template::expanded(&text)))
            .execute(&mut *connection)
            .await
            .expect(statement);
    }
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE looked_at {arguments}");
    let explain = sqlx::query_scalar(AssertSqlSafe(explain)).persistent(false);
    explain.fetch_one(connection).await.expect(statement)
}

/// How a plan reaches a table: the indexes, or what it does instead.
fn ways(plan: &Value, table: &str, found: &mut Vec<String>) {
    let text = |key: &str| plan[key].as_str().unwrap_or_default();
    if text("Relation Name") == table {
        match text("Node Type") {
            "ModifyTable" => {}
            "Bitmap Heap Scan" => found.push(plan["Plans"][0]["Index Name"].to_string()),
            "Index Scan" | "Index Only Scan" => found.push(text("Index Name").to_owned()),
            other => found.push(other.to_owned()),
        }
    }
    plan["Plans"].as_array().into_iter().flatten().for_each(|p| ways(p, table, found));
}

/// No statement reaches the table by anything but these keys, more than so many times.
async fn check(
    database: &TestDatabase,
    statements: &[(&str, &str)],
    (table, keys): (&str, &[&str]),
    others: usize,
) {
    let mut connection = database.pool.acquire().await.expect("a connection").detach();
    let mut wrong = Vec::new();
    let mut reached = 0;
    for (path, statement) in statements {
        let plan = plan(&mut connection, statement).await;
        let mut found = Vec::new();
        ways(&plan[0]["Plan"], table, &mut found);
        reached += usize::from(!found.is_empty());
        if found.iter().filter(|way| !keys.contains(&way.as_str())).count() > others {
            wrong.push(format!("{path}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "not by the key:\n{}", wrong.join("\n"));
    assert!(
        reached * 4 >= statements.len() * 3,
        "{reached} of {} statements reach {table}",
        statements.len()
    );
}

#[tokio::test]
async fn tasks_and_jobs_are_found_by_their_keys_with_old_statistics() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    for i in 0..20 {
        folder.write(&format!("S{i}_1m.csv"), bars(3, i));
    }
    enqueue(&database, &folder).await;
    drain(&database).await;
    for statement in [
        "ALTER TABLE barlift.tasks SET (autovacuum_enabled = off)",
        "ALTER TABLE apalis.jobs SET (autovacuum_enabled = off)",
        "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes, state, finished_at)
         SELECT id, 'D' || i, '1m', 'D' || i, 100, 'succeeded', now() FROM barlift.operations, generate_series(1, 5000) i",
        "INSERT INTO apalis.jobs (id, job_type, job, status, idempotency_key, lock_by)
         SELECT 'D' || i, 'barlift.v1', '', 'Done', 'D' || i, (SELECT min(id) FROM apalis.workers)
         FROM generate_series(1, 5000) i",
        "ANALYZE barlift.tasks",
        "ANALYZE apalis.jobs",
        // And then the work begins.
        "INSERT INTO barlift.tasks (operation_id, symbol, timeframe, source, source_bytes, state, fence)
         SELECT id, 'P' || i, '1m', 'P' || i, 100, CASE i % 2 WHEN 0 THEN 'running' ELSE 'pending' END, i % 2
         FROM barlift.operations, generate_series(1, 100000) i",
        "INSERT INTO apalis.jobs (id, job_type, job, status, idempotency_key, lock_by)
         SELECT 'P' || i, 'barlift.v1', '', CASE i % 2 WHEN 0 THEN 'Running' ELSE 'Pending' END, 'P' || i,
                (SELECT max(id) FROM apalis.workers)
         FROM generate_series(1, 100000) i",
    ] {
        database.execute(statement).await;
    }
    let tasks: (&str, &[&str]) = ("tasks", &["tasks_pkey"]);
    check(&database, ON_TASKS, tasks, 0).await;
    check(&database, ON_OPEN_TASKS, tasks, 1).await;
    check(&database, ON_PARTS, ("tasks", &["tasks_of_part"]), 0).await;
    let of_operations: (&str, &[&str]) = ("tasks", &["tasks_open", "tasks_pkey"]);
    check(&database, ON_OPERATIONS, of_operations, 0).await;
    let jobs: (&str, &[&str]) = ("jobs", &["jobs_pkey", "unique_job_id", "idx_jobs_idempotency_key"]);
    check(&database, ON_JOBS, jobs, 0).await;
}

/// How often a plan that has run looked into a table.
fn loops(plan: &Value, table: &str) -> i64 {
    let own = if plan["Relation Name"] == table { plan["Actual Loops"].as_i64().expect("loops") } else { 0 };
    own + plan["Plans"].as_array().into_iter().flatten().map(|p| loops(p, table)).sum::<i64>()
}

/// Else importing many files again right after their first import takes a time that grows with the square of their number.
#[tokio::test]
async fn only_the_bars_of_the_files_that_are_asked_for_are_counted_before_there_are_statistics() {
    let database = TestDatabase::new().await;
    for statement in [
        "ALTER TABLE barlift.imported_sources SET (autovacuum_enabled = off)",
        "INSERT INTO barlift.series (symbol, timeframe) SELECT 'S' || i, '1m' FROM generate_series(1, 1000) i",
        "INSERT INTO barlift.imported_sources (series_id, content_hash, options_hash, rows, first_time, last_time, bars,
                                               rows_rejected, rows_duplicate, quality_issues)
         SELECT id, sha256(id::text::bytea), sha256(''), 0, now(), now(), 0, 0, 0, 0 FROM barlift.series",
    ] {
        database.execute(statement).await;
    }
    let statement =
        barlift::db::template::expanded(include_str!("../../src/repository/sql/find_cached_imports.sql"));
    let explain = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN (ANALYZE, FORMAT JSON) {statement}")));
    let files = "SELECT array_agg(id), array_agg(sha256(id::text::bytea)), array_agg(sha256(''))
                 FROM (SELECT id FROM barlift.series LIMIT 60) s";
    let (series, hashes, options): (Vec<i32>, Vec<Vec<u8>>, Vec<Vec<u8>>) =
        sqlx::query_as(files).fetch_one(&database.pool).await.expect("files");
    let plan: Value =
        explain.bind(series).bind(hashes).bind(options).fetch_one(&database.pool).await.expect("a plan");
    assert_eq!(plan[0]["Plan"]["Actual Rows"].as_f64(), Some(60.0), "all of them are found");
    // None in a hypertable without chunks.
    assert!(loops(&plan[0]["Plan"], "bars") <= 60, "{plan:#}");
}
