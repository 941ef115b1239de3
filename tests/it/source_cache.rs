//! Files that are recognised by their content count their rows as in the run that read them.

use serde_json::Value;

use crate::support::{Folder, TestDatabase, bar, barlift, bars};

/// 20 bars, one of which breaks a rule of the market, a row that is none and one that repeats another.
fn with_findings(seed: u64) -> String {
    let text = bars(19, seed);
    format!("{text}2024-01-02T00:00:00Z,1,0.5,0.9,1,5\nnonsense,1,1,1,1,1\n{}", bar(3, seed))
}

async fn import(database: &TestDatabase, folder: &Folder, more: &[&str]) -> Value {
    let arguments = [&["import", folder.arg(), "--json", "--concurrency", "1"], more].concat();
    barlift(database, &arguments).run().await.json(0)
}

fn counts(result: &Value) -> [i64; 6] {
    ["rows", "rows_imported", "rows_skipped", "rows_rejected", "rows_duplicate", "quality_issues"]
        .map(|name| result["totals"][name].as_i64().expect(name))
}

#[tokio::test]
async fn rows_count_as_in_the_run_that_read_them() {
    // Alone, and several at once.
    for files in [1, 4] {
        let (database, folder) = (TestDatabase::new().await, Folder::new());
        for i in 0..files {
            folder.write(&format!("S{i}_1m.csv"), with_findings(i));
        }
        let each = |counts: [u64; 6]| counts.map(|n| i64::try_from(n * files).expect("small"));
        assert_eq!(counts(&import(&database, &folder, &[]).await), each([22, 20, 0, 1, 1, 1]));
        for _ in 0..2 {
            let again = import(&database, &folder, &[]).await;
            assert_eq!(counts(&again), each([22, 0, 20, 1, 1, 1]), "{files} files");
            assert!(again["tasks"].as_array().expect("a list").iter().all(|t| t["recognised"] == true));
        }
        // Whoever looks for what was found is told which task has it.
        let found: i64 = database
            .scalar(
                "SELECT count(*) FROM barlift.tasks t JOIN barlift.rejected_rows r ON r.task_id = t.findings_of
                 JOIN barlift.tasks reader ON reader.id = r.task_id
                 WHERE t.recognised AND NOT reader.recognised AND reader.source = t.source",
            )
            .await;
        assert_eq!(found, i64::try_from(2 * files).expect("small"));
        let read = import(&database, &folder, &["--force"]).await;
        assert_eq!(counts(&read), each([22, 0, 20, 1, 1, 1]), "as if it were read again");
    }
}

#[tokio::test]
async fn what_an_older_version_recorded_is_completed_or_read_again() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    folder.write("FINDINGS_1m.csv", with_findings(1));
    folder.write("GONE_1m.csv", with_findings(2));
    folder.write("PLAIN0_1m.csv", bars(20, 3));
    folder.write("PLAIN1_1m.csv", bars(20, 4));
    import(&database, &folder, &[]).await;
    // As it left it; the task of one file was deleted since.
    database.execute("DELETE FROM barlift.tasks WHERE symbol = 'GONE'").await;
    database
        .execute(
            "UPDATE barlift.imported_sources
             SET rows_rejected = NULL, rows_duplicate = NULL, quality_issues = NULL, task_id = NULL",
        )
        .await;
    let migration = include_str!("../../migrations/20261129113100_recognised_counts.sql");
    let mut statements = 0;
    for statement in migration.split(';').filter(|s| s.contains("UPDATE barlift.imported_sources")) {
        sqlx::raw_sql(statement).execute(&database.pool).await.expect(statement);
        statements += 1;
    }
    assert_eq!(statements, 2);
    for known in [3, 4] {
        let again = import(&database, &folder, &[]).await;
        assert_eq!(counts(&again), [84, 0, 80, 2, 2, 2]);
        let tasks = again["tasks"].as_array().expect("a list");
        assert_eq!(tasks.iter().filter(|t| t["recognised"] == true).count(), known);
    }
}
