//! How much memory a worker takes at most, at its default settings.

use crate::Bench;
use crate::data::Dataset;
use crate::peers::barlift::{BARS, Barlift};
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};

pub fn run(bench: &Bench) -> Vec<Table> {
    let minute = crate::data::Timeframe::Minute;
    let large = bench.large();
    let one = bench.dataset(1, large.rows(), minute);
    let tenth = bench.dataset(bench.args.files, (bench.args.rows / 10).max(1), minute);
    let contestants = [&tenth, &large, &one].map(|data| contestant(bench, data));
    let title = format!("Peak memory of `barlift worker` ({})", super::storage(bench));
    let plan = Plan { scenario: "memory", title, unit: "MB", baseline: "", of: "" };
    // It hardly varies.
    vec![measure(plan, bench.args.rounds.min(3), &contestants)]
}

fn contestant<'a>(bench: &'a Bench, data: &'a Dataset) -> Contestant<'a> {
    let name = super::fresh::sizes(data);
    let row = name.clone();
    let run = move || {
        let database = super::set_up(bench)?;
        let mut enqueue = Barlift::ROWSTORE.command(&database, &["enqueue", "import"]);
        process::run(enqueue.arg(data.bars()))?;
        let ran = process::run(&mut Barlift::ROWSTORE.command(&database, &["worker", "--drain"]))?;
        database.expect_rows(BARS, data.rows())?;
        Ok(vec![Sample::new(&row, ran.peak_rss_mb)])
    };
    Contestant::new(name, run)
}
