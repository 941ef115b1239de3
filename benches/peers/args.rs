//! What can be asked of the bench.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// barlift and its peers on the same files and the same server, in turns.
#[derive(Debug, Parser)]
#[command(about, after_help = AFTER)]
pub struct Args {
    /// Rows of each of the large files
    #[arg(long, default_value_t = 500_000)]
    pub rows: u64,
    /// How many large files
    #[arg(long, default_value_t = 4)]
    pub files: u64,
    /// How often each is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub rounds: u64,
    /// Only these scenarios
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scenario::value_variants().to_vec())]
    pub scenario: Vec<Scenario>,
    /// Only these of the compared, as the tables name them (barlift,psql,floor …)
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Where the results go
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-peers.json"))]
    pub json: PathBuf,
    /// Small files of 250 bars each
    #[arg(long, default_value_t = 2_000)]
    pub small_files: u64,
    /// The same, more of them; also what is enqueued, and the most files of the scenario `growth`
    #[arg(long, default_value_t = 10_000)]
    pub many_files: u64,
    /// Most rows of the scenario `growth`
    #[arg(long, default_value_t = 10_000_000)]
    pub growth_rows: u64,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

const AFTER: &str = "\
BENCH_DATABASE_URL names a server to use, as a superuser of it; databases named barlift_bench_* are made there and
dropped. Else a private one is started, of the pg_config on the PATH. BENCH_PYTHON is the python of pandas.";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// The large files into an empty database, with TimescaleDB: both storages and all peers
    Fresh,
    /// The same into plain PostgreSQL
    Plain,
    /// The same files again: unchanged, with --force, and verified
    Again,
    /// The same files compressed, in archives and as Parquet
    Packed,
    /// The bars of many series in one file, or in a file for each day
    Several,
    /// Files of 250 bars
    Small,
    /// Putting many files into the queue
    Enqueue,
    /// Two worker processes against one
    Workers,
    /// Peak memory of a worker
    Memory,
    /// A worker that has nothing to do, and how soon it starts when it has
    Idle,
    /// Start-up of `barlift status`
    Status,
    /// How cost grows with rows, files and workers
    Growth,
}

impl Args {
    /// Whether `--only` lets it take part.
    pub fn takes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|n| n == name)
    }
}
