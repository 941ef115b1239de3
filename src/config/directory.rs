//! How the files of a directory are to be read, kept beside them.
//!
//! Invariant: such a file says how files are read and nothing else, whoever put it there; every other layer wins over it.

use std::fmt;
use std::path::Path;

/// Its name.
pub const FILE: &str = "barlift-files.toml";

/// Keys that it may hold, beside all of `[csv]`.
const KEYS: [&str; 4] = ["import.pattern", "import.timezone", "import.on_invalid", "import.mends"];

/// Whether it may hold this key.
pub(super) fn may_hold(key: &str) -> bool {
    key.starts_with("csv.") || KEYS.contains(&key)
}

/// The directory's file, if there is one.
pub(super) fn file(directory: &Path) -> Option<std::path::PathBuf> {
    Some(directory.join(FILE)).filter(|file| file.is_file())
}

/// What came of the settings that a directory holds.
#[derive(Debug, PartialEq, Eq)]
pub struct DirectorySettings {
    /// The file.
    pub(super) path: String,
    /// Keys that are not as by default, with their values.
    pub(super) used: Vec<(String, String)>,
    /// Keys that have other values by a flag, a variable or the configuration file.
    pub(super) overridden: Vec<String>,
}

/// One line.
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
