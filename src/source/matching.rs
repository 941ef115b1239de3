//! Picks files and folders below a folder by a glob: `*`, `?`, `[…]` and `**`.
//!
//! Invariant: a folder that no match can lie in is not looked into.

use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

/// A glob below a folder.
#[derive(Debug, Clone)]
pub(super) struct Matching {
    whole: Pattern,
    /// Its parts between slashes.
    parts: Vec<Pattern>,
}

/// Files whose names begin with a dot are found, as where a folder is listed.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Any number of folders.
const ANY_FOLDERS: &str = "**";

impl Matching {
    /// Splits a path into the folder that it begins with, which exists, and the glob behind that.
    ///
    /// # Errors
    /// What is wrong with the glob.
    pub(super) fn split(path: &str) -> Result<(PathBuf, Self), PatternError> {
        let mut folder = PathBuf::new();
        let mut rest: Vec<&str> = Vec::new();
        for part in Path::new(path).components() {
            let next = folder.join(part);
            if rest.is_empty() && next.is_dir() {
                folder = next;
            } else {
                rest.extend(part.as_os_str().to_str());
            }
        }
        let parts = rest.iter().map(|part| Pattern::new(part)).collect::<Result<_, _>>()?;
        Ok((folder, Self { whole: Pattern::new(&rest.join("/"))?, parts }))
    }

    /// A glob alone.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(glob: &str) -> Result<Self, PatternError> {
        let parts = glob.split('/').map(Pattern::new).collect::<Result<_, _>>()?;
        Ok(Self { whole: Pattern::new(glob)?, parts })
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.whole.as_str()
    }

    /// Whether the file or folder at this path is meant itself.
    pub(super) fn is(&self, path: &Path) -> bool {
        self.whole.matches_with(&path.to_string_lossy(), OPTIONS)
    }

    /// Whether it lies in a folder that is meant.
    pub(super) fn is_around(&self, path: &Path) -> bool {
        path.ancestors().skip(1).any(|folder| !folder.as_os_str().is_empty() && self.is(folder))
    }

    /// Whether something in this folder may be meant.
    pub(super) fn leads_into(&self, folder: &Path) -> bool {
        let mut parts = self.parts.iter();
        for name in folder.components() {
            match parts.next() {
                Some(part) if part.as_str() == ANY_FOLDERS => return true,
                Some(part) if part.matches_with(&name.as_os_str().to_string_lossy(), OPTIONS) => {}
                _ => return self.is(folder) || self.is_around(folder),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Matching {
        Matching::split(text).expect(text).1
    }

    #[test]
    fn a_glob_takes_what_it_fits() {
        for (text, path, want) in [
            ("*_1h.csv", "A_1h.csv", true),
            ("*_1h.csv", "A_1d.csv", false),
            ("*_1h.csv", "x/A_1h.csv", false),
            ("*/A_1h.csv", "x/A_1h.csv", true),
            ("*/A_1h.csv", "x/y/A_1h.csv", false),
            ("**/*.csv", "A.csv", true),
            ("**/*.csv", "x/y/A.csv", true),
            ("x/**/*.csv", "x/y/z/A.csv", true),
            ("x/**/*.csv", "y/A.csv", false),
            ("[AB]?.csv", "B1.csv", true),
            ("[!A]?.csv", "A1.csv", false),
            ("*.csv", ".hidden.csv", true),
            ("*.csv", "A.CSV", false),
            ("**", "x/y/A.csv", true),
        ] {
            assert_eq!(glob(text).is(Path::new(path)), want, "{text} {path}");
        }
        assert!(glob("2024-*").is_around(Path::new("2024-01/x/A.csv")));
        assert!(!glob("2024-*").is_around(Path::new("2023-01/2024-01.csv")));
        assert!(!glob("*").is_around(Path::new("A.csv")));
    }

    #[test]
    fn only_folders_that_may_hold_a_match_are_looked_into() {
        for (text, folder, want) in [
            ("*_1h.csv", "x", false),
            ("*/*.csv", "x", true),
            ("*/*.csv", "x/y", false),
            ("2024-*/A.csv", "2023-01", false),
            ("2024-*/A.csv", "2024-01", true),
            // The folder itself is meant, and so is all that lies in it.
            ("2024-*", "2024-01", true),
            ("2024-*", "2024-01/x", true),
            ("x/**/A.csv", "x/y/z", true),
            ("x/**/A.csv", "y", false),
        ] {
            assert_eq!(glob(text).leads_into(Path::new(folder)), want, "{text} {folder}");
        }
    }

    #[test]
    fn the_folder_that_it_begins_with_is_taken_as_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let literal = folder.path().join("a[1]");
        std::fs::create_dir(&literal).expect("made");
        let (found, rest) = Matching::split(&format!("{}/*.csv", literal.display())).expect("a glob");
        assert_eq!((found, rest.text()), (literal, "*.csv"));
        let (found, rest) = Matching::split("nowhere/*.csv").expect("a glob");
        assert_eq!((found, rest.text()), (PathBuf::new(), "nowhere/*.csv"));
        assert_eq!(Matching::split("/*/x.csv").expect("a glob").0, Path::new("/"));
        for bad in ["a[", "a**b", "***"] {
            assert!(Matching::split(bad).is_err(), "{bad}");
        }
    }
}
