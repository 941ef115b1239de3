//! `barlift db`.

use clap::Subcommand;

use crate::config::Layout;

/// `barlift db`
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Create or update barlift's tables; with TimescaleDB, bars become a hypertable
    Setup {
        /// How to store bars; cannot change once there are some [default: as they are stored now, rowstore in a new
        /// database]
        #[arg(long, value_name = "STORAGE")]
        storage: Option<Layout>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the database's server, schema, storage and size
    Info {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop the private server if it runs; the next command that needs it starts it again
    Stop {
        /// Stop it even while other commands use it
        #[arg(long)]
        force: bool,
    },
    /// Delete the private server and all its bars
    Remove {
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Run psql on the private server, e.g. barlift db psql -- -c 'SELECT * FROM barlift.bars_named LIMIT 5'
    Psql {
        /// Arguments for psql
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}
