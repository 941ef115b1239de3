//! Who is compared: each loads the same files into a table of its own in a database of its own.
//!
//! Invariant: what a user has once (the database, the extension, the table, barlift's set-up) is made before the clock
//! starts; everything that a user waits for each time (starting the program, connecting, reading the files) is
//! measured. A load counts only if the table then has every row.

pub mod barlift;
pub mod floor;
pub mod pandas;
pub mod parallel_copy;
pub mod pgloader;
pub mod psql;

use crate::Bench;
use crate::data::Dataset;
use crate::process::Ran;
use crate::rounds::{Contestant, Sample};
use crate::server::{Database, Server, Storage};

/// One of those.
pub trait Peer {
    fn name(&self) -> String;

    /// Why it cannot take part, if it cannot.
    fn missing(&self, server: &Server) -> Option<String>;

    /// Where its rows are.
    fn table(&self) -> &'static str;

    /// Makes that table.
    fn prepare(&self, database: &Database<'_>, storage: Storage) -> Result<(), String>;

    /// Loads all files.
    fn load(&self, database: &Database<'_>, data: &Dataset) -> Result<Ran, String>;
}

/// The table that users of the other tools have, and its columns in the order of their files.
pub const TABLE: &str = "public.bars";
pub const COLUMNS: &str = "symbol,timeframe,ts,open,high,low,close,volume";

/// Makes [`TABLE`]; it belongs to whoever loads it.
pub fn make_table(database: &Database<'_>, storage: Storage) -> Result<(), String> {
    database.execute(include_str!("../sql/peers_table.sql"))?;
    if storage == Storage::Hypertable && database.server.timescaledb.is_some() {
        database.execute(include_str!("../sql/peers_hypertable.sql"))?;
    }
    database.give(TABLE)
}

/// Why it does not take part, if it does not.
pub fn missing(bench: &Bench, peer: &dyn Peer) -> Option<String> {
    let asked = bench.args.takes(&peer.name());
    if asked { peer.missing(&bench.server) } else { Some("not asked for (--only)".into()) }
}

/// Measures `peer` with `data` and tells of `all` rows or files, of which the data may be a part: then seconds are
/// scaled, and the table says so.
pub fn contestant<'a>(
    bench: &'a Bench,
    peer: Box<dyn Peer>,
    data: &'a Dataset,
    storage: Storage,
    (all, of): (u64, &'static str),
) -> Contestant<'a> {
    let name = peer.name();
    let part = if of == "files" { data.files } else { data.rows() };
    let scale = all as f64 / part as f64;
    let missing = missing(bench, peer.as_ref());
    let run = move || {
        let database = bench.server.fresh(storage)?;
        peer.prepare(&database, storage)?;
        bench.server.checkpoint();
        let ran = peer.load(&database, data)?;
        database.expect_rows(peer.table(), data.rows())?;
        let sample = Sample::new(peer.name(), ran.seconds * scale);
        let sample = if ran.peak_rss_mb > 0.0 { sample.fact("peak RSS MB", ran.peak_rss_mb) } else { sample };
        let size = database.size_mb(peer.table())?;
        Ok(vec![if part == all { sample.fact("table MB", size) } else { sample }])
    };
    let contestant = Contestant { missing, ..Contestant::new(name, run).amount(all) };
    if part == all { contestant } else { contestant.note(format!("from {part} {of}, scaled")) }
}
