//! `timescaledb-parallel-copy`, a file after the other, each with two workers and batches of 50,000 rows.

use std::process::Command;
use std::time::Instant;

use super::{COLUMNS, Peer, TABLE, make_table};
use crate::data::Dataset;
use crate::process::{self, Ran};
use crate::server::{Database, Server, Storage};

const PROGRAM: &str = "timescaledb-parallel-copy";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ParallelCopy {
    /// Fails at the first row that is there already.
    Plain,
    /// The one that can be run again.
    OnConflict,
    /// Into a table without any key, straight into compressed batches, which it asks for by itself: nothing keeps rows
    /// from coming twice. `-enable-client-side-sorting` would help it, and 0.13.0 refuses it together with that.
    Columnstore,
}

impl ParallelCopy {
    fn command(self, database: &Database<'_>) -> Command {
        let address = &database.address;
        let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        let connection = format!(
            "host={} port={} user={} password={} dbname={} sslmode=prefer",
            quoted(&address.host),
            address.port,
            quoted(&address.user),
            quoted(&address.password),
            database.name,
        );
        let mut command = Command::new(PROGRAM);
        command.args(["-connection", &connection, "-schema", "public", "-table", "bars"]);
        command.args(["-columns", COLUMNS, "-skip-header", "-workers", "2", "-batch-size", "50000"]);
        if self == Self::OnConflict {
            command.arg("-on-conflict-do-nothing");
        }
        command
    }

    /// The files' rows, which may be there already.
    pub fn copy(self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        let start = Instant::now();
        for file in &data.named {
            process::run(self.command(database).arg("-file").arg(file))?;
        }
        Ok(Ran { seconds: start.elapsed().as_secs_f64(), ..Ran::default() })
    }
}

impl Peer for ParallelCopy {
    fn name(&self) -> String {
        match self {
            Self::Plain => "parallel-copy".into(),
            Self::OnConflict => "parallel-copy-on-conflict".into(),
            Self::Columnstore => "parallel-copy-columnstore".into(),
        }
    }

    fn missing(&self, server: &Server) -> Option<String> {
        let lacks = *self == Self::Columnstore && server.timescaledb.is_none();
        let lacks = lacks.then(|| "the server has no timescaledb".to_owned());
        lacks.or_else(|| process::version(PROGRAM, "-version").err())
    }

    fn table(&self) -> &'static str {
        TABLE
    }

    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String> {
        match self {
            Self::Columnstore => database.execute(include_str!("../sql/peers_columnstore.sql")),
            _ => make_table(database, storage),
        }
    }

    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        self.copy(database, data)
    }
}
