//! A PostgreSQL of one test, for what the shared one cannot be used for: restarts, TLS, passwords.
//!
//! Invariant: it ends with its test, however that ends. A small shell process waits for the end of a pipe that only
//! the test's process holds, then stops the server and removes its folder.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User, chown, getegid, geteuid};
use sqlx::{Connection, PgConnection};

use super::database::{TestDatabase, installation, server_directory};
use super::free_port;

pub(super) const ADMIN: &str = "admin";

/// Stops and removes everything once its stdin ends.
const KEEPER: &str = "read -r _; \"$1\" --pgdata \"$2/data\" --mode immediate stop; rm -rf \"$2\"";

/// A running server, gone when dropped.
pub struct PrivateServer {
    directory: PathBuf,
    bin: PathBuf,
    password: String,
    port: u16,
    owner: Owner,
    keeper: Child,
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // A test may have failed while the server was frozen, and then it would not hear the keeper.
        if self.directory.join("data/postmaster.pid").exists() {
            self.freeze(false);
        }
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl PrivateServer {
    /// A fresh server on a socket and on a port of 127.0.0.1; every connection needs a password.
    pub async fn start() -> Self {
        let bin = installation().await;
        let owner = Owner::new();
        let directory = server_directory().keep();
        owner.take(&directory);
        let keeper = owner.keeper(&bin, &directory);
        let password = format!("{:032x}", rand::random::<u128>());
        let mut server = Self { directory, bin, password, port: 0, owner, keeper };
        server.create();
        server.configure();
        // Another test may have been given the same port in between.
        let started = (0..5).any(|_| {
            server.port = free_port();
            server.set("port", &server.port.to_string());
            server.pg_ctl(&["start"])
        });
        assert!(started, "{}", server.log());
        server
    }

    /// How to connect over TCP; user and password may hold any character.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        let (user, password) = (encoded(user), encoded(password));
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// How the superuser connects.
    pub fn admin_url(&self, database: &str) -> String {
        self.url(ADMIN, &self.password, database)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's password.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        &self.directory
    }

    /// Runs statements as the superuser, on a connection of their own.
    pub async fn execute(&self, database: &str, sql: &str) {
        let mut admin = PgConnection::connect(&self.admin_url(database)).await.expect("the server answers");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut admin).await.expect(sql);
        admin.close().await.expect("closed");
    }

    /// A folder in `place` that the server may use.
    pub fn place(&self, place: &Path) -> String {
        let folder = place.join("files");
        std::fs::create_dir(&folder).expect("made");
        self.owner.take(&folder);
        folder.display().to_string()
    }

    pub async fn create_database(&self, name: &str) {
        self.execute("postgres", &format!("CREATE DATABASE {name}")).await;
    }

    /// A database of the superuser's that is set up.
    pub async fn database(&self, name: &str) -> TestDatabase {
        self.create_database(name).await;
        let database = TestDatabase::at(self.admin_url(name)).await;
        database.set_up().await;
        TestDatabase::at(database.url).await
    }

    /// As a power cut: no checkpoint, no goodbye to anybody.
    pub fn stop_immediately(&self) {
        assert!(self.pg_ctl(&["--mode", "immediate", "stop"]), "{}", self.log());
    }

    pub fn restart_immediately(&self) {
        assert!(self.pg_ctl(&["--mode", "immediate", "restart"]), "{}", self.log());
    }

    pub fn start_again(&self) {
        assert!(self.pg_ctl(&["start"]), "{}", self.log());
    }

    /// Stops all processes of the server where they are, or lets them go on.
    pub fn freeze(&self, frozen: bool) {
        let text = std::fs::read_to_string(self.directory.join("data/postmaster.pid")).expect("it runs");
        let postmaster: i32 = text.lines().next().and_then(|l| l.parse().ok()).expect("a pid");
        let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children"));
        let children = children.expect("Linux tells of children");
        let signal = if frozen { Signal::SIGSTOP } else { Signal::SIGCONT };
        for pid in children.split_whitespace().filter_map(|p| p.parse().ok()).chain([postmaster]) {
            // A child may have ended meanwhile.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Turns TLS on, with a certificate for 127.0.0.1 and localhost; the file of the CA that signed it.
    pub fn enable_tls(&self) -> PathBuf {
        self.enable_tls_for(&["127.0.0.1", "localhost"])
    }

    /// The same with a certificate for these hosts alone.
    pub fn enable_tls_for(&self, hosts: &[&str]) -> PathBuf {
        let made = Certificates::new(hosts);
        self.write("server.crt", &made.certificate);
        self.write("server.key", &made.key);
        let ca = self.write("ca.crt", &made.ca);
        for (name, value) in
            [("ssl", "on"), ("ssl_cert_file", "../server.crt"), ("ssl_key_file", "../server.key")]
        {
            self.set(name, value);
        }
        self.restart_immediately();
        ca
    }

    /// Takes connections over TCP only with TLS from now on.
    pub fn refuse_without_tls(&self) {
        let file = self.directory.join("data/pg_hba.conf");
        let text = std::fs::read_to_string(&file).expect("read").replace("\nhost ", "\nhostssl ");
        std::fs::write(file, text).expect("written");
        self.restart_immediately();
    }

    fn create(&self) {
        let password = self.write("password", &self.password);
        let status = self
            .owner
            .command(&self.bin.join("initdb"), &self.directory)
            .arg("--pgdata")
            .arg(self.directory.join("data"))
            .arg("--pwfile")
            .arg(password)
            .args(["--username", ADMIN, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"])
            .arg("--no-sync")
            .stdout(Stdio::null())
            .status()
            .expect("initdb");
        assert!(status.success(), "initdb: {status}");
    }

    fn configure(&self) {
        let directory = self.directory.display().to_string();
        for (name, value) in
            [("listen_addresses", "127.0.0.1"), ("unix_socket_directories", &directory), ("fsync", "off")]
        {
            self.set(name, value);
        }
        if self.has_timescaledb() {
            self.set("shared_preload_libraries", "timescaledb");
            self.set("timescaledb.telemetry_level", "off");
        }
    }

    /// A setting of the server, once it is started again. Of two lines with the same name it takes the later one.
    pub fn set(&self, name: &str, value: &str) {
        let file = self.directory.join("data/postgresql.conf");
        let text = std::fs::read_to_string(&file).expect("read");
        std::fs::write(file, format!("{text}{name} = '{value}'\n")).expect("written");
    }

    /// Whether it can have the extension.
    pub fn has_timescaledb(&self) -> bool {
        let asked = Command::new(self.bin.join("pg_config")).arg("--pkglibdir").output();
        let asked = asked.ok().map(|a| PathBuf::from(String::from_utf8_lossy(&a.stdout).trim()));
        let beside = self.bin.parent().map(|home| home.join("lib"));
        [asked, beside].into_iter().flatten().any(|lib| lib.join("timescaledb.so").exists())
    }

    /// Whether it did what it was told.
    fn pg_ctl(&self, arguments: &[&str]) -> bool {
        let status = self
            .owner
            .command(&self.bin.join("pg_ctl"), &self.directory)
            .arg("--pgdata")
            .arg(self.directory.join("data"))
            .arg("--log")
            .arg(self.directory.join("log"))
            .args(["--wait", "--timeout", "60"])
            .args(arguments)
            // The server would keep a pipe open.
            .stdout(Stdio::null())
            .status();
        status.expect("pg_ctl").success()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Writes a file that the server's user alone may read, except for what is public.
    pub(super) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, content).expect("written");
        let mode = if name == "ca.crt" { 0o644 } else { 0o600 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
        self.owner.take(&path);
        path
    }
}

/// As a URL wants it: everything but letters and digits as %XX.
pub fn encoded(text: &str) -> String {
    let one = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") };
    text.bytes().map(one).collect()
}

/// Who runs the server: this user, or `postgres` or `nobody` for root, whom PostgreSQL refuses.
pub(super) struct Owner {
    uid: Uid,
    gid: Gid,
}

impl Owner {
    pub(super) fn new() -> Self {
        if !geteuid().is_root() {
            return Self { uid: geteuid(), gid: getegid() };
        }
        let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).expect("asked"));
        let user = user.expect("a user to run PostgreSQL");
        Self { uid: user.uid, gid: user.gid }
    }

    fn take(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).expect("given away");
    }

    /// A command that runs as this user, out of Ctrl-C's reach.
    pub(super) fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.current_dir(directory).process_group(0).stdin(Stdio::null());
        if geteuid().is_root() {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    fn keeper(&self, bin: &Path, directory: &Path) -> Child {
        self.command(Path::new("/bin/sh"), Path::new("/"))
            .args(["-c", KEEPER, "keeper"])
            .arg(bin.join("pg_ctl"))
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a keeper")
    }
}

/// What TLS needs, as PEM.
struct Certificates {
    ca: String,
    certificate: String,
    key: String,
}

impl Certificates {
    fn new(hosts: &[&str]) -> Self {
        use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = format!("CA {:08x} of barlift's tests", rand::random::<u32>());
        about.distinguished_name.push(DnType::CommonName, name);
        let ca = CertifiedIssuer::self_signed(about, KeyPair::generate().expect("a key")).expect("a CA");
        let hosts: Vec<_> = hosts.iter().map(|h| (*h).to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(hosts).expect("hosts").signed_by(&key, &ca).expect("signed");
        Self { ca: ca.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
    }
}
