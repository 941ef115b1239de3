//! What is measured, one scenario a file. Each makes its files, measures in turns, and gives back tables.

pub mod again;
pub mod enqueue;
pub mod fresh;
pub mod growth;
pub mod idle;
pub mod memory;
pub mod packed;
mod proxy;
pub mod several;
pub mod small;
pub mod status;
pub mod workers;

use crate::Bench;
use crate::peers::barlift::Barlift;
use crate::server::{Database, Storage};

/// A fresh database with barlift's tables.
pub fn set_up(bench: &Bench) -> Result<Database<'_>, String> {
    let database = bench.server.fresh(Storage::Hypertable)?;
    Barlift::ROWSTORE.set_up(&database)?;
    Ok(database)
}

/// How the bars of [`set_up`] are stored.
pub fn storage(bench: &Bench) -> &'static str {
    if bench.server.timescaledb.is_some() {
        "TimescaleDB"
    } else {
        "plain tables: no timescaledb on this server"
    }
}
