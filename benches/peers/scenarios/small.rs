//! Many files of 250 daily bars.

use crate::Bench;
use crate::peers::barlift::Barlift;
use crate::peers::contestant;
use crate::peers::floor::{self, Floor};
use crate::peers::parallel_copy::ParallelCopy;
use crate::peers::psql::Psql;
use crate::rounds::{Plan, Table, measure};
use crate::server::Storage;

/// Of those who take a process a file.
const PART: u64 = 200;

pub fn run(bench: &Bench) -> Vec<Table> {
    vec![compared(bench), many(bench)]
}

fn compared(bench: &Bench) -> Table {
    let files = bench.args.small_files;
    let data = bench.small(files);
    let part = bench.small(PART.min(files - 1)).for_peers();
    let prepared = floor::prepare(&data);
    let (all, kind) = ((files, "files"), Storage::Hypertable);
    let contestants = [
        contestant(bench, Box::new(Barlift::ROWSTORE), &data, kind, all),
        contestant(bench, Box::new(Barlift { columnstore: true }), &data, kind, all),
        contestant(bench, Box::new(ParallelCopy::OnConflict), &part, kind, all),
        contestant(bench, Box::new(Psql), &part, kind, all),
        contestant(bench, Box::new(Floor { prepared, columnstore: false }), &data, kind, all),
    ];
    measure(plan(bench, "small", files), bench.args.rounds, &contestants)
}

fn many(bench: &Bench) -> Table {
    let files = bench.args.many_files;
    let data = bench.small(files);
    let contestants =
        [contestant(bench, Box::new(Barlift::ROWSTORE), &data, Storage::Hypertable, (files, "files"))];
    measure(plan(bench, "many", files), bench.args.rounds, &contestants)
}

fn plan(bench: &Bench, scenario: &'static str, files: u64) -> Plan {
    let title = format!("{files} files of 250 daily bars ({})", super::storage(bench));
    Plan { scenario, title, unit: "s", baseline: "barlift", of: "files" }
}
