//! The operator's program.
//!
//! ```text
//!  main ──▶ cli (what was asked for) ──▶ commands/* (each one file) ──▶ ccx_cli (what to tell, how to exit)
//! ```

mod cli;
mod commands;
mod manifest;

use std::process::ExitCode;

use ccx_cli::CliError;
use clap::Parser as _;
use cli::Cli;

/// Gives memory back to the system, which glibc's allocator does late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Beside the main thread, which decides, one for what comes and goes over the network. The operator waits for the API server most of
/// the time, and each thread has a heap of its own.
const WORKERS: usize = 1;

fn main() -> ExitCode {
    ccx_cli::finish(run(Cli::parse()))
}

fn run(cli: Cli) -> Result<(), Box<dyn CliError>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(ccx_cli::NoRuntime::from)?;
    let outcome = runtime.block_on(commands::run(cli));
    // Whatever still blocks, such as a name that is being looked up, does not keep the process.
    runtime.shutdown_background();
    outcome
}
