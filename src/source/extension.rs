//! Which files may be sources, by their names. Their contents tell how they are read.

use super::archive::INSIDE;
use super::encoding;

/// What sources are called in messages.
pub(crate) const KIND: &str = "CSV or Parquet";

/// Extensions of files that are sources: text, and files of columns.
const EXTENSIONS: [&str; 7] = [".csv", ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows"];

/// Extensions of files that are sources if their contents are bars.
const TEXT_EXTENSIONS: [&str; 8] = [".txt", ".tsv", ".tab", ".dat", ".prn", ".asc", ".dly", ".mst"];

/// Extensions of archives. A compressed tar has that of its compression, or one of these.
const ARCHIVE_EXTENSIONS: [&str; 7] = [".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".tlz4"];

/// Whether a file is a source, by its name.
#[must_use]
pub(super) fn is_source(path: &str) -> bool {
    let name = plain_path(path);
    let name = name.rsplit('/').next().unwrap_or(name);
    // A name that begins with its extension is a hidden file's.
    EXTENSIONS.into_iter().any(|extension| ends_in(name, extension))
}

/// Whether a file may be a source, by its name; its contents tell.
#[must_use]
pub(crate) fn may_be_source(path: &str) -> bool {
    let plain = plain_path(path);
    let is_text = TEXT_EXTENSIONS.into_iter().any(|extension| ends_in(plain, extension));
    is_source(path) || is_text || plain.len() < path.len()
}

/// Whether a file is an archive, by its name.
pub(super) fn is_archive(path: &str) -> bool {
    ARCHIVE_EXTENSIONS.into_iter().any(|extension| ends_in(path, extension))
}

/// Whether a file is a compressed tar, by its name.
pub(super) fn is_tar(path: &str) -> bool {
    ends_in(plain_path(path), ".tar")
}

/// Whether a file may be an archive of sources, by its name.
pub(super) fn may_be_archive(path: &str) -> bool {
    is_archive(path) || plain_path(path).len() < path.len()
}

/// Whether a name has more than this extension, which is in lower case.
pub(super) fn ends_in(name: &str, extension: &str) -> bool {
    name.len() > extension.len() && name.to_ascii_lowercase().ends_with(extension)
}

/// The path of a source as it would be if the source were not compressed; patterns tell the series from that.
#[must_use]
pub(crate) fn plain_path(path: &str) -> &str {
    let compressed = encoding::suffixes().find(|suffix| ends_in(path, suffix));
    &path[..path.len() - compressed.map_or(0, str::len)]
}

/// The path of a text with rows of this source.
pub(crate) fn as_text(path: &str) -> String {
    let plain = plain_path(path);
    match EXTENSIONS[1..].iter().find(|extension| ends_in(plain, extension)) {
        Some(extension) => format!("{}{}", &plain[..plain.len() - extension.len()], EXTENSIONS[0]),
        None => plain.to_owned(),
    }
}

/// The path as it would be if the archive that the source lies in, if it does, were unpacked.
pub(super) fn as_unpacked(path: &str) -> String {
    path.replace(INSIDE, "/")
}

/// The path of an archive without the extensions of archives and compressions.
pub(super) fn without_archive_extension(path: &str) -> &str {
    let plain = plain_path(path);
    let archive = ARCHIVE_EXTENSIONS.into_iter().find(|extension| ends_in(plain, extension));
    &plain[..plain.len() - archive.map_or(0, str::len)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_by_its_name() {
        for (path, want) in [
            ("A_1m.csv", true),
            ("deep/er/A_1m.CSV", true),
            ("a.b.Csv", true),
            (".csv", false),
            ("deep/.csv", false),
            ("csv", false),
            ("acsv", false),
            ("A_1m.csv.bak", false),
            ("A_1m.csv/notes.txt", false),
            ("A_1m.csv.gz", true),
            ("A_1m.CSV.ZST", true),
            (".csv.gz", false),
            ("A_1m.gz", false),
            ("A_1m.parquet", true),
            ("A_1m.parquet.gz", true),
            ("A_1m.Feather", true),
            ("", false),
        ] {
            assert_eq!(is_source(path), want, "{path}");
        }
        assert!(may_be_source("A_1m.txt.xz") && may_be_source("A.gz") && !may_be_source("A.zip"));
        assert!(may_be_archive("A.zip") && may_be_archive("A.tar.bz2") && may_be_archive("A.TGZ"));
        assert!(!may_be_archive("A.csv"));
    }

    #[test]
    fn a_compressed_source_has_a_plain_path() {
        assert_eq!(plain_path("deep/A_1m.CSV"), "deep/A_1m.CSV");
        assert_eq!(plain_path("deep/A_1d.CSV.Gz"), "deep/A_1d.CSV");
        assert_eq!(as_text("deep/A_1d.PARQUET"), "deep/A_1d.csv");
        assert_eq!(as_text("deep/A_1d.txt.gz"), "deep/A_1d.txt");
        assert_eq!(without_archive_extension("deep/A.tar.gz"), "deep/A");
        assert_eq!(without_archive_extension("deep/A.zip"), "deep/A");
        assert_eq!(without_archive_extension("deep/A_1d.csv"), "deep/A_1d.csv");
    }
}
