//! The same work by one worker process and by several.

use super::fresh::sizes;
use crate::Bench;
use crate::data::Dataset;
use crate::peers::barlift::{BARS, Barlift};
use crate::process::{self, Background};
use crate::rounds::{Contestant, Plan, Sample, Table, measure};

pub const ONE_OF_TWO: &str = "1 process, concurrency 2";
pub const TWO_OF_ONE: &str = "2 processes, concurrency 1";

/// One process against two.
pub fn processes(bench: &Bench) -> Vec<Table> {
    let data = bench.large();
    let contestants =
        [contestant(bench, &data, ONE_OF_TWO, 1, 2), contestant(bench, &data, TWO_OF_ONE, 2, 1)];
    let title = format!("Worker processes, {} ({})", sizes(&data), super::storage(bench));
    let plan = Plan { scenario: "workers", title, unit: "s", baseline: ONE_OF_TWO, of: "rows" };
    vec![measure(plan, bench.args.rounds, &contestants)]
}

/// From the start of the workers until the operation has finished.
pub fn contestant<'a>(
    bench: &'a Bench,
    data: &'a Dataset,
    name: &str,
    processes: usize,
    concurrency: usize,
) -> Contestant<'a> {
    let row = name.to_owned();
    let run = move || {
        let database = super::set_up(bench)?;
        let mut enqueue = Barlift::ROWSTORE.command(&database, &["enqueue", "import"]);
        process::run(enqueue.arg(data.bars()))?;
        bench.server.checkpoint();
        // By the server's clock, for workers stay a moment to see whether there is more.
        let started = database.number("SELECT extract(epoch FROM clock_timestamp())::float8")?;
        let arguments = ["worker", "--drain", "--concurrency", &concurrency.to_string()];
        let workers: Result<Vec<_>, _> = (0..processes)
            .map(|_| Background::start(&mut Barlift::ROWSTORE.command(&database, &arguments)))
            .collect();
        for mut worker in workers? {
            worker.wait()?;
        }
        let finished = "SELECT extract(epoch FROM max(finished_at))::float8 FROM barlift.operations";
        let finished = database.number(finished)?;
        database.expect_rows(BARS, data.rows())?;
        Ok(vec![Sample::new(&row, finished - started)])
    };
    Contestant::new(name, run).amount(data.rows())
}
