//! A worker without work: what it costs, and how soon it starts once there is some.

use std::time::{Duration, Instant};

use super::proxy::Proxy;
use crate::Bench;
use crate::peers::barlift::{Barlift, program};
use crate::process::{self, Background, cpu_seconds};
use crate::rounds::{Contestant, Plan, Sample, Table, measure};
use crate::server::Database;

pub const IDLE: &str = "idle worker";
pub const QUERIES: &str = "queries/s";
pub const START: &str = "enqueue to start";
/// From its start on, until it only waits.
const SETTLE: Duration = Duration::from_secs(5);
const WINDOW: Duration = Duration::from_secs(10);
const STARTS: usize = 20;

pub fn run(bench: &Bench) -> Vec<Table> {
    let plan =
        |scenario, title: &str, unit| Plan { scenario, title: title.into(), unit, baseline: "", of: "" };
    let idle = plan("idle", "A worker without work, 10 s long", "% of a core");
    let start = plan("start", "From the operation's creation to the start of its file, idle worker", "ms");
    vec![
        measure(idle, bench.args.rounds.min(3), &[Contestant::new(IDLE, || waits(bench))]),
        measure(start, 1, &[Contestant::new(START, || starts(bench))]),
    ]
}

fn waits(bench: &Bench) -> Result<Vec<Sample>, String> {
    let database = super::set_up(bench)?;
    let proxy = bench.server.runtime.block_on(Proxy::start(&database.address)).map_err(|e| e.to_string())?;
    let url = format!("{}?sslmode=disable", proxy.address.url(&database.name));
    let worker = Background::start(program(&url).arg("worker"))?;
    std::thread::sleep(SETTLE);
    let cpu = || cpu_seconds(worker.pid()).ok_or("the worker has ended");
    let (begin, cpu_before, queries_before) = (Instant::now(), cpu()?, proxy.queries());
    if queries_before == 0 {
        return Err("the worker asked nothing of the server".into());
    }
    std::thread::sleep(WINDOW);
    let seconds = begin.elapsed().as_secs_f64();
    let share = 100.0 * (cpu()? - cpu_before) / seconds;
    let queries = (proxy.queries() - queries_before) as f64 / seconds;
    Ok(vec![Sample::new(IDLE, share).fact(QUERIES, queries)])
}

fn starts(bench: &Bench) -> Result<Vec<Sample>, String> {
    let data = bench.small(1);
    let database = super::set_up(bench)?;
    let _worker = Background::start(&mut Barlift::ROWSTORE.command(&database, &["worker"]))?;
    std::thread::sleep(SETTLE);
    let mut samples = Vec::new();
    for number in 1..=STARTS {
        let mut enqueue = Barlift::ROWSTORE.command(&database, &["enqueue", "import", "--force", "--wait"]);
        process::run(enqueue.arg(data.bars()))?;
        samples.push(Sample::new(START, started_after(&database, number)?));
    }
    Ok(samples)
}

/// Milliseconds from the newest operation's creation to its file's first attempt, by the server's clock.
fn started_after(database: &Database<'_>, operations: usize) -> Result<f64, String> {
    database.expect_rows("barlift.operations", operations as u64)?;
    database.number(include_str!("../sql/started_after.sql"))
}
