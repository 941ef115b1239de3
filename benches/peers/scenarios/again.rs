//! The same files again, into the database that a fresh import has just filled.

use super::fresh::sizes;
use crate::Bench;
use crate::data::Dataset;
use crate::peers::barlift::{BARS, Barlift};
use crate::peers::parallel_copy::ParallelCopy;
use crate::peers::{Peer as _, TABLE, missing};
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};
use crate::server::Storage;

pub fn run(bench: &Bench) -> Vec<Table> {
    let data = bench.large().for_peers();
    let contestants =
        [barlift(bench, &data, false), barlift(bench, &data, true), parallel_copy(bench, &data)];
    let title = format!("The same files again, {} ({})", sizes(&data), super::storage(bench));
    let plan = Plan { scenario: "again", title, unit: "s", baseline: "fresh import", of: "rows" };
    vec![measure(plan, bench.args.rounds, &contestants)]
}

fn barlift<'a>(bench: &'a Bench, data: &'a Dataset, columnstore: bool) -> Contestant<'a> {
    let barlift = Barlift { columnstore };
    let prefix = if columnstore { "columnstore: " } else { "" };
    let run = move || {
        let database = bench.server.fresh(Storage::Hypertable)?;
        barlift.prepare(&database, Storage::Hypertable)?;
        let directory = data.bars().display().to_string();
        let mut samples = Vec::new();
        for (name, command, more) in [
            ("fresh import", "import", ""),
            ("import, unchanged", "import", ""),
            ("import --force", "import", "--force"),
            ("verify", "verify", ""),
            ("verify --force", "verify", "--force"),
        ] {
            bench.server.checkpoint();
            let arguments = [command, &directory, "--concurrency", "2", more];
            let arguments = if more.is_empty() { &arguments[..4] } else { &arguments[..] };
            let ran = process::run(&mut barlift.command(&database, arguments))?;
            let sample = Sample::new(format!("{prefix}{name}"), ran.seconds);
            samples.push(sample.fact("peak RSS MB", ran.peak_rss_mb));
            database.expect_rows(BARS, data.rows())?;
        }
        Ok(samples)
    };
    Contestant {
        missing: missing(bench, &barlift),
        ..Contestant::new(barlift.name(), run).amount(data.rows())
    }
}

fn parallel_copy<'a>(bench: &'a Bench, data: &'a Dataset) -> Contestant<'a> {
    let peer = ParallelCopy::OnConflict;
    let run = move || {
        let database = bench.server.fresh(Storage::Hypertable)?;
        peer.prepare(&database, Storage::Hypertable)?;
        peer.copy(&database, data)?;
        bench.server.checkpoint();
        let again = peer.copy(&database, data)?;
        database.expect_rows(TABLE, data.rows())?;
        Ok(vec![Sample::new(format!("{}, all rows there", peer.name()), again.seconds)])
    };
    let missing = peer.missing(&bench.server);
    let missing =
        if bench.args.takes(&peer.name()) { missing } else { Some("not asked for (--only)".into()) };
    Contestant { missing, ..Contestant::new(peer.name(), run).amount(data.rows()) }
}
