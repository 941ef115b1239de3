//! Writes rejected rows to CSV files, with a settings file that says how to read them.
//!
//! Invariant: a row has the bytes of its file. Existing files are not overwritten.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use futures::TryStreamExt as _;
use serde_json::Value;
use sqlx::PgPool;

use super::settings;
use crate::cli::output;
use crate::config::DIRECTORY_FILE;
use crate::error::{Error, Result};
use crate::model::OperationId;
use crate::operation::report::{self, FileHead};
use crate::source::extension;

/// Writes the rejected rows of each file, after its header, to a plain file of the same name. Files that are written in
/// different ways go to different directories, each with its settings.
pub(super) async fn write(pool: &PgPool, id: &OperationId, directory: &Path) -> Result<()> {
    let kinds = Kinds::of(report::heads(pool, id).await?, directory);
    let mut ours = Vec::new();
    let files = write_files(pool, id, directory, &kinds, &mut ours).await;
    if files.is_err() {
        // The directories may have other files, to which the settings do not apply.
        for settings in ours {
            let _ = std::fs::remove_file(settings);
        }
    }
    output::note(&match files? {
        0 => "no row was rejected: nothing is written".to_owned(),
        files => {
            let files = output::counted(files, "file", "files");
            let directories: Vec<String> = kinds.directories().map(|d| d.display().to_string()).collect();
            let imports: Vec<String> = kinds.imports().collect();
            format!(
                "wrote the rejected rows of {files} to {}; once they are mended: {}",
                directories.join(", "),
                imports.join("; ")
            )
        }
    });
    Ok(())
}

/// Files that one settings file fits.
pub(super) struct Kind {
    directory: PathBuf,
    /// The settings that leave nothing to decide, if the files' rows have decided anything.
    pub(super) csv: Option<Value>,
    /// The zone that a preset has set.
    pub(super) timezone: Option<String>,
    /// The timeframe of all of them, if they have one.
    pub(super) timeframe: Option<String>,
}

/// All files with rejected rows, by how they are written.
struct Kinds {
    kinds: Vec<Kind>,
    /// The header of each file, and the index of its kind.
    files: HashMap<String, (Option<Vec<u8>>, usize)>,
}

impl Kinds {
    fn of(heads: Vec<FileHead>, directory: &Path) -> Self {
        let mut all = Self { kinds: Vec::new(), files: HashMap::new() };
        for FileHead { source, timeframe, header, csv, timezone } in heads {
            let known = all.kinds.iter().position(|kind| (&kind.csv, &kind.timezone) == (&csv, &timezone));
            let at = known.unwrap_or_else(|| {
                let timeframe = Some(timeframe.clone());
                all.kinds.push(Kind { directory: PathBuf::new(), csv, timezone, timeframe });
                all.kinds.len() - 1
            });
            let kind = &mut all.kinds[at];
            kind.timeframe = kind.timeframe.take().filter(|known| *known == timeframe);
            all.files.insert(source, (header, at));
        }
        let is_one = all.kinds.len() < 2;
        for (number, kind) in (1..).zip(&mut all.kinds) {
            kind.directory = if is_one { directory.to_owned() } else { directory.join(format!("{number}")) };
        }
        all
    }

    /// The commands that import the files once they are mended.
    fn imports(&self) -> impl Iterator<Item = String> {
        self.kinds.iter().zip(0..).map(|(kind, number)| {
            let directory = kind.directory.display();
            let files = self.files.iter().filter(|(_, (_, at))| *at == number).map(|(source, _)| source);
            // In a directory, files with other extensions are not looked at.
            let others = files.filter(|source| !extension::may_be_source(extension::plain_path(source)));
            let others: BTreeSet<String> = others
                .map(|source| match Path::new(source).extension() {
                    Some(extension) => format!(" '{directory}/**/*.{}'", extension.display()),
                    None => format!(" '{directory}/**/*'"),
                })
                .collect();
            format!("barlift import {directory}{}", others.into_iter().collect::<String>())
        })
    }

    fn directories(&self) -> impl Iterator<Item = &Path> {
        self.kinds.iter().map(|kind| kind.directory.as_path())
    }
}

/// Writes the files and returns their number.
async fn write_files(
    pool: &PgPool,
    id: &OperationId,
    directory: &Path,
    kinds: &Kinds,
    ours: &mut Vec<PathBuf>,
) -> Result<i64> {
    let mut rows = report::rejected(pool, id);
    let mut open: Option<(String, BufWriter<File>)> = None;
    let mut files = 0;
    while let Some(r) = rows.try_next().await? {
        if open.as_ref().is_none_or(|(source, _)| *source != r.place.source) {
            close(open.take())?;
            if files == 0 {
                refuse_a_file(directory)?;
                let options = report::options(pool, id).await?;
                for kind in &kinds.kinds {
                    let text = settings::text(id, &options, kind);
                    ours.push(write_settings(&kind.directory, &text)?);
                }
            }
            let (header, at) = kinds.files.get(&r.place.source).cloned().unwrap_or_default();
            let directory = kinds.kinds.get(at).map_or(directory, |kind| kind.directory.as_path());
            open = Some((r.place.source.clone(), create(directory, &r.place.source, header.as_deref())?));
            files += 1;
        }
        if let Some((source, file)) = &mut open {
            let written = file.write_all(&r.rejection.raw).and_then(|()| file.write_all(b"\n"));
            written.map_err(|e| cannot_write(source, &e))?;
        }
    }
    close(open)?;
    Ok(files)
}

/// Refuses a directory that cannot be created because a file has its name or that of a directory above it.
fn refuse_a_file(directory: &Path) -> Result<()> {
    let there = directory.ancestors().find_map(|above| Some((above, above.metadata().ok()?)));
    match there {
        Some((above, metadata)) if !metadata.is_dir() => Err(Error::usage(
            format!(
                "cannot write rejected rows to {}: {} is a file, not a directory",
                directory.display(),
                above.display()
            ),
            "name another directory, or move that file away",
        )),
        _ => Ok(()),
    }
}

/// Writes the settings file, so that the rows are read as their files were, and returns its path.
fn write_settings(directory: &Path, text: &str) -> Result<PathBuf> {
    let path = directory.join(DIRECTORY_FILE);
    std::fs::create_dir_all(directory).map_err(|e| cannot_write(&directory.display().to_string(), &e))?;
    let write = || File::create_new(&path)?.write_all(text.as_bytes());
    write().map_err(|e| cannot_write(&path.display().to_string(), &e))?;
    Ok(path)
}

fn create(directory: &Path, source: &str, header: Option<&[u8]>) -> Result<BufWriter<File>> {
    let relative = Path::new(source);
    if !relative.components().all(|c| matches!(c, Component::Normal(_))) {
        return Err(Error::Internal(format!("the path {source} leaves its directory")));
    }
    let mut path = directory.join(extension::as_text(source));
    if path.exists() && extension::as_text(source) != source {
        // A file of text is called so, too.
        path = directory.join(format!("{source}.csv"));
    }
    let fail = |e: std::io::Error| cannot_write(&path.display().to_string(), &e);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(fail)?;
    }
    let mut file = BufWriter::new(File::create_new(&path).map_err(fail)?);
    if let Some(header) = header {
        file.write_all(header).and_then(|()| file.write_all(b"\n")).map_err(fail)?;
    }
    Ok(file)
}

fn close(open: Option<(String, BufWriter<File>)>) -> Result<()> {
    let Some((source, mut file)) = open else { return Ok(()) };
    file.flush().map_err(|e| cannot_write(&source, &e))
}

fn cannot_write(place: &str, e: &std::io::Error) -> Error {
    let message = match e.kind() {
        ErrorKind::AlreadyExists => format!("{place} exists already"),
        _ => format!("cannot write {place}: {e}"),
    };
    Error::usage(message, "name an empty directory that you can write to, on a disk that is not full")
}
