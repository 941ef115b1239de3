//! Compares a file with the checksum that its vendor has put beside it, before any of it is imported or verified.
//!
//! Binance has `X.zip.CHECKSUM`; others have `X.sha256` or `X.md5`. Invariant: a file with such a file beside it is read only
//! if it has that checksum; a checksum that cannot be understood is an error, too. Of an archive all is compared.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};

use md5::Md5;
use sha2::{Digest, Sha256};

use super::read_error::io_error;
use super::root::{Opened, Root, Version, off_the_runtime};
use crate::error::{ErrorClass, FileError};

/// What is put behind a file's name.
const SUFFIXES: [&str; 4] = [".CHECKSUM", ".sha256", ".sha256sum", ".md5"];

/// A checksum file has a line or a few.
const LONGEST: u64 = 64 * 1024;

/// The files that this process has compared last, each with the checksum's text: all members of an archive ask for it.
static COMPARED: Mutex<VecDeque<[String; 4]>> = Mutex::new(VecDeque::new());
const MOST: usize = 64;

/// Compares the file at `path`, if a checksum is beside it.
pub(super) async fn check(root: &Root, path: &str) -> Result<(), FileError> {
    let beside = SUFFIXES.map(|suffix| text(root, format!("{path}{suffix}")));
    let found = futures::future::try_join_all(beside).await?;
    for (beside, text) in found.into_iter().flatten() {
        let key = |version: Version| [root.url(), path.to_owned(), version.text, text.clone()];
        let version = root.version(path).await?;
        if COMPARED.lock().unwrap_or_else(PoisonError::into_inner).contains(&key(version)) {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let wanted = named(&text, name).ok_or_else(|| {
            let reason =
                format!("{beside} has no SHA-256 or MD5 checksum of it: correct that file or remove it");
            FileError::permanent(path, None, reason)
        })?;
        let (got, version) = digest(root, path, wanted.len()).await?;
        if got != wanted {
            let reason = format!("the file's checksum is {got}, and {beside} says {wanted}: get both again");
            return Err(FileError::permanent(path, None, reason));
        }
        let mut compared = COMPARED.lock().unwrap_or_else(PoisonError::into_inner);
        compared.push_front(key(version));
        compared.truncate(MOST);
    }
    Ok(())
}

/// The text of a checksum file, with its path; none if there is none.
async fn text(root: &Root, path: String) -> Result<Option<(String, String)>, FileError> {
    // Who may read a bucket and not list it is told of what is missing that it is forbidden.
    match root.has(&path).await {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(e) if root.directory().is_none() && e.class == ErrorClass::Permanent => return Ok(None),
        Err(e) => return Err(e),
    }
    let about = |e: FileError| FileError { reason: format!("{path}, its checksum: {}", e.reason), ..e };
    let Opened { input, .. } = root.read(&path).await.map_err(about)?;
    let read = off_the_runtime(move || {
        let mut text = Vec::new();
        input.take(LONGEST).read_to_end(&mut text).map(|_| text)
    });
    let text = read.await.map_err(|e| FileError::transient(&path, e.to_string()))?;
    let text = text.map_err(|e| about(io_error(&path, &e)))?;
    // The page that some web servers give for what they do not have.
    if root.directory().is_none() && text.trim_ascii_start().starts_with(b"<") {
        return Ok(None);
    }
    Ok(Some((path, String::from_utf8_lossy(&text).into_owned())))
}

/// The checksum of the file of this name, in lower case: `HEX  name`, `HEX *name`, `HEX` alone, or `SHA256 (name) = HEX`.
fn named(text: &str, name: &str) -> Option<String> {
    let is_digest = |word: &str| matches!(word.len(), 32 | 64) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let lines = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    let found = lines.filter_map(|line| {
        let (word, rest) = match line.split_once(char::is_whitespace) {
            Some((word, rest)) if is_digest(word) => (word, rest.trim_start().trim_start_matches('*')),
            _ if is_digest(line) => (line, ""),
            _ => {
                let (of, word) = line.rsplit_once('=')?;
                (word.trim(), of.split_once('(')?.1.trim_end().strip_suffix(')')?)
            }
        };
        let of = rest.rsplit(['/', '\\']).next().unwrap_or(rest);
        (is_digest(word) && (of.is_empty() || of == name)).then(|| word.to_ascii_lowercase())
    });
    let found: Vec<String> = found.collect();
    match found.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// The digest of this many hexadecimal digits, and the version that has it.
async fn digest(root: &Root, path: &str, digits: usize) -> Result<(String, Version), FileError> {
    let Opened { input, version, .. } = root.read(path).await?;
    let hash = move || if digits == 64 { of::<Sha256>(input) } else { of::<Md5>(input) };
    let hashed = off_the_runtime(hash).await.map_err(|e| FileError::transient(path, e.to_string()))?;
    hashed.map(|digest| (digest, version)).map_err(|e| io_error(path, &e))
}

fn of<D: Digest>(mut input: impl io::Read) -> io::Result<String> {
    let (mut hasher, mut buffer) = (D::new(), vec![0; 256 * 1024]);
    loop {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    #[test]
    fn the_usual_forms_are_understood() {
        let lower = SHA.to_ascii_lowercase();
        for (text, want) in [
            (format!("{SHA}  A.zip\n"), Some(lower.as_str())),
            (format!("{MD5} *A.zip"), Some(MD5)),
            (SHA.to_owned(), Some(&lower)),
            (format!("SHA256 (A.zip) = {SHA}\n"), Some(&lower)),
            (format!("{MD5}  B.zip\n{SHA}  ./data/A.zip\n"), Some(&lower)),
            (format!("{MD5}  B.zip\n"), None),
            (format!("{MD5}  A.zip\n{SHA}  A.zip\n"), None),
            ("A.zip\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(named(&text, "A.zip").as_deref(), want, "{text}");
        }
    }

    #[tokio::test]
    async fn a_file_with_another_checksum_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::open(folder.path().to_str().expect("UTF-8")).await.expect("opens");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("A.zip", "");
        assert!(check(&root, "A.zip").await.is_ok());
        write("A.zip.CHECKSUM", &format!("{SHA}  A.zip"));
        write("A.zip.md5", MD5);
        assert!(check(&root, "A.zip").await.is_ok());
        write("A.zip", "x");
        let e = check(&root, "A.zip").await.expect_err("another checksum");
        assert!(e.reason.contains("A.zip.CHECKSUM says e3b0c442") && e.class == ErrorClass::Permanent, "{e}");
        write("A.zip.CHECKSUM", "soon");
        let e = check(&root, "A.zip").await.expect_err("no checksum");
        assert!(e.reason.contains("A.zip.CHECKSUM has no SHA-256 or MD5 checksum of it"), "{e}");
    }
}
