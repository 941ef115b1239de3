//! The large files into an empty database: barlift and everybody else.

use crate::Bench;
use crate::data::{Dataset, Timeframe};
use crate::peers::barlift::Barlift;
use crate::peers::floor::{self, Floor};
use crate::peers::pandas::{self, Pandas};
use crate::peers::parallel_copy::ParallelCopy;
use crate::peers::pgloader::Pgloader;
use crate::peers::psql::Psql;
use crate::peers::{Peer, contestant};
use crate::rounds::{Contestant, Plan, Table, measure};
use crate::server::Storage;

/// Both storages of TimescaleDB.
pub fn timescaledb(bench: &Bench) -> Vec<Table> {
    let data = bench.large().for_peers();
    let part = bench.dataset(1, pandas::ROWS.min(data.rows()), Timeframe::Minute).for_peers();
    let prepared = floor::prepare(&data);
    let all = (data.rows(), "rows");
    let take = |peer: Box<dyn Peer>| contestant(bench, peer, &data, Storage::Hypertable, all);
    let contestants = [
        take(Box::new(Barlift::ROWSTORE)),
        take(Box::new(Barlift { columnstore: true })),
        take(Box::new(ParallelCopy::OnConflict)),
        take(Box::new(ParallelCopy::Plain)),
        take(Box::new(ParallelCopy::Columnstore)),
        take(Box::new(Psql)),
        take(Box::new(Pgloader)),
        contestant(bench, Box::new(Pandas), &part, Storage::Hypertable, all),
        take(Box::new(Floor { prepared: prepared.clone(), columnstore: false })),
        take(Box::new(Floor { prepared, columnstore: true })),
    ];
    let title = format!("Fresh import, {} ({})", sizes(&data), super::storage(bench));
    vec![measure(plan("fresh", title), bench.args.rounds, &contestants)]
}

/// A database without the extension. pgloader and pandas are not measured again: what they cost is in themselves.
pub fn plain(bench: &Bench) -> Vec<Table> {
    let data = bench.large().for_peers();
    let prepared = floor::prepare(&data);
    let take = |peer: Box<dyn Peer>| -> Contestant<'_> {
        contestant(bench, peer, &data, Storage::Plain, (data.rows(), "rows"))
    };
    let contestants = [
        take(Box::new(Barlift::ROWSTORE)),
        take(Box::new(ParallelCopy::OnConflict)),
        take(Box::new(ParallelCopy::Plain)),
        take(Box::new(Psql)),
        take(Box::new(Floor { prepared, columnstore: false })),
    ];
    let title = format!("Fresh import, {} (plain PostgreSQL)", sizes(&data));
    vec![measure(plan("plain", title), bench.args.rounds, &contestants)]
}

fn plan(scenario: &'static str, title: String) -> Plan {
    Plan { scenario, title, unit: "s", baseline: "barlift", of: "rows" }
}

pub fn sizes(data: &Dataset) -> String {
    let files = if data.files == 1 { "file" } else { "files" };
    format!("{} {files} of {} rows", data.files, data.rows_per_file)
}
