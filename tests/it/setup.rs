//! Setting up a database: an empty one, by several processes at once, without rights.

use crate::support::{Folder, TestDatabase, barlift, bars};

#[tokio::test]
async fn an_empty_database_is_set_up_by_the_first_command() {
    let database = TestDatabase::empty().await;
    let before = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(before["schema_current"], false);
    assert_eq!(before["storage"], serde_json::Value::Null);
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    barlift(&database, &["import", folder.arg(), "--json"]).run().await.json(0);
    let after = barlift(&database, &["db", "info", "--json"]).run().await.json(0);
    assert_eq!(after["schema_current"], true);
    assert_eq!((after["series"].as_i64(), after["bars_estimate"].as_i64()), (Some(1), Some(10)));
    barlift(&database, &["db", "setup", "--json"]).run().await.json(0);
    assert_eq!(database.bars().await, 10);
}

#[tokio::test]
async fn many_set_up_at_the_same_moment() {
    let database = TestDatabase::empty().await;
    let runs = (0..4).map(|_| barlift(&database, &["db", "setup", "--json"]).run());
    for run in futures::future::join_all(runs).await {
        assert_eq!(run.json(0)["schema_current"], true);
    }
}

#[tokio::test]
async fn a_role_without_rights_is_told_so() {
    let database = TestDatabase::empty().await;
    let name: String = database.scalar("SELECT current_database()::text").await;
    let role = format!("nobody_{name}");
    for statement in
        [format!("CREATE ROLE {role} LOGIN"), format!("REVOKE CREATE ON DATABASE {name} FROM PUBLIC")]
    {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&database.pool).await.expect("granted");
    }
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let url = database.url.replacen("barlift@", &format!("{role}@"), 1);
    let run = barlift(&database, &["import", folder.arg()]).env("DATABASE_URL", url).run().await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("creating the schemas `barlift` and `apalis`"), "{}", run.stderr);
    assert!(
        run.stderr.contains("hint: the database role may not do this: grant it CREATE"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_role_that_may_create_in_its_database_suffices() {
    let database = TestDatabase::empty().await;
    let name: String = database.scalar("SELECT current_database()::text").await;
    let role = format!("owner_{name}");
    for statement in
        [format!("CREATE ROLE {role} LOGIN"), format!("GRANT CREATE ON DATABASE {name} TO {role}")]
    {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&database.pool).await.expect("granted");
    }
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    let url = database.url.replacen("barlift@", &format!("{role}@"), 1);
    let run = barlift(&database, &["import", folder.arg(), "--json"]).env("DATABASE_URL", url).run().await;
    assert_eq!(run.json(0)["totals"]["rows_imported"], 10);
}
