//! PgBouncer in front of a test's server.
//!
//! Invariant: it ends with its test, however that ends. A small shell process waits for the end of a pipe that only
//! the test's process holds.

use std::process::{Child, Stdio};

use super::server::{Owner, PrivateServer};
use super::{eventually, free_port, skipped};

/// When a client's session of the server goes to others.
#[derive(Clone, Copy)]
pub enum Mode {
    Session,
    Transaction,
    Statement,
}

/// A running PgBouncer, gone when dropped.
pub struct Pooler {
    port: u16,
    keeper: Child,
}

/// Where Debian has it; a user's PATH has no sbin.
const PROGRAMS: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];

const KEEPER: &str = "\"$1\" \"$2\" 2>/dev/null & read -r _; kill $!; wait";

impl Pooler {
    /// In front of this server; none where PgBouncer is not installed.
    pub async fn start(server: &PrivateServer, mode: Mode, ignored: &str) -> Option<Self> {
        Self::start_with(server, mode, ignored, 40).await
    }

    /// The same with so many sessions of the server.
    pub async fn start_with(
        server: &PrivateServer,
        mode: Mode,
        ignored: &str,
        sessions: u32,
    ) -> Option<Self> {
        let Some(program) = PROGRAMS.iter().find(|p| std::path::Path::new(p).exists()) else {
            assert!(std::env::var_os("BARLIFT_TEST_TOOLS").is_none(), "pgbouncer is not installed");
            skipped("pgbouncer is not installed");
            return None;
        };
        let port = free_port();
        let file = server
            .write(&format!("pgbouncer-{port}.ini"), &settings(server, mode, ignored, (port, sessions)));
        let owner = Owner::new();
        let keeper = owner
            .command("/bin/sh".as_ref(), server.socket())
            .args(["-c", KEEPER, "keeper", program])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a keeper");
        eventually("pgbouncer answers", || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop)
        })
        .await;
        Some(Self { port, keeper })
    }

    /// The same database through the pooler.
    pub fn url(&self, server: &PrivateServer, database: &str) -> String {
        let direct = server.admin_url(database);
        direct.replace(&format!(":{}/", server.port()), &format!(":{}/", self.port))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn settings(server: &PrivateServer, mode: Mode, ignored: &str, (port, sessions): (u16, u32)) -> String {
    let mode = match mode {
        Mode::Session => "session",
        Mode::Transaction => "transaction",
        Mode::Statement => "statement",
    };
    let (user, password, server_port) = (super::server::ADMIN, server.password(), server.port());
    format!(
        "[databases]
* = host=127.0.0.1 port={server_port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {sessions}
ignore_startup_parameters = {ignored}
"
    )
}
