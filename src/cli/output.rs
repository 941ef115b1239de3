//! Printing: results to stdout, errors to stderr.
//!
//! Invariant: no other module writes to stdout. A reader that leaves early (`| head`) is not an error.

use std::io::{self, Write};

use indicatif::HumanCount;
use serde::Serialize;

use super::Outcome;
use crate::counts::int;
use crate::error::{Error, Result};

/// Writes to stdout and flushes it.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = stdout();
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|e| Error::Usage { message: format!("cannot write to stdout: {e}"), hint: None })
}

/// Stdout, for results that are written piece by piece.
pub(super) fn stdout() -> impl Write {
    Stdout(io::stdout().lock())
}

/// Stdout for long results: it returns `BrokenPipe` when its reader leaves, so that the caller can stop early.
pub(super) fn pipe() -> impl Write + Send {
    io::BufWriter::with_capacity(64 * 1024, io::stdout())
}

struct Stdout(io::StdoutLock<'static>);

/// Ignores that the reader has left.
fn unless_reader_left<T>(result: io::Result<T>, otherwise: T) -> io::Result<T> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(otherwise),
        other => other,
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_reader_left(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_reader_left(self.0.flush(), ())
    }
}

/// Prints a value as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::Internal(e.to_string()))?;
    print(|out| writeln!(out, "{text}"))
}

/// Prints an error with its causes and its hint.
pub(super) fn error(e: &Error) {
    // Both may quote names of files and symbols, which may contain control characters.
    let mut text = format!("error: {}\n", visible_lines(&e.chain()));
    if let Some(hint) = e.hint() {
        text.push_str(&format!("hint: {}\n", visible_lines(hint)));
    }
    // If stderr is closed, nobody reads it.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints a note to stderr.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints a shell's completions.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Outcome> {
    let mut text = Vec::new();
    let mut command = <super::args::Cli as clap::CommandFactory>::command();
    clap_complete::generate(shell, &mut command, "barlift", &mut text);
    print(|out| out.write_all(&text))?;
    Ok(Outcome::Well)
}

pub(super) fn count(n: impl TryInto<i64>) -> String {
    HumanCount(int(n).unsigned_abs()).to_string()
}

/// An operation's id, shortened; commands accept it.
pub(super) fn short_id(id: &str) -> String {
    last_of_id(id, 10)
}

/// The last characters of an operation's id; they are random.
pub(super) fn last_of_id(id: &str, kept: usize) -> String {
    let random = id.rsplit('_').next().unwrap_or(id);
    random.get(random.len().saturating_sub(kept)..).unwrap_or(random).to_owned()
}

/// `1 file`, `1,234 files`.
pub(super) fn counted(n: impl TryInto<i64>, one: &str, many: &str) -> String {
    let n = int(n);
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

pub(super) fn files(n: usize) -> String {
    counted(n, "file", "files")
}

pub(super) fn duration(milliseconds: i64) -> String {
    let seconds = std::time::Duration::from_millis(milliseconds.unsigned_abs());
    if seconds.as_secs() < 60 {
        format!("{:.1}s", seconds.as_secs_f64())
    } else {
        humantime::format_duration(std::time::Duration::from_secs(seconds.as_secs())).to_string()
    }
}

/// Text from a file, with control characters and changes of the writing direction replaced.
pub(super) fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hides(c) { '\u{fffd}' } else { c }).collect()
}

fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}
