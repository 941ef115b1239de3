//! The columnstore: how it is set up, that bars are in order, and that each is there once.
//!
//! Many tests of other modules run on it, too (`also_on_the_columnstore`). Without TimescaleDB each test here says
//! that it was skipped.

mod compression;
mod storage_choice;
mod uniqueness;

use crate::support::{Folder, HEADER, TestDatabase, bar, barlift};

/// Imports one file with these rows of the series `A` at one minute; how many were written.
async fn import(database: &TestDatabase, rows: impl IntoIterator<Item = usize>) -> i64 {
    let folder = Folder::new();
    let rows: String = rows.into_iter().map(|i| bar(i, 1)).collect();
    folder.write("A_1m.csv", format!("{HEADER}{rows}"));
    let arguments = ["import", folder.arg(), "--json", "--force"];
    let result = barlift(database, &arguments).run().await.json(0);
    let totals = &result["totals"];
    assert_eq!((totals["rows_mismatched"].as_i64(), totals["failed"].as_i64()), (Some(0), Some(0)));
    totals["rows_imported"].as_i64().expect("a number")
}

/// How the chunks say they are, and how many bytes of bars lie in them that are not compressed.
async fn chunks(database: &TestDatabase) -> (Vec<String>, i64) {
    let states = sqlx::query_scalar(
        "SELECT DISTINCT array_to_string(_timescaledb_functions.chunk_status_text(c), ' ')
         FROM show_chunks('barlift.bars') c ORDER BY 1",
    );
    let states = states.fetch_all(&database.pool).await.expect("asked");
    let plain = "SELECT sum(pg_relation_size(c))::bigint FROM show_chunks('barlift.bars') c";
    (states, database.scalar(plain).await)
}

/// Lets the policy fold plain rows in, now.
async fn fold(database: &TestDatabase) {
    let job: i32 = database
        .scalar("SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_schema = 'barlift' AND config ? 'compress_after'")
        .await;
    let call = sqlx::AssertSqlSafe(format!("CALL run_job({job})"));
    sqlx::raw_sql(call).execute(&database.pool).await.expect("folded");
}

/// Everything that is in order when just these rows of `A` are there.
async fn check(database: &TestDatabase, rows: &[usize]) {
    reads(database, rows).await;
    let folder = Folder::new();
    let text: String = rows.iter().map(|i| bar(*i, 1)).collect();
    folder.write("A_1m.csv", format!("{HEADER}{text}"));
    for mode in ["full", "sample", "counts"] {
        let arguments = ["verify", folder.arg(), "--json", "--force", "--mode", mode];
        barlift(database, &arguments).run().await.json(0);
    }
}

/// That these rows of `A` are read, and in order.
async fn reads(database: &TestDatabase, rows: &[usize]) {
    let start = 1_704_067_200;
    let wanted: Vec<i64> = rows.iter().map(|i| start + 60 * i64::try_from(*i).expect("small")).collect();
    let (first, last) = (wanted[wanted.len() / 4], wanted[wanted.len() / 2]);
    let backwards: Vec<i64> = wanted.iter().rev().copied().collect();
    let between: Vec<i64> = wanted.iter().copied().filter(|t| (first..=last).contains(t)).collect();
    for (what, condition, order, wanted) in [
        ("all", String::new(), "ORDER BY time", &wanted[..]),
        ("backwards", String::new(), "ORDER BY time DESC", &backwards),
        ("the first", String::new(), "ORDER BY time LIMIT 10", &wanted[..10.min(wanted.len())]),
        ("the last", String::new(), "ORDER BY time DESC LIMIT 10", &backwards[..10.min(wanted.len())]),
        (
            "a range",
            format!("AND time BETWEEN to_timestamp({first}) AND to_timestamp({last})"),
            "ORDER BY time",
            &between,
        ),
    ] {
        let query = format!(
            "SELECT extract(epoch FROM time)::bigint FROM barlift.bars
             WHERE series_id = (SELECT id FROM barlift.series WHERE symbol = 'A') {condition} {order}"
        );
        let got: Vec<i64> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(&database.pool).await.expect("read");
        assert!(
            got == wanted,
            "{what}: {} bars, wanted {}; out of order at {:?}",
            got.len(),
            wanted.len(),
            { got.iter().zip(wanted).position(|(a, b)| a != b) }
        );
    }
}
