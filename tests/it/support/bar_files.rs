//! Folders of bar files as data vendors write them.

use std::path::{Path, PathBuf};

use super::skipped;

/// A folder, and what is in its files (read off them by hand).
pub struct BarFiles {
    pub directory: PathBuf,
    /// Name, data rows, and how many of them no bar can be made of.
    pub files: &'static [(&'static str, i64, i64)],
    /// Bars of each series that a sample has, and how many bars `--mode sample` compares then.
    pub sample_size: &'static str,
    pub sampled: i64,
}

impl BarFiles {
    /// The small files of tests/bars, and the larger ones of ../shared/data/ktrdr if that folder is there.
    pub fn all() -> Vec<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let set = |folder: &str, files, sample_size, sampled| Self {
            directory: repository.join(folder),
            files,
            sample_size,
            sampled,
        };
        let small = set("tests/bars", &SMALL[..], "30", 200);
        let large = set("../shared/data/ktrdr", &LARGE[..], "1000", 7153);
        if large.directory.is_dir() {
            return vec![small, large];
        }
        skipped("../shared/data/ktrdr is not there, only tests/bars is read");
        vec![small]
    }

    /// The folder, as an argument.
    pub fn arg(&self) -> &str {
        self.directory.to_str().expect("UTF-8")
    }

    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.directory.join(file)).expect(file)
    }

    pub fn bars(&self) -> i64 {
        self.files.iter().map(|(_, rows, rejected)| rows - rejected).sum()
    }

    pub fn rejected(&self) -> i64 {
        self.files.iter().map(|(_, _, rejected)| rejected).sum()
    }
}

const SMALL: [(&str, i64, i64); 7] = [
    ("AAPL_1d.csv", 20, 0),
    ("AAPL_1h.csv", 153, 0),
    ("DEMO_1d.csv", 40, 5),
    ("EURUSD_1h.csv", 144, 0),
    ("JEPI_1d.csv", 60, 0),
    ("MSFT_1h.csv", 38, 0),
    ("MSFT_1m.csv", 40, 0),
];

const LARGE: [(&str, i64, i64); 13] = [
    ("AAPL_1d.csv", 50, 0),
    ("AAPL_1h.csv", 153, 0),
    ("AAPL_5m.csv", 1536, 0),
    ("DEMO_1d.csv", 120, 5),
    ("EURUSD_1h.csv", 2591, 0),
    ("GOOGL_1d.csv", 359, 0),
    ("JEPI_1d.csv", 255, 0),
    ("MSFT_1d.csv", 11, 0),
    ("MSFT_1h.csv", 20758, 0),
    ("MSFT_1m.csv", 5746, 0),
    ("NVDA_1h.csv", 1689, 0),
    ("RBLX_1d.csv", 817, 0),
    ("TSLA_1h.csv", 393, 0),
];
