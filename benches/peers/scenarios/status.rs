//! Start-up of `barlift status`.

use crate::Bench;
use crate::peers::barlift::Barlift;
use crate::process;
use crate::rounds::{Contestant, Plan, Sample, Table, measure};

pub const ROW: &str = "barlift status";
const TIMES: usize = 20;

pub fn run(bench: &Bench) -> Vec<Table> {
    let data = bench.small(4);
    let run = || {
        let database = super::set_up(bench)?;
        Barlift::ROWSTORE.import(&database, &data, &[])?;
        let once = |_| {
            let ran = process::run(&mut Barlift::ROWSTORE.command(&database, &["status"]))?;
            Ok(Sample::new(ROW, ran.seconds * 1e3))
        };
        (0..TIMES).map(once).collect()
    };
    let title = "Start-up of `barlift status`, the whole command".to_owned();
    let plan = Plan { scenario: "status", title, unit: "ms", baseline: "", of: "" };
    vec![measure(plan, 1, &[Contestant::new(ROW, run)])]
}
