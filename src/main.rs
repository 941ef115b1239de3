//! The `barlift` program: hands its arguments over and exits as told.

use std::process::ExitCode;

fn main() -> ExitCode {
    barlift::cli::run(std::env::args_os().collect())
}
