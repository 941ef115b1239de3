//! Names the tests that skipped themselves, at the end of `cargo test`.
//!
//! cargo shows no output of a test that passes. So each skip is noted in a file, which the target `skipped` reads; it
//! runs last. Invariant: it reads only the notes of its own run of cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");
const PREFIX: &str = "skipped-";

/// Says why the test that this thread runs, or a part of it, is skipped.
#[allow(dead_code)] // the target `skipped` only reads
pub fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    eprintln!("skipped: {test}: {why}");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(notes());
    // In one write, since many tests run at once.
    file.expect("the notes").write_all(format!("{why}\t{test}\n").as_bytes()).expect("noted");
}

/// The notes of this run: every target is started by the same cargo.
pub fn notes() -> PathBuf {
    let cargo = std::os::unix::process::parent_id();
    Path::new(FOLDER).join(format!("{PREFIX}{cargo}-{}", started(cargo)))
}

/// When a process was started, in the kernel's ticks; pids come again.
fn started(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the program's name, which may hold blanks.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.into_iter().nth(19).unwrap_or("0").to_owned()
}

/// Removes this run's notes, and those that runs left that were stopped.
#[allow(dead_code)] // only the target `skipped` removes them
pub fn forget() {
    for file in std::fs::read_dir(FOLDER).into_iter().flatten().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let run = name.strip_prefix(PREFIX).and_then(|run| run.split_once('-'));
        let Some((pid, begun)) = run.and_then(|(pid, begun)| Some((pid.parse().ok()?, begun))) else {
            continue;
        };
        if file.path() == notes() || started(pid) != begun {
            let _ = std::fs::remove_file(file.path());
        }
    }
}

/// All notes in one line.
pub fn line(notes: &str) -> String {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (why, test) in notes.lines().filter_map(|l| l.split_once('\t')) {
        reasons.entry(why).or_default().insert(test);
    }
    let tests: BTreeSet<&str> = reasons.values().flatten().copied().collect();
    if tests.is_empty() {
        return "skipped: no test".to_owned();
    }
    let one = |(why, tests): (&&str, &BTreeSet<&str>)| {
        let names: Vec<&str> = tests.iter().copied().collect();
        format!("{why} ({}): {}", tests.len(), names.join(", "))
    };
    let all: Vec<String> = reasons.iter().map(one).collect();
    format!("skipped: {} tests, wholly or in part: {}", tests.len(), all.join("; "))
}

#[test]
fn skips_are_counted_and_named() {
    let notes = "no jq\tdocs::a\nno jq\tdocs::b\nno disk\tdocs::b\nno jq\tdocs::a\n";
    assert_eq!(
        line(notes),
        "skipped: 2 tests, wholly or in part: no disk (1): docs::b; no jq (2): docs::a, docs::b"
    );
    assert_eq!(line(""), "skipped: no test");
}
