//! pgloader, with two workers, all files in one run.

use std::process::Command;

use super::{COLUMNS, Peer, TABLE, make_table};
use crate::data::Dataset;
use crate::process::{self, Ran};
use crate::server::{Address, Database, Server, Storage};

pub struct Pgloader;

impl Peer for Pgloader {
    fn name(&self) -> String {
        "pgloader".into()
    }

    fn missing(&self, _: &Server) -> Option<String> {
        process::version("pgloader", "--version").err()
    }

    fn table(&self) -> &'static str {
        TABLE
    }

    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String> {
        make_table(database, storage)
    }

    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        let work = tempfile::tempdir().map_err(|e| e.to_string())?;
        let script = work.path().join("bars.load");
        let text = format!(
            "LOAD CSV\n FROM ALL FILENAMES MATCHING ~/csv$/ IN DIRECTORY '{}'\n HAVING FIELDS ({COLUMNS})\n \
             INTO {}\n TARGET TABLE {TABLE}\n TARGET COLUMNS ({COLUMNS})\n \
             WITH skip header = 1, fields terminated by ',', workers = 2, concurrency = 1;\n",
            data.named_directory().display(),
            url(&database.address, &database.name),
        );
        std::fs::write(&script, text).map_err(|e| e.to_string())?;
        process::run(Command::new("pgloader").arg("--root-dir").arg(work.path()).arg(script))
    }
}

/// It has its own way to name a socket.
fn url(address: &Address, database: &str) -> String {
    if address.host.starts_with('/') {
        format!("postgresql://{}@unix:{}:{}/{database}", address.user, address.host, address.port)
    } else {
        address.url(database)
    }
}
