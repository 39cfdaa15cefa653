//! One program for all workloads, and the tools around them.
//!
//! ```text
//!  main ──▶ cli (arguments) ──▶ commands/* (one file or folder each) ──▶ ccx_cli (report and exit code)
//! ```

mod archive_file;
mod archive_time;
mod argument_values;
mod cli;
mod commands;
mod export;
mod insights_results_aggregator;
mod insights_results_aggregator_cleaner;
mod insights_results_aggregator_exporter;
mod original;
mod original_config;
mod output;
mod panic;
mod upload;

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
};

use clap::Parser as _;

use ccx_cli::CliError;
use cli::{Cli, command_line};

/// Returns freed memory to the system after each archive, which the allocator of glibc does not do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ccx_service::BuildInfo::set(
        option_env!("CCX_BUILD_TIME"),
        option_env!("CCX_BUILD_BRANCH"),
        option_env!("CCX_BUILD_COMMIT"),
    );
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    match name.and_then(OsStr::to_str) {
        Some(insights_results_aggregator::NAME) => return insights_results_aggregator::main(arguments),
        Some(insights_results_aggregator_cleaner::NAME) => {
            return insights_results_aggregator_cleaner::main(arguments);
        }
        Some(insights_results_aggregator_exporter::NAME) => {
            return insights_results_aggregator_exporter::main(arguments);
        }
        _ => {}
    }
    ccx_cli::finish(run(Cli::parse_from(command_line(arguments))))
}

fn run(cli: Cli) -> Result<(), Box<dyn CliError>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ccx_cli::NoRuntime::from)?;
    let outcome = runtime.block_on(commands::run(cli));
    // Does not wait for blocking tasks such as DNS lookups.
    runtime.shutdown_background();
    outcome
}
