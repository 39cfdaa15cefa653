//! The program `ccx-operator`.
//!
//! ```text
//!  main ──▶ cli (arguments) ──▶ commands/* (one file each) ──▶ ccx_cli (report and exit code)
//! ```

mod arguments;
mod cli;
mod cluster;
mod commands;
mod manifest;

use std::process::ExitCode;

use ccx_cli::CliError;
use clap::Parser as _;
use cli::Cli;

/// Returns freed memory to the system earlier than the allocator of glibc.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One worker thread for the network beside the main thread. The operator waits for the API server most of
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
    // Does not wait for blocking tasks such as DNS lookups.
    runtime.shutdown_background();
    outcome
}
