//! pandas: `read_csv`, then `to_sql`.

use std::process::Command;

use super::{Peer, TABLE, make_table};
use crate::data::Dataset;
use crate::process::{self, Ran};
use crate::server::{Database, Server, Storage};

/// It would take a minute for all of them.
pub const ROWS: u64 = 100_000;

const SCRIPT: &str = include_str!("to_sql.py");

pub struct Pandas;

fn python() -> String {
    std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".into())
}

impl Peer for Pandas {
    fn name(&self) -> String {
        "pandas".into()
    }

    fn missing(&self, _: &Server) -> Option<String> {
        let imports =
            process::run(Command::new(python()).args(["-c", "import pandas, psycopg2, sqlalchemy"]));
        imports.err().map(|e| format!("{e} (BENCH_PYTHON names another python)"))
    }

    fn table(&self) -> &'static str {
        TABLE
    }

    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String> {
        make_table(database, storage)
    }

    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String> {
        let address = &database.address;
        let mut command = Command::new(python());
        command.args(["-c", SCRIPT]).args(&data.named);
        command.env("PGHOST", &address.host).env("PGPORT", address.port.to_string());
        command.env("PGUSER", &address.user).env("PGDATABASE", &database.name);
        let ran = process::run(command.env("PGPASSWORD", &address.password))?;
        // Without Python's start and its imports, which would be scaled, too.
        let seconds = ran.stdout.trim().parse().map_err(|_| format!("it said {:?}", ran.stdout))?;
        Ok(Ran { seconds, ..ran })
    }
}

/// Of pandas.
pub fn version() -> Result<String, String> {
    let script = "import pandas; print(pandas.__version__)";
    process::run(Command::new(python()).args(["-c", script])).map(|ran| ran.stdout.trim().to_owned())
}
