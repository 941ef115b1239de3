//! `psql \copy`, a file after the other.

use std::process::Command;
use std::time::Instant;

use super::{COLUMNS, Peer, TABLE, make_table};
use crate::data::Dataset;
use crate::process::{self, Ran};
use crate::server::{Database, Server, Storage};

pub struct Psql;

impl Peer for Psql {
    fn name(&self) -> String {
        "psql".into()
    }

    fn missing(&self, _: &Server) -> Option<String> {
        process::version("psql", "--version").err()
    }

    fn table(&self) -> &'static str {
        TABLE
    }

    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String> {
        make_table(database, storage)
    }

    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        let start = Instant::now();
        for file in &data.named {
            let copy = format!("\\copy {TABLE} ({COLUMNS}) FROM '{}' (FORMAT csv, HEADER)", file.display());
            let mut command = Command::new("psql");
            command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &database.url(), "-c", &copy]);
            process::run(&mut command)?;
        }
        Ok(Ran { seconds: start.elapsed().as_secs_f64(), ..Ran::default() })
    }
}
