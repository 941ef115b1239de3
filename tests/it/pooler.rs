//! PgBouncer between barlift and the server: session mode works, the other modes are refused by name.

use nix::sys::signal::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Folder, Mode, Pooler, PrivateServer, TestDatabase, WORKING_PROCESSES, barlift, bars, eventually,
    hold_back,
};

/// What a pooler is told to drop: nothing, what sqlx's own documentation asks for, everything.
const IGNORED: [&str; 3] = ["", "extra_float_digits", "extra_float_digits,options"];

/// What is said where a pool is too small.
const NAMED: [&str; 3] = ["connection pooler", "default_pool_size", "database.direct_url"];

/// Where the queue's things lie that its migrations create without naming a schema.
const IN_APALIS: &str = "SELECT
    (SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'hstore') = 'apalis'
    AND (SELECT pronamespace::regnamespace::text FROM pg_proc WHERE proname = 'generate_ulid') = 'apalis'";

#[tokio::test]
async fn in_session_mode_everything_works() {
    let server = PrivateServer::start().await;
    for (i, ignored) in IGNORED.into_iter().enumerate() {
        let name = format!("market{i}");
        server.create_database(&name).await;
        let Some(pooler) = Pooler::start(&server, Mode::Session, ignored).await else {
            return;
        };
        let direct = TestDatabase::at(server.admin_url(&name)).await;
        let pooled = TestDatabase { url: pooler.url(&server, &name), ..direct };
        let run = async |arguments: &[&str]| barlift(&pooled, arguments).run().await;
        let info = run(&["db", "setup", "--json"]).await.json(0);
        assert_eq!((&info["pooled"], &info["schema_current"]), (&true.into(), &true.into()));
        assert!(pooled.scalar::<bool>(IN_APALIS).await);
        let shown = run(&["db", "info"]).await;
        assert!(shown.stdout.contains("PgBouncer or the like), in session mode"), "{}", shown.stdout);

        // Two workers that are woken by LISTEN alone.
        let quiet = || barlift(&pooled, &["worker"]).env("BARLIFT__WORKER__POLL_INTERVAL", "1h").spawn();
        let workers = [quiet(), quiet()];
        eventually("both work", || async {
            (pooled.scalar::<i64>(WORKING_PROCESSES).await == 2).then_some(())
        })
        .await;
        let folder = Folder::new();
        for n in 0..20 {
            folder.write(&format!("S{n}_1m.csv"), bars(2000, n));
        }
        let imported = run(&["enqueue", "import", folder.arg(), "--wait", "--json"]).await.json(0);
        assert_eq!(imported["totals"]["rows_imported"], 40_000);
        for worker in workers {
            worker.signal(Signal::SIGTERM);
            assert_eq!(worker.wait().await, Some(0));
        }
        assert_eq!(pooled.bars().await, 40_000);

        let csv = run(&["data", "load", "S1", "1m", "--format", "csv"]).await;
        assert_eq!((csv.status, csv.stdout.lines().count()), (0, 2001));
        let file = folder.write("new.csv", bars(10, 99));
        assert_eq!(run(&["data", "save", "NEW", "1m", file.to_str().expect("UTF-8")]).await.status, 0);
        std::fs::remove_file(file).expect("removed");
        for command in
            [&["status", "latest"][..], &["report", "latest"], &["operations"], &["diagnose", "latest"]]
        {
            assert_eq!(run(command).await.status, 0, "{command:?}");
        }
        assert_eq!(run(&["verify", folder.arg(), "--json"]).await.status, 0);
    }
}

#[tokio::test]
async fn in_other_modes_the_pooler_and_the_remedy_are_named() {
    let server = PrivateServer::start().await;
    let database = server.database("market").await;
    let folder = Folder::new();
    folder.write("A_1m.csv", bars(10, 1));
    for mode in [Mode::Transaction, Mode::Statement] {
        for ignored in IGNORED {
            let Some(pooler) = Pooler::start(&server, mode, ignored).await else { return };
            let url = pooler.url(&server, "market");
            for command in [&["db", "info"][..], &["import", folder.arg()], &["worker"], &["status"]] {
                let run = barlift(&database, command).env("DATABASE_URL", &url).run().await;
                assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{}", run.stderr);
                for says in [
                    "error: a connection pooler (PgBouncer or the like) answers at postgres://admin@127.0.0.1:",
                    "after each transaction",
                    "hint: name the server itself in database.direct_url (BARLIFT__DATABASE__DIRECT_URL)",
                ] {
                    assert!(run.stderr.contains(says), "{command:?}: {}", run.stderr);
                }
            }
            // Nothing was changed in a session that others get.
            let pool = sqlx::PgPool::connect_lazy(&server.admin_url("postgres")).expect("a URL");
            let others =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = 'market' AND query ~ 'set_config'";
            let changed: i64 = sqlx::query_scalar(others).fetch_one(&pool).await.expect("asked");
            assert_eq!(changed, 0);

            let direct = || {
                barlift(&database, &["import", folder.arg(), "--force", "--json"])
                    .env("DATABASE_URL", &url)
                    .env("BARLIFT__DATABASE__DIRECT_URL", server.admin_url("market"))
            };
            assert_eq!(direct().run().await.json(0)["state"], "succeeded");
        }
    }
    assert_eq!(database.bars().await, 10);
}

#[tokio::test]
async fn a_pool_without_a_free_session_is_named() {
    let server = PrivateServer::start().await;
    for (name, ignored) in [("one", ""), ("other", "extra_float_digits,options")] {
        let Some(pooler) = Pooler::start_with(&server, Mode::Session, ignored, 2).await else { return };
        let direct = server.database(name).await;
        let pooled = TestDatabase { url: pooler.url(&server, name), ..direct };
        let folder = Folder::new();
        folder.write("A_1m.csv", bars(1000, 1));
        // One session listens, the other one stops in the middle of the file; whoever watches finds none.
        let _holder = hold_back(&pooled).await;
        let log = folder.write("log", "");
        let import = barlift(&pooled, &["import", folder.arg()])
            .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "4s")
            .spawn_logging(&log);
        let read = || std::fs::read_to_string(&log).expect("the log");
        let warned = "the connection pooler has given no session for";
        eventually("it warns", || async { read().contains(warned).then_some(()) }).await;
        let named = |text: &str| NAMED.iter().all(|says| text.contains(says));
        assert!(read().lines().any(named), "{}", read());
        drop(import);
        // And what finds none at its start.
        let options: PgConnectOptions = pooled.url.parse().expect("a URL");
        let options = options.extra_float_digits(None);
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut session = PgConnection::connect_with(&options).await.expect("connected");
            sqlx::raw_sql("SELECT 1").execute(&mut session).await.expect("a session");
            held.push(session);
        }
        let start =
            barlift(&pooled, &["operations"]).env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "2s").run().await;
        assert_eq!(start.status, 3, "{}", start.stderr);
        assert!(named(&start.stderr), "{}", start.stderr);
    }
}
