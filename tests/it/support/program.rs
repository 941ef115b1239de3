//! Running the real program.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{Folder, TestDatabase};

/// A finished run.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The program on a test's database, with quick timings.
pub fn barlift(database: &TestDatabase, arguments: &[&str]) -> Program {
    let mut program = barlift_alone(arguments);
    program.0.env("DATABASE_URL", &database.url);
    program
}

/// The program without any database or settings.
pub fn barlift_alone(arguments: &[&str]) -> Program {
    program_alone(Path::new(env!("CARGO_BIN_EXE_barlift")), arguments)
}

/// Another program in the same surroundings.
pub fn program_alone(program: &Path, arguments: &[&str]) -> Program {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["BARLIFT__", "OTEL_", "PG", "RUST_LOG", "DATABASE_URL"].iter().any(|p| name.starts_with(p)) {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .env("COLUMNS", "100")
        .env("BARLIFT__LOG__FORMAT", "human")
        .env("BARLIFT__WORKER__POLL_INTERVAL", "50ms")
        .env("BARLIFT__WORKER__HEARTBEAT", "300ms")
        .env("BARLIFT__WORKER__LEASE", "10s")
        .env("BARLIFT__RETRY__INITIAL_BACKOFF", "10ms");
    Program(command)
}

pub struct Program(Command);

impl Program {
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    pub fn current_dir(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    pub fn stdin(mut self, file: std::fs::File) -> Self {
        self.0.stdin(file);
        self
    }

    /// Runs to the end.
    pub async fn run(mut self) -> Run {
        let output: Output =
            tokio::task::spawn_blocking(move || self.0.output()).await.expect("ran").expect("ran");
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Runs to the end with a stdout that nobody reads; its exit status.
    pub async fn run_unread(mut self) -> Option<i32> {
        let mut child = self.0.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        drop(child.stdout.take());
        Child(child).wait().await
    }

    /// Starts it with its log in a file; the caller ends it.
    pub fn spawn_logging(mut self, log: &Path) -> Child {
        self.0.stdout(Stdio::null()).stderr(std::fs::File::create(log).expect("a log"));
        Child(self.0.spawn().expect("started"))
    }

    /// Starts it; the caller ends it.
    pub fn spawn(mut self) -> Child {
        self.0.stdout(Stdio::null()).stderr(Stdio::null());
        Child(self.0.spawn().expect("started"))
    }
}

/// A running program, killed when dropped.
pub struct Child(std::process::Child);

impl Child {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).expect("a pid"));
        nix::sys::signal::kill(pid, signal).expect("signalled");
    }

    /// Waits for its end; the exit status, or none after a signal.
    pub async fn wait(mut self) -> Option<i32> {
        super::eventually("the program ends", || {
            let ended = self.0.try_wait().expect("waited");
            async move { ended }
        })
        .await
        .code()
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("waited").is_some()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Run {
    /// The output as JSON, from a run that ended with `status`.
    pub fn json(&self, status: i32) -> serde_json::Value {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

impl Run {
    /// The JSON of an import of which no file failed: it ended with 1 only if it left bars that differ.
    pub fn imported(&self) -> serde_json::Value {
        let result = self.json(self.status);
        let totals = &result["totals"];
        assert_eq!((&totals["failed"], &totals["cancelled"]), (&0.into(), &0.into()), "{result:#}");
        let differs = totals["rows_mismatched"] != 0 && result["on_mismatch"] != "overwrite";
        assert_eq!(self.status, i32::from(differs), "{result:#}");
        result
    }
}

/// Enqueues the import of a folder.
pub async fn enqueue(database: &TestDatabase, folder: &Folder) {
    let run = barlift(database, &["enqueue", "import", folder.arg()]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// Lets a worker do whatever is left.
pub async fn drain(database: &TestDatabase) {
    let run = barlift(database, &["worker", "--drain"]).run().await;
    assert_eq!(run.status, 0, "{}", run.stderr);
}

/// How many processes have workers that were heard of in the last ten seconds. A process has a worker for each queue;
/// their names differ in the number behind the last dot.
pub const WORKING_PROCESSES: &str = "SELECT count(DISTINCT regexp_replace(id, '\\.[0-9]+$', '')) FROM apalis.workers \
                                     WHERE last_seen > now() - interval '10 s'";
