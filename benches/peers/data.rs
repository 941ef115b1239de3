//! The files: bars of the seeded generator, each file once as barlift takes it and once as the peers need it.
//!
//! Invariant: both hold the same bars in the same order. The peers' tools cannot take symbol and timeframe from a
//! file's name, so theirs have both as columns; making them is not measured.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../examples/generator/mod.rs"]
mod generator;

const SEED: u64 = 20_240_102;
const START: &str = "2018-01-01T00:00:00Z";

/// What a bar spans.
#[derive(Clone, Copy)]
pub enum Timeframe {
    Minute,
    Day,
}

impl Timeframe {
    fn name(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::Day => "1d",
        }
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Day => 86_400,
        }
    }
}

/// Files with the same number of bars each; removed when dropped.
pub struct Dataset {
    directory: PathBuf,
    /// With symbol and timeframe as columns, once they are made.
    pub named: Vec<PathBuf>,
    pub files: u64,
    pub rows_per_file: u64,
}

impl Drop for Dataset {
    fn drop(&mut self) {
        // What is left goes with the bench's folder.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Dataset {
    /// What barlift takes.
    pub fn new(work: &Path, files: u64, rows: u64, timeframe: Timeframe) -> Self {
        let name = timeframe.name();
        let directory = work.join(format!("{files}x{rows}-{name}"));
        let made = Self { directory, named: Vec::new(), files, rows_per_file: rows };
        fs::create_dir_all(made.bars()).expect("a folder");
        for i in 0..files {
            let price = 20.0 + (i % 1000) as f64;
            let text = generator::series(SEED + i, START, timeframe.seconds(), rows, price);
            fs::write(made.bars().join(format!("S{i:05}_{name}.csv")), &text).expect("written");
        }
        made
    }

    /// The same bars for the peers, beside it.
    pub fn for_peers(mut self) -> Self {
        fs::create_dir_all(self.named_directory()).expect("a folder");
        for file in self.bar_files() {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let (symbol, timeframe) = name.trim_end_matches(".csv").split_once('_').expect("of this bench");
            let text = fs::read_to_string(&file).expect("read");
            let named = self.named_directory().join(&name);
            fs::write(&named, with_names(&text, &format!("{symbol},{timeframe},"))).expect("written");
            self.named.push(named);
        }
        self
    }

    /// The directory for barlift.
    pub fn bars(&self) -> PathBuf {
        self.directory.join("bars")
    }

    /// The files in it, in order.
    pub fn bar_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.bars()).expect("a folder");
        let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
        files.sort();
        files
    }

    /// The directory for the peers.
    pub fn named_directory(&self) -> PathBuf {
        self.directory.join("named")
    }

    pub fn rows(&self) -> u64 {
        self.files * self.rows_per_file
    }
}

fn with_names(text: &str, names: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3 / 2);
    for (i, line) in text.lines().enumerate() {
        out.push_str(if i == 0 { "symbol,timeframe," } else { names });
        out.push_str(line);
        out.push('\n');
    }
    out
}
