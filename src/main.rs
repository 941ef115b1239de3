//! The `barlift` program: parse, dispatch, report.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    barlift::cli::run(barlift::cli::args::Cli::parse()).await
}
