//! The rights of a role: next to none are enough, and a role that lacks one is told which.

use crate::support::{Folder, NO_TIMESCALEDB, PrivateServer, Run, TestDatabase, barlift, bars, skipped};

/// What an administrator does once, in a database whose `public` is closed.
const PREPARED: &str = "
    REVOKE CREATE, TEMPORARY ON DATABASE market FROM PUBLIC;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    CREATE ROLE importer LOGIN PASSWORD 'importer';
    CREATE SCHEMA barlift AUTHORIZATION importer;
    CREATE SCHEMA apalis AUTHORIZATION importer";

/// In the queue's schema its type needs no right on another one.
const EXTENSION: &str = "CREATE EXTENSION hstore SCHEMA apalis";

/// What is a role's, outside of the two schemas; TimescaleDB keeps chunks in a schema of its own.
const ELSEWHERE: &str = "
    SELECT count(*) FROM (
        SELECT relnamespace AS schema FROM pg_class WHERE relowner = 'importer'::regrole
        UNION ALL SELECT pronamespace FROM pg_proc WHERE proowner = 'importer'::regrole
        UNION ALL SELECT typnamespace FROM pg_type WHERE typowner = 'importer'::regrole
        UNION ALL SELECT oid FROM pg_namespace WHERE nspowner = 'importer'::regrole
    ) owned
    JOIN pg_namespace n ON n.oid = owned.schema
    WHERE n.nspname NOT IN ('barlift', 'apalis', 'pg_toast', '_timescaledb_internal')";

async fn prepared(more: &str) -> (PrivateServer, TestDatabase) {
    let server = PrivateServer::start().await;
    server.create_database("market").await;
    server.execute("market", PREPARED).await;
    if server.has_timescaledb() {
        server.execute("market", "CREATE EXTENSION timescaledb SCHEMA public").await;
        server.execute("market", "GRANT USAGE ON SCHEMA public TO importer").await;
    }
    server.execute("market", more).await;
    let database = TestDatabase::at(server.admin_url("market")).await;
    (server, database)
}

/// A command as the role.
async fn run(server: &PrivateServer, database: &TestDatabase, arguments: &[&str]) -> Run {
    let url = server.url("importer", "importer", "market");
    barlift(database, arguments).env("DATABASE_URL", url).run().await
}

#[tokio::test]
async fn a_role_that_owns_two_schemas_can_do_everything() {
    let (server, database) = prepared(EXTENSION).await;
    let run = async |arguments: &[&str]| run(&server, &database, arguments).await;
    let info = run(&["db", "setup", "--json"]).await.json(0);
    assert_eq!(info["schema_current"], true);
    let kind = if database.timescaledb { "hypertable" } else { "plain" };
    if !database.timescaledb {
        skipped(NO_TIMESCALEDB);
    }
    assert_eq!(info["storage"]["kind"], kind);
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(500, 1));
    run(&["import", folder.arg(), "--json"]).await.json(0);
    folder.write("B_1m.csv", format!("{}broken\n", bars(500, 2)));
    run(&["enqueue", "import", folder.arg(), "--json"]).await.json(0);
    assert_eq!(run(&["worker", "--drain"]).await.status, 0);
    let status = run(&["status", "latest", "--json"]).await.json(0);
    assert_eq!((&status["state"], &status["totals"]["rows_rejected"]), (&"succeeded".into(), &1.into()));
    assert_eq!(run(&["report", "latest", "--json"]).await.json(0)["rejected_rows"][0]["line"], 502);
    run(&["operations", "--json"]).await.json(0);
    run(&["diagnose", "latest", "--json"]).await.json(0);
    run(&["enqueue", "import", folder.arg(), "--force", "--json"]).await.json(0);
    for command in ["pause", "resume", "cancel"] {
        run(&[command, "latest", "--json"]).await.json(0);
    }
    run(&["retry", "latest", "--cancelled", "--json"]).await.json(0);
    run(&["priority", "latest", "7", "--json"]).await.json(0);
    server.execute("market", "UPDATE apalis.jobs SET done_at = now() - interval '2 days'").await;
    assert_eq!(run(&["worker", "--drain"]).await.status, 0);
    // Again, on what is there.
    run(&["db", "setup", "--json"]).await.json(0);
    assert_eq!(database.bars().await, 1000);
    assert_eq!(database.scalar::<i64>(ELSEWHERE).await, 0);
    // It would be seen.
    server
        .execute("market", "CREATE VIEW public.stray AS SELECT 1; ALTER VIEW public.stray OWNER TO importer")
        .await;
    assert!(database.scalar::<i64>(ELSEWHERE).await > 0);
}

#[tokio::test]
async fn an_extension_that_lies_in_public_needs_a_right_on_public() {
    let elsewhere = "CREATE EXTENSION hstore SCHEMA public; GRANT USAGE ON SCHEMA public TO importer";
    let (server, database) = prepared(elsewhere).await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    run(&server, &database, &["import", folder.arg(), "--json"]).await.json(0);
    assert_eq!(database.scalar::<i64>(ELSEWHERE).await, 0);
}

#[tokio::test]
async fn a_role_that_may_not_create_the_extension_is_told_who_must_do_what() {
    let (server, database) = prepared("SELECT 1").await;
    // Twice: what the first one could do stays done.
    for _ in 0..2 {
        let run = run(&server, &database, &["db", "setup"]).await;
        assert_eq!(run.status, 3, "{}", run.stderr);
        let lines: Vec<_> = run.stderr.lines().filter(|l| !l.is_empty()).collect();
        assert_eq!(
            lines,
            [
                "error: setting up the schema `apalis`: permission denied to create extension \"hstore\"",
                "hint: let an administrator run CREATE EXTENSION hstore SCHEMA apalis; in this database, or grant the \
                 role CREATE on the database",
            ]
        );
    }
    // And that is all.
    server.execute("market", EXTENSION).await;
    run(&server, &database, &["db", "setup", "--json"]).await.json(0);
}
