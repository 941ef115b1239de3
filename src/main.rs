//! The `barlift` program: hands its arguments over and exits as told.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Runtime::new() else { return ExitCode::FAILURE };
    let code = runtime.block_on(barlift::cli::run(std::env::args_os().collect()));
    // What hangs still, a name server or a collector that does not answer, is not waited for, and finds its
    // runtime there until the process is gone.
    std::mem::forget(runtime);
    code
}
