//! TLS to the server: which connections are made, which are encrypted, and what a refused one is told.

use std::path::Path;

use crate::support::{PrivateServer, Run, TestDatabase, barlift, eventually, skipped};

const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

fn with_ca(url: &str, mode: &str, ca: &Path) -> String {
    format!("{url}?sslmode={mode}&sslrootcert={}", ca.display())
}

/// A server that can have TLS; none where PostgreSQL was built without it.
async fn server() -> Option<PrivateServer> {
    let server = PrivateServer::start().await;
    let database = TestDatabase::at(server.admin_url("postgres")).await;
    if database.scalar::<String>("SHOW ssl_library").await.is_empty() {
        skipped("this PostgreSQL was built without TLS");
        return None;
    }
    Some(server)
}

/// The first thing every command does is to connect.
async fn connect(database: &TestDatabase, url: &str) -> Run {
    barlift(database, &["db", "info", "--json"]).env("DATABASE_URL", url).run().await
}

async fn refused(database: &TestDatabase, url: &str, message: &str, hint: &str) {
    let run = connect(database, url).await;
    assert_eq!(run.status, 3, "{url}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{url}");
    let lines: Vec<_> = run.stderr.lines().filter(|l| !l.is_empty()).collect();
    let [said, advice] = lines.as_slice() else { panic!("{url}: {}", run.stderr) };
    assert!(said.starts_with("error: cannot connect to postgres://admin@"), "{url}: {said}");
    assert!(said.ends_with(message), "{url}: {said}");
    assert_eq!(*advice, format!("hint: {hint}"), "{url}");
}

const HINT_CA: &str = "name the CA that signed the server's certificate, ?sslrootcert=/path/to/ca.crt in the \
                       database URL; without it, only the CAs of this system count";
const HINT_NAME: &str =
    "connect by a name that the server's certificate has; sslmode=verify-ca does not look at the name";
const HINT_FILES: &str = "check the files that sslrootcert, sslcert and sslkey name in the database URL";

#[tokio::test]
async fn every_mode_connects_with_the_right_ca_and_encrypts_as_it_says() {
    let Some(server) = server().await else {
        return;
    };
    let database = server.database("market").await;
    let ca = server.enable_tls();
    for mode in MODES {
        let url = with_ca(&server.admin_url("market"), mode, &ca);
        let worker = barlift(&database, &["worker"]).env("DATABASE_URL", &url).spawn();
        let sessions = "SELECT array_agg(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                        WHERE a.application_name = 'barlift'";
        let encrypted = eventually("the worker works", || async {
            // One works the queue, one listens to it.
            database.scalar::<Option<Vec<bool>>>(sessions).await.filter(|all| all.len() > 1)
        })
        .await;
        assert!(encrypted.iter().all(|is| *is == (mode != "disable")), "{mode}: {encrypted:?}");
        drop(worker);
        eventually("its sessions end", || async {
            database.scalar::<Option<Vec<bool>>>(sessions).await.is_none().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_checked_must_be_signed_by_the_ca_that_is_named() {
    let Some(server) = server().await else {
        return;
    };
    let database = server.database("market").await;
    let ca = server.enable_tls();
    // Turned on again, it has a CA of its own each time.
    let other = ca.with_file_name("other.crt");
    std::fs::copy(&ca, &other).expect("copied");
    let ca = server.enable_tls();
    let url = server.admin_url("market");
    let unknown = "invalid peer certificate: UnknownIssuer";
    // With a CA, `require` checks as it does in psql.
    for mode in ["require", "verify-ca", "verify-full"] {
        refused(&database, &with_ca(&url, mode, &other), unknown, HINT_CA).await;
        connect(&database, &with_ca(&url, mode, &ca)).await.json(0);
        let nowhere = with_ca(&url, mode, Path::new("/nowhere.crt"));
        refused(&database, &nowhere, "No such file or directory (os error 2)", HINT_FILES).await;
    }
    // Without one, the CAs of this system are asked, and `require` asks nobody.
    refused(&database, &format!("{url}?sslmode=verify-ca"), unknown, HINT_CA).await;
    refused(&database, &format!("{url}?sslmode=verify-full"), unknown, HINT_CA).await;
    let require = format!("{url}?sslmode=require");
    connect(&database, &require).await.json(0);
    // libpq's variable names one, too.
    let named =
        barlift(&database, &["db", "info"]).env("DATABASE_URL", &require).env("PGSSLROOTCERT", &other);
    let run = named.run().await;
    assert!(run.status == 3 && run.stderr.contains(unknown), "{}", run.stderr);
}

#[tokio::test]
async fn only_verify_full_looks_at_the_hosts_name() {
    let Some(server) = server().await else { return };
    let database = server.database("market").await;
    let url = server.admin_url("market");
    for (named, asked, what) in [
        ("localhost", "127.0.0.1", "DnsName(\"localhost\")"),
        ("127.0.0.1", "localhost", "IpAddress(127.0.0.1)"),
    ] {
        let ca = server.enable_tls_for(&[named]);
        let url = url.replace("127.0.0.1", asked);
        let message = format!(
            "invalid peer certificate: certificate not valid for name \"{asked}\"; certificate is only valid for {what}"
        );
        refused(&database, &with_ca(&url, "verify-full", &ca), &message, HINT_NAME).await;
        connect(&database, &with_ca(&url, "verify-ca", &ca)).await.json(0);
        connect(&database, &with_ca(&url.replace(asked, named), "verify-full", &ca)).await.json(0);
    }
}

#[tokio::test]
async fn a_server_and_a_client_that_disagree_about_tls_say_so() {
    let Some(server) = server().await else { return };
    let database = server.database("market").await;
    let url = server.admin_url("market");
    for mode in ["require", "verify-ca", "verify-full"] {
        refused(
            &database,
            &format!("{url}?sslmode={mode}"),
            "server does not support TLS",
            "turn TLS on at the server (ssl = on), or connect without it where the network is safe: ?sslmode=prefer",
        )
        .await;
    }
    server.enable_tls();
    server.refuse_without_tls();
    refused(
        &database,
        &format!("{url}?sslmode=disable"),
        "no pg_hba.conf entry for host \"127.0.0.1\", user \"admin\", database \"market\", no encryption",
        "check user and database in the URL; where it says `no encryption`, add ?sslmode=require; else the server's \
         pg_hba.conf has to let this user in",
    )
    .await;
    connect(&database, &url).await.json(0);
}
