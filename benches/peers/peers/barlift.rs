//! barlift: the release program as a user runs it, with its default settings.

use std::process::Command;

use super::Peer;
use crate::data::Dataset;
use crate::process::{self, Ran};
use crate::server::{Database, Server, Storage};

pub const BARS: &str = "barlift.bars";

/// `barlift import DIR --concurrency 2`.
#[derive(Clone, Copy)]
pub struct Barlift {
    pub columnstore: bool,
}

impl Barlift {
    pub const ROWSTORE: Self = Self { columnstore: false };

    /// The program, on this database.
    pub fn command(self, database: &Database<'_>, arguments: &[&str]) -> Command {
        let mut command = program(&database.url());
        command.args(arguments);
        if self.columnstore {
            command.env("BARLIFT__DATABASE__STORAGE", "columnstore");
        }
        command
    }

    /// Makes its tables.
    pub fn set_up(self, database: &Database<'_>) -> Result<(), String> {
        process::run(&mut self.command(database, &["db", "setup"])).map(drop)
    }

    /// Imports a directory.
    pub fn import(self, database: &Database<'_>, data: &Dataset, more: &[&str]) -> Result<Ran, String> {
        let directory = data.bars();
        let mut command = self.command(database, &["import"]);
        process::run(command.arg(directory).args(["--concurrency", "2"]).args(more))
    }
}

/// The program on a database, without any setting that this bench's caller has for it.
pub fn program(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_barlift"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("OTEL_") || n.starts_with("BARLIFT__")) {
        command.env_remove(name);
    }
    // No ./barlift.toml of anybody.
    command.current_dir("/").env("DATABASE_URL", url);
    command
}

impl Peer for Barlift {
    fn name(&self) -> String {
        if self.columnstore { "barlift-columnstore".into() } else { "barlift".into() }
    }

    fn missing(&self, server: &Server) -> Option<String> {
        let lacks = self.columnstore && server.timescaledb.is_none();
        lacks.then(|| "the server has no timescaledb".into())
    }

    fn table(&self) -> &'static str {
        BARS
    }

    fn prepare(&self, database: &Database<'_>, _: Storage) -> Result<(), String> {
        self.set_up(database)
    }

    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        self.import(database, data, &[])
    }
}
