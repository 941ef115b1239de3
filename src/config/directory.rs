//! `barlift-files.toml`: how the files of a directory are read, stored beside them.
//!
//! Invariant: whoever puts the file there, it can only set how files are read, and every other layer overrides it.

use std::fmt;
use std::path::{Path, PathBuf};

/// The file's name.
pub const FILE: &str = "barlift-files.toml";

/// Keys that the file may contain, besides all of `[csv]`.
const KEYS: [&str; 8] = [
    "import.preset",
    "import.pattern",
    "import.timeframe",
    "import.timezone",
    "import.dates",
    "import.ambiguous",
    "import.on_invalid",
    "import.mends",
];

/// Whether a key says how files are read, so that the file may contain it.
pub(super) fn is_about_reading(key: &str) -> bool {
    key.starts_with("csv.") || KEYS.contains(&key)
}

/// The directory's settings file, if it has one.
pub(super) fn file(directory: &Path) -> Option<PathBuf> {
    Some(directory.join(FILE)).filter(|file| file.is_file())
}

/// The effect of a directory's settings file.
#[derive(Debug, PartialEq, Eq)]
pub struct DirectorySettings {
    pub(super) path: String,
    /// Keys that it changes from their defaults, with their values.
    pub(super) used: Vec<(String, String)>,
    /// Keys to which a flag, a variable or the configuration file gives another value.
    pub(super) overridden: Vec<String>,
}

impl fmt::Display for DirectorySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "files are read as {} says", self.path)?;
        for (i, (key, value)) in self.used.iter().enumerate() {
            write!(f, "{} {key} = {value}", if i == 0 { ":" } else { "," })?;
        }
        if !self.overridden.is_empty() {
            write!(f, "; set otherwise elsewhere: {}", self.overridden.join(", "))?;
        }
        Ok(())
    }
}
