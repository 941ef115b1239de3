//! The server process: create, start, stop.
//!
//! Invariant: the caller holds `start.lock`.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::install::{self, Installation};
use super::owner::Owner;
use crate::error::{Error, Result};

/// The longest folder of a socket that every system supports.
const MAX_SOCKET_FOLDER: usize = 85;

/// The file name of the socket.
pub(super) const SOCKET: &str = ".s.PGSQL.5432";

/// How the name of an incomplete data folder begins.
const UNFINISHED: &str = "unfinished-";

/// The server of one folder.
pub(super) struct ServerProcess<'a> {
    directory: &'a Path,
    data: PathBuf,
    socket: &'a Path,
    owner: &'a Owner,
}

/// The folder of the socket: beside the data, or under /tmp where that path would be too long.
pub(super) fn socket_directory(directory: &Path, owner: &Owner) -> Result<PathBuf> {
    let mut socket = directory.join("run");
    if socket.as_os_str().len() > MAX_SOCKET_FOLDER {
        let hash = blake3::hash(directory.as_os_str().as_encoded_bytes()).to_hex();
        socket = std::env::temp_dir().join(format!("barlift-{}", &hash[..16]));
    }
    owner.private_folder(&socket)?;
    Ok(socket)
}

/// Incomplete data folders of processes that were killed.
pub(super) fn unfinished(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let ours = entries.filter(|e| e.file_name().to_string_lossy().starts_with(UNFINISHED));
    ours.map(|e| e.path()).collect()
}

impl<'a> ServerProcess<'a> {
    pub(super) fn new(directory: &'a Path, socket: &'a Path, owner: &'a Owner) -> Self {
        Self { directory, data: directory.join("data"), socket, owner }
    }

    pub(super) async fn is_running(&self) -> Result<bool> {
        if !self.data.join("PG_VERSION").exists() {
            return Ok(false);
        }
        self.forget_dead_postmaster();
        let installation = install::find(&self.data)?;
        Ok(self.pg_ctl(&installation, &["status"]).await?.status.success())
    }

    /// Creates the data if there is none, and starts.
    pub(super) async fn start(&self) -> Result<()> {
        self.require_own_folder()?;
        let installation = match install::find(&self.data) {
            Ok(found) => found,
            Err(_) if !self.data.join("PG_VERSION").exists() => install::download(self.directory).await?,
            Err(e) => return Err(e),
        };
        if !self.data.join("PG_VERSION").exists() {
            self.create(&installation).await?;
        }
        let log = self.data.join("server.log");
        let log = log.to_string_lossy();
        // Passed at each start, since the folder may have been moved. pg_ctl passes it to a shell, hence the quotes.
        let socket = format!("-k '{}'", self.socket.display().to_string().replace('\'', "'\\''"));
        let arguments = ["start", "--wait", "--timeout=60", "--log", &log, "--options", &socket];
        let output = self.pg_ctl(&installation, &arguments).await?;
        self.check(&output, "did not start", &log)
    }

    /// Refuses a folder with anything else than a server's data.
    fn require_own_folder(&self) -> Result<()> {
        let taken = match std::fs::read_dir(&self.data) {
            Ok(mut entries) => entries.next().is_some() && !self.data.join("PG_VERSION").exists(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => self.data.is_symlink(),
            Err(e) => return Err(super::unusable(&self.data, &e)),
        };
        if taken {
            return Err(Error::database(
                format!("{} is not the data of a server", self.data.display()),
                "set database.embedded_dir to an empty or new folder, or DATABASE_URL to use a database of your own",
            ));
        }
        Ok(())
    }

    /// Stops it; open transactions are rolled back.
    pub(super) async fn stop(&self) -> Result<()> {
        let installation = install::find(&self.data)?;
        let output = self.pg_ctl(&installation, &["stop", "--mode=fast", "--wait", "--timeout=60"]).await?;
        self.check(&output, "did not stop", &self.data.join("server.log").to_string_lossy())
    }

    /// Makes the data under another name and renames it when it is complete, because `initdb` may be killed.
    async fn create(&self, installation: &Installation) -> Result<()> {
        let unusable = |e: std::io::Error| super::unusable(&self.data, &e);
        self.remove_unfinished();
        let unfinished = self.directory.join(format!("{UNFINISHED}{}", std::process::id()));
        self.owner.private_folder(&unfinished)?;
        let mut command = self.owner.command(&installation.bin.join("initdb"), self.directory);
        command.arg("--pgdata").arg(&unfinished).args([
            "--username=barlift",
            // The only way in is the socket, in a folder that no other user may enter.
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        let output = command.output().await.map_err(unusable)?;
        self.check(&output, "could not be created", "")?;
        self.configure(installation, &unfinished.join("postgresql.conf"))?;
        std::fs::rename(&unfinished, &self.data).map_err(unusable)
    }

    fn remove_unfinished(&self) {
        for path in unfinished(self.directory) {
            // A folder that cannot be removed does no harm.
            let _ = std::fs::remove_dir_all(path);
        }
    }

    fn configure(&self, installation: &Installation, file: &Path) -> Result<()> {
        let unusable = |e: std::io::Error| super::unusable(file, &e);
        let mut text = std::fs::read_to_string(file).map_err(unusable)?;
        text.push_str(
            "\n# barlift\nlisten_addresses = ''\nunix_socket_permissions = 0700\nmax_wal_size = '2GB'\nlog_checkpoints = off\n",
        );
        if has_timescaledb(installation) {
            text.push_str("shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = off\n");
        }
        std::fs::write(file, text).map_err(unusable)
    }

    async fn pg_ctl(&self, installation: &Installation, arguments: &[&str]) -> Result<Output> {
        let mut command = self.owner.command(&installation.bin.join("pg_ctl"), self.directory);
        command.arg("--pgdata").arg(&self.data).args(arguments);
        if arguments.contains(&"--wait") && arguments.contains(&"start") {
            // A file, not pipes: the server would keep these open, and reading them would never end.
            let out = self.directory.join("pg_ctl.log");
            let file = std::fs::File::create(&out).map_err(|e| super::unusable(&out, &e))?;
            let again = file.try_clone().map_err(|e| super::unusable(&out, &e))?;
            let status = command.stdout(file).stderr(again).status().await;
            let status = status.map_err(|e| super::unusable(&self.data, &e))?;
            let stderr = std::fs::read(&out).unwrap_or_default();
            return Ok(Output { status, stdout: Vec::new(), stderr });
        }
        command.output().await.map_err(|e| super::unusable(&self.data, &e))
    }

    fn check(&self, output: &Output, what: &str, log: &str) -> Result<()> {
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("").trim().to_owned();
        let tail = std::fs::read_to_string(log).unwrap_or_default();
        let reason = tail.lines().rev().find(|l| l.contains("FATAL") || l.contains("ERROR")).unwrap_or(&last);
        Err(Error::database(
            format!("the embedded PostgreSQL in {} {what}: {reason}", self.directory.display()),
            if log.is_empty() {
                "the user that runs the server must be able to enter that folder; database.embedded_dir names another"
                    .to_owned()
            } else {
                format!("its log is {log}")
            },
        ))
    }

    /// Removes `postmaster.pid` if its pid belongs to another program, as after a crash of the machine or container;
    /// PostgreSQL would refuse to start.
    fn forget_dead_postmaster(&self) {
        let file = self.data.join("postmaster.pid");
        let Ok(text) = std::fs::read_to_string(&file) else { return };
        // The socket answers if the server runs in another container, whose processes are not visible here.
        if std::os::unix::net::UnixStream::connect(self.socket.join(SOCKET)).is_ok() {
            return;
        }
        let pid = text.lines().next().unwrap_or_default().trim();
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if Path::new("/proc/self/comm").exists() && !name.starts_with("postgres") {
            tracing::info!(pid, "removing the pid file of a server that no longer runs");
            // If this fails, starting fails and says why.
            let _ = std::fs::remove_file(&file);
            let _ = std::fs::remove_file(self.socket.join(format!("{SOCKET}.lock")));
        }
    }
}

fn has_timescaledb(installation: &Installation) -> bool {
    let answer = std::process::Command::new(installation.bin.join("pg_config")).arg("--pkglibdir").output();
    let asked = answer.ok().map(|a| PathBuf::from(String::from_utf8_lossy(&a.stdout).trim()));
    let beside = installation.bin.parent().map(|home| home.join("lib"));
    [asked, beside].into_iter().flatten().any(|lib| lib.join("timescaledb.so").exists())
}
