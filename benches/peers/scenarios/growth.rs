//! How cost grows: with rows, with files for the same rows, with worker processes.

use super::fresh::sizes;
use super::workers;
use crate::Bench;
use crate::data::{Dataset, Timeframe};
use crate::peers::barlift::{BARS, Barlift};
use crate::rounds::{Contestant, Plan, Sample, Table, measure};

/// Rows of the files together, however many they are.
const ROWS_OF_FILES: u64 = 500_000;

const ONE: &str = "1 process";

pub fn run(bench: &Bench) -> Vec<Table> {
    vec![rows(bench), files(bench), workers(bench)]
}

fn rows(bench: &Bench) -> Table {
    let sizes = (4..=7).map(|power| 10_u64.pow(power)).filter(|rows| *rows <= bench.args.growth_rows);
    let sets: Vec<Dataset> = sizes.map(|rows| bench.dataset(4, rows / 4, Timeframe::Minute)).collect();
    imports(bench, "growth-rows", "Growth with rows, in 4 files", &sets)
}

fn files(bench: &Bench) -> Table {
    let counts = (0..=4).map(|power| 10_u64.pow(power)).filter(|files| *files <= bench.args.many_files);
    let set = |files| bench.dataset(files, ROWS_OF_FILES / files, Timeframe::Minute);
    let sets: Vec<Dataset> = counts.map(set).collect();
    imports(bench, "growth-files", "Growth with files, 500,000 rows in all", &sets)
}

fn workers(bench: &Bench) -> Table {
    let data = bench.large();
    let name = |n: usize| if n == 1 { ONE.to_owned() } else { format!("{n} processes") };
    let one = |n: usize| workers::contestant(bench, &data, &name(n), n, 1);
    let contestants: Vec<_> = (1..=4).map(one).collect();
    let title = format!("Worker processes of concurrency 1, {}", sizes(&data));
    let plan = Plan { scenario: "growth-workers", title, unit: "s", baseline: ONE, of: "rows" };
    measure(plan, rounds(bench), &contestants)
}

fn imports(bench: &Bench, scenario: &'static str, title: &str, sets: &[Dataset]) -> Table {
    let contestants: Vec<_> = sets.iter().map(|data| import(bench, data)).collect();
    let title = format!("{title} ({})", super::storage(bench));
    let plan = Plan { scenario, title, unit: "s", baseline: "", of: "rows" };
    measure(plan, rounds(bench), &contestants)
}

fn import<'a>(bench: &'a Bench, data: &'a Dataset) -> Contestant<'a> {
    let name = sizes(data);
    let row = name.clone();
    let run = move || {
        let database = super::set_up(bench)?;
        bench.server.checkpoint();
        let ran = Barlift::ROWSTORE.import(&database, data, &[])?;
        database.expect_rows(BARS, data.rows())?;
        Ok(vec![Sample::new(&row, ran.seconds).fact("peak RSS MB", ran.peak_rss_mb)])
    };
    Contestant::new(name, run).amount(data.rows())
}

/// The shape shows with a few.
fn rounds(bench: &Bench) -> u64 {
    bench.args.rounds.min(3)
}
