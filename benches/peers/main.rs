//! barlift and the tools that people use today: the same files, the same server, in turns.
//!
//! ```text
//! cargo bench --bench peers                                            all of it; about an hour
//! cargo bench --bench peers -- --scenario fresh --rounds 3 --only barlift,psql,floor
//! cargo bench --bench peers -- --help
//! ```
//!
//! Prints a table a scenario, then the goals, and writes all samples to `target/bench-peers.json`. A peer that is not
//! there is named as skipped, with the reason. docs/performance.md says what is compared with what, and why that is
//! fair. It does not judge: a goal that is missed is shown as missed, and the exit status is 0.

#![allow(missing_docs, unreachable_pub)]
#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod args;
mod data;
mod goals;
mod machine;
mod peers;
mod process;
mod report;
mod rounds;
mod scenarios;
mod server;

use std::path::Path;

use clap::Parser as _;

use args::{Args, Scenario};
use data::{Dataset, Timeframe};
use rounds::Results;
use server::Server;

/// What every scenario needs.
pub struct Bench {
    pub args: Args,
    pub server: Server,
    pub work: tempfile::TempDir,
}

impl Bench {
    pub fn dataset(&self, files: u64, rows: u64, timeframe: Timeframe) -> Dataset {
        Dataset::new(self.work.path(), files, rows, timeframe)
    }

    /// The large files.
    pub fn large(&self) -> Dataset {
        self.dataset(self.args.files, self.args.rows, Timeframe::Minute)
    }

    /// Small files.
    pub fn small(&self, files: u64) -> Dataset {
        self.dataset(files, 250, Timeframe::Day)
    }
}

fn main() {
    let args = Args::parse();
    // Under /tmp, for another user runs the server for root and has to pass.
    let work = tempfile::Builder::new().prefix("barlift-bench-").tempdir_in("/tmp").expect("a folder");
    open_to_all(work.path());
    let server = Server::start(work.path());
    let bench = Bench { args, server, work };
    println!("{}\n", machine::summary(&bench.server));
    let mut results = Results::default();
    for scenario in bench.args.scenario.clone() {
        for table in run(scenario, &bench) {
            println!("{}\n", report::table(&table));
            results.0.push(table);
            // Kept as it grows, so that an hour's work is not lost to whatever ends it.
            report::write(&bench, &results);
        }
    }
    let goals = goals::judge(&results, bench.server.timescaledb.is_some());
    println!("{}\n\n{} has all samples", report::goals(&goals), bench.args.json.display());
}

fn run(scenario: Scenario, bench: &Bench) -> Vec<rounds::Table> {
    match scenario {
        Scenario::Fresh => scenarios::fresh::timescaledb(bench),
        Scenario::Plain => scenarios::fresh::plain(bench),
        Scenario::Again => scenarios::again::run(bench),
        Scenario::Packed => scenarios::packed::run(bench),
        Scenario::Several => scenarios::several::run(bench),
        Scenario::Small => scenarios::small::run(bench),
        Scenario::Enqueue => scenarios::enqueue::run(bench),
        Scenario::Workers => scenarios::workers::processes(bench),
        Scenario::Memory => scenarios::memory::run(bench),
        Scenario::Idle => scenarios::idle::run(bench),
        Scenario::Status => scenarios::status::run(bench),
        Scenario::Growth => scenarios::growth::run(bench),
    }
}

fn open_to_all(directory: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).expect("its mode");
}
