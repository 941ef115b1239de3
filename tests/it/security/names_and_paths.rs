//! Names and paths are data: never SQL, never a format string, never a way out of the directory.

use std::collections::BTreeSet;

use crate::support::{Folder, HEADER, TestDatabase, barlift, bars, drain};

/// One bar.
fn content() -> String {
    format!("{HEADER}2024-01-01,1,2,0.5,1.5,10\n")
}

#[tokio::test]
async fn names_that_look_like_something_else_are_data() {
    let (database, folder) = (TestDatabase::new().await, Folder::new());
    let (long, longer) = ("L".repeat(128), "L".repeat(200));
    let symbols = [
        "'; DROP TABLE barlift.bars; --",
        "\"x\"",
        "a$1",
        "%s",
        "{symbol}",
        "$(touch x)",
        "<b>&amp;",
        "\u{202e}Ünïcode-株-\u{1f4c8}",
        &long,
    ];
    for symbol in symbols {
        folder.write(&format!("{symbol}_1d.csv"), content());
    }
    folder.write(&format!("{longer}_1d.csv"), content());
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace IN ('barlift'::regnamespace, 'apalis'::regnamespace)
                  AND relkind = 'r'";
    let before: i64 = database.scalar(tables).await;
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);

    let status = barlift(&database, &["status", "latest", "--json"]).run().await.json(0);
    let named = |key: &str| -> BTreeSet<String> {
        let tasks = status["tasks"].as_array().expect("tasks").iter();
        tasks.map(|t| t[key].as_str().expect(key).to_owned()).collect()
    };
    assert_eq!(named("symbol"), symbols.map(String::from).into());
    assert_eq!(named("source"), symbols.map(|s| format!("{s}_1d.csv")).into());
    let not_taken = serde_json::json!([{ "path": format!("{longer}_1d.csv"), "reason": "has a symbol that is blank or longer than 128 bytes" }]);
    assert_eq!(status["unrecognised"], not_taken);
    let stored: Vec<String> = sqlx::query_scalar("SELECT symbol FROM barlift.bars_named")
        .fetch_all(&database.pool)
        .await
        .expect("read");
    assert_eq!(stored.len(), symbols.len(), "a bar each");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), symbols.map(String::from).into());
    assert_eq!(database.scalar::<i64>(tables).await, before);

    // They can be asked for by name, too.
    let one = ["import", folder.arg(), "--json", "--symbols", symbols[0]];
    let tasks = barlift(&database, &one).run().await.json(0)["tasks"].clone();
    assert_eq!(tasks.as_array().map(Vec::len), Some(1));
    assert_eq!((&tasks[0]["symbol"], &tasks[0]["rows_skipped"]), (&symbols[0].into(), &1.into()));
}

#[tokio::test]
async fn a_path_that_was_changed_in_the_database_leads_nowhere() {
    let folder = Folder::new();
    folder.write("in/A_1m.csv", bars(10, 1));
    let secret = folder.write("secret/B_1m.csv", bars(10, 1));
    std::os::unix::fs::symlink("../secret", folder.path().join("in/link")).expect("linked");
    let absolute = secret.to_str().expect("UTF-8").to_owned();
    let is_no_path = "the path is not one that can be read";
    let gone = "the file is gone: it was there when it was listed";
    let outside = "is a link that leads out of the source directory; not followed";
    for (path, reason) in [
        ("../secret/B_1m.csv".into(), is_no_path),
        ("x/../../secret/B_1m.csv".into(), is_no_path),
        ("./../secret/B_1m.csv".into(), is_no_path),
        ("..".into(), is_no_path),
        (absolute, is_no_path),
        (format!("/{}", secret.display()), is_no_path),
        ("link/B_1m.csv".into(), outside),
        // Not decoded by anybody.
        ("%2e%2e/secret/B_1m.csv".into(), gone),
        ("..%2Fsecret%2FB_1m.csv".into(), gone),
    ] {
        let database = TestDatabase::new().await;
        let inside = folder.path().join("in").to_str().expect("UTF-8").to_owned();
        let run = barlift(&database, &["enqueue", "import", &inside]).run().await;
        assert_eq!(run.status, 0, "{}", run.stderr);
        sqlx::query("UPDATE barlift.tasks SET source = $1")
            .bind(&path)
            .execute(&database.pool)
            .await
            .expect("changed");
        drain(&database).await;
        let status = barlift(&database, &["status", "latest", "--json"]).run().await.json(0);
        let error = &status["tasks"][0]["error"];
        assert_eq!(error["message"], format!("{path}: {reason}"));
        assert_eq!(error["class"], "permanent", "{path}");
        assert_eq!(database.bars().await, 0, "{path}");
    }
}
