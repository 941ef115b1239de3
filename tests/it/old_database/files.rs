//! The files of the old operations, always the same, and what the dump says of where and what they are.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime};

use crate::support::{Folder, HEADER, bar, bars};

/// When every file was modified, in seconds: an attempt goes on only in a file that has not changed.
const MODIFIED: u64 = 1_717_200_000;

/// More bars than a file may have to be claimed together with others.
pub const LARGE: usize = 1000;

/// Writes every file, each folder the root of one operation or more.
pub fn write(folder: &Folder) {
    let bars_from = |first: usize, rows: usize, seed: u64| {
        (first..first + rows).fold(String::from(HEADER), |text, i| text + &bar(i, seed))
    };
    for (path, content) in [
        ("before/MISMATCH_1m.csv", bars(20, 3)),
        ("finished/CLEAN_1m.csv", bars(20, 1)),
        ("finished/FINDINGS_1m.csv", with_findings()),
        ("finished/MISMATCH_1m.csv", bars(20, 3).replace(",27\n", ",28\n").replace(",30\n", ",31\n")),
        ("paused/HALTED_1m.csv", bars(LARGE, 4)),
        ("paused/UNTOUCHED_1m.csv", bars(30, 5)),
        ("bundle/BOTH1_1m.csv", bars(15, 6)),
        ("bundle/BOTH2_1m.csv", bars(15, 7)),
        ("half/DELAYED_1m.csv", bars(LARGE, 8)),
        ("half/DONE_1m.csv", bars(30, 9)),
        ("half/FAILED_1m.csv", "time,open\n2024-01-01T00:00:00Z,1\n".into()),
        ("half/KILLED_1m.csv", with_rejected_rows()),
        ("turns/KILLED_1m.csv", bars_from(LARGE, 20, 10)),
        ("queued/Q1_1m.csv", bars(25, 11)),
        ("queued/Q2_1m.csv", bars(25, 12)),
        ("queued/Q3_1m.csv", bars(25, 13)),
        ("verified/V1_1m.csv", bars(40, 14)),
        ("verified/V2_1m.csv", bars(40, 15)),
    ] {
        let path = folder.write(path, content);
        let file = std::fs::File::options().write(true).open(path).expect("opened");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(MODIFIED)).expect("its time");
    }
}

/// 20 bars, one of which breaks a rule of the market, a row that is none and one that repeats another.
fn with_findings() -> String {
    format!("{}2024-01-02T00:00:00Z,1,0.5,0.9,1,5\nnonsense,1,1,1,1,1\n{}", bars(19, 2), bar(3, 2))
}

/// A row that is none among the first twenty, and one near the end.
fn with_rejected_rows() -> String {
    let mut text = String::from(HEADER);
    for i in 0..LARGE {
        text.push_str(&bar(i, 10));
        if [5, LARGE - 50].contains(&i) {
            writeln!(text, "row {i} is none").expect("a string takes everything");
        }
    }
    text
}

/// What the dump says in place of what each machine has differently: the folder, and what tells that a file in whose
/// middle an attempt ended is still the same one.
pub fn placeholders(folder: &Folder) -> Vec<(String, String)> {
    let mut all = vec![("@FOLDER@".to_owned(), folder.arg().to_owned())];
    for path in ["paused/HALTED_1m.csv", "half/KILLED_1m.csv"] {
        let file = std::fs::metadata(folder.path().join(path)).expect("a file");
        let (size, micros) = (file.len(), MODIFIED * 1_000_000);
        let version = format!("{size} {micros} \"{:x}-{micros:x}-{size:x}\"", file.ino());
        all.push((format!("@VERSION OF {path}@"), version));
    }
    all
}
