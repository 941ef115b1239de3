//! `barlift enqueue import` of many files: how long, and how much memory for each.

use crate::Bench;
use crate::data::Dataset;
use crate::peers::barlift::Barlift;
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};

pub fn run(bench: &Bench) -> Vec<Table> {
    let most = bench.args.many_files;
    let sets: Vec<Dataset> = [most / 100, most / 10, most].map(|files| bench.small(files.max(1))).into();
    let contestants: Vec<_> = sets.iter().map(|data| contestant(bench, data)).collect();
    let title = format!("`barlift enqueue import`, up to {most} files");
    let plan = Plan { scenario: "enqueue", title, unit: "s", baseline: "", of: "files" };
    vec![measure(plan, bench.args.rounds, &contestants)]
}

/// The row of as many files.
pub fn name(files: u64) -> String {
    format!("{files} files")
}

fn contestant<'a>(bench: &'a Bench, data: &'a Dataset) -> Contestant<'a> {
    let run = move || {
        let database = super::set_up(bench)?;
        bench.server.checkpoint();
        let mut command = Barlift::ROWSTORE.command(&database, &["enqueue", "import"]);
        let ran = process::run(command.arg(data.bars()))?;
        database.expect_rows("barlift.tasks", data.files)?;
        Ok(vec![Sample::new(name(data.files), ran.seconds).fact("peak RSS MB", ran.peak_rss_mb)])
    };
    Contestant::new(name(data.files), run).amount(data.files)
}
