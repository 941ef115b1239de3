//! Every way to name a database, and what happens if it has no free connection.

use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use sqlx::{Connection as _, PgConnection};

use crate::support::{Folder, PrivateServer, Program, WORKING_PROCESSES, barlift, barlift_alone, eventually};

/// Where the program is connected to.
async fn place(program: Program) -> String {
    let info = program.run().await.json(0);
    info["url"].as_str().expect("a URL").to_owned()
}

fn info() -> Program {
    barlift_alone(&["db", "info", "--json"])
}

/// The password of the superuser, out of his URL.
fn password(server: &PrivateServer) -> String {
    let url = url::Url::parse(&server.admin_url("market")).expect("a URL");
    url.password().expect("a password").to_owned()
}

#[tokio::test]
async fn a_url_says_it_as_to_psql() {
    let server = PrivateServer::start().await;
    server.create_database("market").await;
    let (password, port) = (password(&server), server.port());
    let socket = server.socket().display().to_string();
    let user = User::from_uid(geteuid()).expect("asked").expect("a user").name;
    server
        .execute("postgres", &format!("CREATE ROLE \"{user}\" LOGIN SUPERUSER PASSWORD '{password}'"))
        .await;
    for (url, expected) in [
        (format!("postgres://admin@/market?host={socket}&port={port}"), format!("admin@{socket}/market")),
        (
            format!("postgresql:///market?host={socket}&port={port}&user=admin"),
            format!("admin@{socket}/market"),
        ),
        (format!("postgres://admin@:{port}/market?host={socket}"), format!("admin@{socket}/market")),
        (format!("postgres://admin@localhost:{port}/market"), format!("admin@localhost:{port}/market")),
        // Nobody named: the user of this process.
        (format!("postgres://127.0.0.1:{port}/market"), format!("{user}@127.0.0.1:{port}/market")),
        (
            format!(
                "postgres://admin@127.0.0.1:{port}/market?connect_timeout=5&keepalives_idle=60&target_session_attrs=read-write"
            ),
            format!("admin@127.0.0.1:{port}/market"),
        ),
    ] {
        let program = info().env("DATABASE_URL", &url).env("PGPASSWORD", &password);
        assert_eq!(place(program).await, format!("postgres://{expected}"), "{url}");
    }
    // Whether or not this machine has IPv6.
    let run = info().env("DATABASE_URL", "postgres://admin@[::1]:1/market").run().await;
    assert_eq!(run.status, 3);
    assert!(
        run.stderr.starts_with("error: cannot connect to postgres://admin@[::1]:1/market: "),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("lookup"), "{}", run.stderr);
}

#[tokio::test]
async fn variables_and_services_name_a_database_too() {
    let server = PrivateServer::start().await;
    server.create_database("market").await;
    let folder = Folder::new();
    let (password, port) = (password(&server), server.port().to_string());
    let service = folder.write(
        "services",
        format!("[other]\nhost=/nowhere\n# here\n[bars]\nhost=127.0.0.1\nport={port}\nuser=admin\ndbname=market\npassword={password}\n"),
    );
    let tcp = format!("postgres://admin@127.0.0.1:{port}/market");
    let variables = info()
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", &port)
        .env("PGUSER", "admin")
        .env("PGDATABASE", "market")
        .env("PGPASSWORD", &password);
    assert_eq!(place(variables).await, tcp);
    let socket = server.socket().display().to_string();
    let by_socket = info()
        .env("PGHOST", &socket)
        .env("PGPORT", &port)
        .env("PGUSER", "admin")
        .env("PGDATABASE", "market")
        .env("PGPASSWORD", &password);
    assert_eq!(place(by_socket).await, format!("postgres://admin@{socket}/market"));
    // A service wins over variables, and a URL over the service.
    let in_variable = info().env("PGSERVICE", "bars").env("PGSERVICEFILE", &service).env("PGPORT", "1");
    assert_eq!(place(in_variable).await, tcp);
    let in_home = Folder::new();
    std::fs::copy(&service, in_home.path().join(".pg_service.conf")).expect("copied");
    let in_url = info().env("DATABASE_URL", "postgres:///postgres?service=bars").env("HOME", in_home.path());
    assert_eq!(place(in_url).await, format!("postgres://admin@127.0.0.1:{port}/postgres"));

    for name in ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER", "PGPORT"] {
        let value = if name == "PGPORT" { "1" } else { "127.0.0.1" };
        // Never the private server.
        let run = info()
            .env(name, value)
            .env("PGPORT", "1")
            .env("BARLIFT__DATABASE__EMBEDDED_DIR", "/nowhere")
            .run()
            .await;
        assert_eq!(run.status, 3, "{name}");
        assert!(run.stderr.starts_with("error: cannot connect to postgres://"), "{name}: {}", run.stderr);
    }
    let missing = info().env("PGSERVICE", "none").env("PGSERVICEFILE", &service).run().await;
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("there is no service `none` in "), "{}", missing.stderr);
    let wrong = info().env("PGHOST", "127.0.0.1").env("PGSSLMODE", "sercet").run().await;
    assert_eq!(wrong.status, 2);
    assert!(
        wrong.stderr.starts_with("error: configuration: PGSSLMODE has a value that is not understood"),
        "{}",
        wrong.stderr
    );
}

#[tokio::test]
async fn parameters_do_what_they_say() {
    let server = PrivateServer::start().await;
    server.create_database("market").await;
    let url = server.admin_url("market");
    // A server that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = silent.local_addr().expect("an address").port();
    let run = info()
        .env("DATABASE_URL", format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1&sslmode=disable"))
        .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "1h")
        .run()
        .await;
    assert_eq!(run.status, 3, "{}", run.stderr);
    for (attrs, says) in [("standby", "no standby"), ("read-only", "not read-only")] {
        let run = info().env("DATABASE_URL", format!("{url}?target_session_attrs={attrs}")).run().await;
        assert_eq!(run.status, 3, "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!(" is {says}, and target_session_attrs asks for")),
            "{}",
            run.stderr
        );
    }
    server.execute("postgres", "ALTER DATABASE market SET default_transaction_read_only = on").await;
    let run = info().env("DATABASE_URL", format!("{url}?target_session_attrs=read-write")).run().await;
    assert!(run.stderr.contains(" is read-only, and target_session_attrs asks for"), "{}", run.stderr);
    info().env("DATABASE_URL", format!("{url}?target_session_attrs=primary")).run().await.json(0);
    let unknown = info().env("DATABASE_URL", format!("{url}?sslrotcert=/some/file")).run().await;
    assert_eq!(unknown.status, 2);
    assert!(
        unknown.stderr.contains("`sslrotcert` of the database URL is not understood\nhint: docs/"),
        "{}",
        unknown.stderr
    );
    assert!(!unknown.stderr.contains("/some/file"), "{}", unknown.stderr);
}

/// Sessions of workers, as the superuser sees them.
const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'barlift'";

#[tokio::test]
async fn idle_workers_leave_connections_to_others() {
    let server = PrivateServer::start().await;
    let database = server.database("market").await;
    server.set("max_connections", "10");
    server.restart_immediately();
    let program = |arguments: &[&str]| {
        barlift(&database, arguments)
            // As people have it. Workers that look and tell every second would leave little of the few slots.
            .env("BARLIFT__WORKER__LEASE", "30s")
            .env("BARLIFT__WORKER__HEARTBEAT", "5s")
            .env("BARLIFT__WORKER__POLL_INTERVAL", "2s")
    };
    let mut admin = PgConnection::connect(&server.admin_url("postgres")).await.expect("connected");
    let workers: Vec<_> = (0..4).map(|_| program(&["worker"]).spawn()).collect();
    eventually("all four work", || async {
        (database.scalar::<i64>(WORKING_PROCESSES).await >= 4).then_some(())
    })
    .await;
    // Each keeps what it listens with (a connection for each queue; there is one queue).
    let mut fewest = i64::MAX;
    for _ in 0..3000 {
        fewest = sqlx::query_scalar(SESSIONS).fetch_one(&mut admin).await.expect("asked");
        if fewest <= 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Fewer while one of them begins to listen anew.
    assert!(fewest <= 4, "{fewest}");
    for _ in 0..3 {
        let listed = program(&["operations"]).run().await;
        assert_eq!(listed.status, 0, "{}", listed.stderr);
    }
    let folder = Folder::new();
    folder.write("A_1m.csv", crate::support::bars(10, 1));
    // Seven are granted. Four listen, one waits for the import, so two are left for it.
    admin.close().await.expect("closed");
    database.pool.close().await;
    program(&["enqueue", "import", folder.arg(), "--wait", "--json"]).run().await.json(0);
    for worker in workers {
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().await, Some(0));
    }
}

#[tokio::test]
async fn a_command_waits_for_a_free_connection_and_says_so() {
    let server = PrivateServer::start().await;
    let database = server.database("market").await;
    let role =
        "CREATE ROLE one LOGIN PASSWORD 'one' CONNECTION LIMIT 1; GRANT ALL ON SCHEMA barlift, apalis TO one;
                GRANT ALL ON ALL TABLES IN SCHEMA barlift, apalis TO one";
    server.execute("market", role).await;
    let url = server.url("one", "one", "market");
    let held = PgConnection::connect(&url).await.expect("connected");
    let folder = Folder::new();
    let log = folder.write("log", "");
    let waiting = barlift(&database, &["operations"])
        .env("DATABASE_URL", &url)
        .env("BARLIFT__DATABASE__CONNECT_TIMEOUT", "60s")
        .spawn_logging(&log);
    let read = || std::fs::read_to_string(&log).expect("the log");
    eventually("it says that it waits", || async { (!read().is_empty()).then_some(()) }).await;
    held.close().await.expect("closed");
    assert_eq!(waiting.wait().await, Some(0));
    let said = read();
    assert_eq!(said.matches("no connection free").count(), 1, "{said}");
    assert!(said.contains("waiting up to 1m for one"), "{said}");
}
