//! One program for all workloads, and the tools around them.
//!
//! ```text
//!  main ──▶ cli (what was asked for) ──▶ commands/* (each one file or folder) ──▶ failure (what to tell, how to exit)
//! ```

mod archive_file;
mod archive_time;
mod cli;
mod commands;
mod failure;
mod output;
mod panic;
mod upload;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, command_line};
use failure::Failure;

/// Gives memory back to the system after each archive, which glibc's allocator does not do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse_from(command_line(std::env::args_os()));
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure::report(failure.as_ref()));
            ExitCode::from(failure.exit().code())
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn Failure>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failure::NoRuntime::from)?;
    let outcome = runtime.block_on(commands::run(cli));
    // Whatever still blocks, such as a name that is being looked up, does not keep the process.
    runtime.shutdown_background();
    outcome
}
