//! One program for all workloads, and the tools around them.
//!
//! ```text
//!  main ──▶ cli (what was asked for) ──▶ commands/* (each one file or folder) ──▶ ccx_cli (what to tell, how to exit)
//! ```

mod archive_file;
mod archive_time;
mod cli;
mod commands;
mod insights_results_aggregator;
mod output;
mod panic;
mod upload;

use std::{ffi::OsString, path::Path, process::ExitCode};

use clap::Parser as _;

use ccx_cli::CliError;
use cli::{Cli, command_line};

/// Gives memory back to the system after each archive, which glibc's allocator does not do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    if name.is_some_and(|name| name == insights_results_aggregator::NAME) {
        return insights_results_aggregator::main(arguments);
    }
    ccx_cli::finish(run(Cli::parse_from(command_line(arguments))))
}

fn run(cli: Cli) -> Result<(), Box<dyn CliError>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ccx_cli::NoRuntime::from)?;
    let outcome = runtime.block_on(commands::run(cli));
    // A blocking call that still runs, such as a name lookup, does not delay the exit.
    runtime.shutdown_background();
    outcome
}
