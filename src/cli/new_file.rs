//! Files that appear when they are complete.
//!
//! Invariant: an existing file of the same name stays until [`NewFile::commit`]. The unfinished file is hidden beside it,
//! and is removed if this is dropped. Devices and pipes cannot be replaced, so they are written to directly.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ulid::Ulid;

use crate::error::{Error, Result};

/// A file that is being written.
pub(super) struct NewFile {
    file: File,
    /// Its temporary and its final path; none if it is written in place.
    names: Option<(PathBuf, PathBuf)>,
}

impl NewFile {
    /// Begins a file whose final path is `path`.
    pub(super) fn create(path: &Path) -> Result<Self> {
        Self::begin(path).map_err(|e| cannot_write(path, &e))
    }

    fn begin(path: &Path) -> io::Result<Self> {
        let target = match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            // Replace the target of a link, not the link.
            Ok(there) if there.is_file() => path.canonicalize()?,
            Ok(_) => return Ok(Self { file: OpenOptions::new().write(true).open(path)?, names: None }),
            Err(_) => path.to_path_buf(),
        };
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        // The name itself may already have the greatest length that the file system allows.
        let extension = Path::new(name).extension().unwrap_or_default().to_string_lossy().into_owned();
        let temporary = target.with_file_name(format!(".barlift-{}.{extension}", Ulid::generate()));
        let file = File::create_new(&temporary)?;
        Ok(Self { file, names: Some((temporary, target)) })
    }

    /// Writes it to the disk and gives it its final path.
    pub(super) fn commit(mut self) -> io::Result<()> {
        if let Some((temporary, target)) = &self.names {
            self.file.sync_all()?;
            fs::rename(temporary, target)?;
            self.names = None;
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.names {
            // Nothing more can be done if this fails.
            let _ = fs::remove_file(temporary);
        }
    }
}

pub(super) fn cannot_write(path: &Path, e: &io::Error) -> Error {
    Error::usage(
        format!("cannot write {}: {e}", path.display()),
        "name a file in a writable directory with free disk space",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let of = |e: io::Result<fs::DirEntry>| e.expect("read").file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = fs::read_dir(folder).expect("read").map(of).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bars.csv");
        let mut file = NewFile::create(&path).expect("begun");
        file.write_all(b"half").expect("written");
        assert!(!path.exists());
        drop(file);
        assert!(names(folder.path()).is_empty());

        for text in ["first", "second"] {
            let mut file = NewFile::create(&path).expect("begun");
            file.write_all(text.as_bytes()).expect("written");
            file.commit().expect("named");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        let mut file = NewFile::create(&path).expect("begun");
        file.write_all(b"third").expect("written");
        drop(file);
        assert_eq!(fs::read_to_string(&path).expect("read"), "second", "what was there stays");
        assert_eq!(names(folder.path()), ["bars.csv"]);
    }

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
        fs::write(&real, "old").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        let mut file = NewFile::create(&link).expect("begun");
        file.write_all(b"new").expect("written");
        file.commit().expect("named");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&real).expect("read"), "new");

        let mut null = NewFile::create(Path::new("/dev/null")).expect("opened");
        null.write_all(b"x").expect("written");
        null.commit().expect("done");
        assert!(!fs::metadata("/dev/null").expect("there").is_file());

        let e = NewFile::create(folder.path()).err().expect("a directory").to_string();
        assert!(e.contains("directory"), "{e}");
        assert!(NewFile::create(&folder.path().join("no/such/folder.csv")).is_err());
        assert_eq!(names(folder.path()), ["link.csv", "real.csv"]);
    }
}
