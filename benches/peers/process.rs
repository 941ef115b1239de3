//! Running programs, and what the kernel says about them.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the peak memory of a running program is read. It never falls, so only growth in the very last moment is
/// missed.
const WATCH: Duration = Duration::from_millis(10);

/// A program that has ended well.
#[derive(Debug, Default)]
pub struct Ran {
    pub seconds: f64,
    pub peak_rss_mb: f64,
    pub stdout: String,
}

/// Runs it to its end; an error is what it said of it.
pub fn run(command: &mut Command) -> Result<Ran, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    // Files, for a pipe that nobody reads would hold the program up.
    let (mut out, mut err) = (scratch(), scratch());
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone().expect("a file"))
        .stderr(err.try_clone().expect("a file"));
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("{program}: {e}"))?;
    let ended = AtomicBool::new(false);
    let (status, seconds, peak_rss_mb) = std::thread::scope(|scope| {
        let pid = child.id();
        let watcher = scope.spawn({
            let ended = &ended;
            move || watch(pid, ended)
        });
        let status = child.wait().expect("waited for");
        let seconds = start.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, seconds, watcher.join().unwrap_or_default())
    });
    let (stdout, stderr) = (text(&mut out), text(&mut err));
    if status.success() {
        return Ok(Ran { seconds, peak_rss_mb, stdout });
    }
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    let lines = || said.lines().filter(|l| !l.trim().is_empty());
    let told = lines().find(|l| l.starts_with("error")).or_else(|| lines().next_back());
    Err(format!("{program}: {status}: {}", told.unwrap_or("it said nothing").trim()))
}

/// Whether it can be started, with the first line that it says of its version.
pub fn version(program: &str, argument: &str) -> Result<String, String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output();
    let output = output.map_err(|_| format!("{program} is not on the PATH"))?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().trim().to_owned())
}

fn watch(pid: u32, ended: &AtomicBool) -> f64 {
    let mut peak = 0.0;
    while !ended.load(Ordering::Relaxed) {
        peak = peak_rss_mb(pid).unwrap_or(0.0).max(peak);
        std::thread::sleep(WATCH);
    }
    peak
}

/// The most memory that a running process has had at once, in MB of a million bytes.
pub fn peak_rss_mb(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

/// Seconds of a core that a running process has used.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // USER_HZ is 100 on every Linux.
    Some(ticks / 100.0)
}

/// A program that runs in the background; asked to stop when dropped, and waited for.
pub struct Background(pub Child);

impl Background {
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let null = Stdio::null;
        let child = command.stdin(null()).stdout(null()).stderr(null()).spawn();
        child.map(Self).map_err(|e| format!("{}: {e}", command.get_program().display()))
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Result<(), String> {
        let status = self.0.wait().map_err(|e| e.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("a background program: {status}")) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        use nix::sys::signal::{Signal, kill};
        if let (Ok(None), Ok(pid)) = (self.0.try_wait(), i32::try_from(self.0.id())) {
            // It may end by itself meanwhile.
            let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM);
            let _ = self.0.wait();
        }
    }
}

fn scratch() -> File {
    tempfile::tempfile().expect("a file")
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    // The program has moved the offset that both share.
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("read");
    String::from_utf8_lossy(&bytes).into_owned()
}
