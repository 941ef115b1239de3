//! Writes rejected rows to CSV files, with a settings file that says how to read them.
//!
//! Invariant: a row has the bytes of its file. Existing files are not overwritten.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Component, Path};

use futures::TryStreamExt as _;
use sqlx::PgPool;

use super::settings;
use crate::cli::output;
use crate::config::DIRECTORY_FILE;
use crate::error::{Error, Result};
use crate::model::OperationId;
use crate::operation::report;
use crate::source::encoding;

/// Writes the rejected rows of each file, after its header, to a plain file of the same name.
pub(super) async fn write(pool: &PgPool, id: &OperationId, directory: &Path) -> Result<()> {
    let mut settings_are_ours = false;
    let files = write_files(pool, id, directory, &mut settings_are_ours).await;
    if files.is_err() && settings_are_ours {
        // The directory may have other files, to which the settings do not apply.
        let _ = std::fs::remove_file(directory.join(DIRECTORY_FILE));
    }
    output::note(&match files? {
        0 => "no row was rejected: nothing is written".to_owned(),
        files => {
            let (files, directory) = (output::counted(files, "file", "files"), directory.display());
            format!(
                "wrote the rejected rows of {files} to {directory}; once they are mended: barlift import {directory}"
            )
        }
    });
    Ok(())
}

/// Writes the files and returns their number.
async fn write_files(
    pool: &PgPool,
    id: &OperationId,
    directory: &Path,
    settings_are_ours: &mut bool,
) -> Result<i64> {
    let headers: HashMap<String, Option<Vec<u8>>> = report::headers(pool, id).await?.into_iter().collect();
    let mut rows = report::rejected(pool, id);
    let mut open: Option<(String, BufWriter<File>)> = None;
    let mut files = 0;
    while let Some(r) = rows.try_next().await? {
        if open.as_ref().is_none_or(|(source, _)| *source != r.place.source) {
            close(open.take())?;
            if files == 0 {
                refuse_a_file(directory)?;
                write_settings(directory, &settings::text(id, &report::options(pool, id).await?))?;
                *settings_are_ours = true;
            }
            let header = headers.get(&r.place.source).and_then(Option::as_deref);
            open = Some((r.place.source.clone(), create(directory, &r.place.source, header)?));
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

/// Writes the settings file, so that the rows are read as their files were.
fn write_settings(directory: &Path, text: &str) -> Result<()> {
    let path = directory.join(DIRECTORY_FILE);
    std::fs::create_dir_all(directory).map_err(|e| cannot_write(&directory.display().to_string(), &e))?;
    let write = || File::create_new(&path)?.write_all(text.as_bytes());
    write().map_err(|e| cannot_write(&path.display().to_string(), &e))
}

fn create(directory: &Path, source: &str, header: Option<&[u8]>) -> Result<BufWriter<File>> {
    let relative = Path::new(source);
    if !relative.components().all(|c| matches!(c, Component::Normal(_))) {
        return Err(Error::Internal(format!("the path {source} leaves its directory")));
    }
    let path = directory.join(encoding::plain_path(source));
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
