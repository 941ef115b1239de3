//! Errors of a single file.

use super::ErrorClass;

/// Why one file could not be imported or verified.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{path}{}: {reason}", place(*.line))]
pub struct FileError {
    /// The file, relative to the source directory.
    pub path: String,
    /// Line number, from 1, where known.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub reason: String,
    /// Whether another attempt may succeed.
    pub class: ErrorClass,
}

fn place(line: Option<u64>) -> String {
    line.map(|l| format!(", line {l}")).unwrap_or_default()
}

impl FileError {
    /// An error that stays until somebody corrects the file or the options.
    pub(crate) fn permanent(path: &str, line: impl Into<Option<u64>>, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: line.into(), reason: reason.into(), class: ErrorClass::Permanent }
    }

    /// An error that may be gone at the next attempt.
    pub(crate) fn transient(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, reason: reason.into(), class: ErrorClass::Transient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_error_names_its_place() {
        let e = FileError::permanent("A_1h.csv", 7, "no close");
        assert_eq!(e.to_string(), "A_1h.csv, line 7: no close");
    }
}
