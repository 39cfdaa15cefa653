//! `ccx config`

use ccx_cli::{CliError, Exit};
use ccx_config::{Config, Problem};
use clap::{Args, Subcommand};
use snafu::{Snafu, ensure};

use crate::{cli::Global, output};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Print(PrintArgs),
    Check(CheckArgs),
}

/// Print the effective configuration as TOML
///
/// The file, overridden by the CCX__… variables, with defaults for the rest. Secrets and the values of
/// kafka.properties are hidden.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example, to begin a file of your own:\n  ccx config print --defaults > ccx.toml"
)]
pub(crate) struct PrintArgs {
    /// Print the defaults instead.
    #[arg(long)]
    defaults: bool,
}

/// Check the configuration
///
/// Reports all mistakes at once. The files of secrets and certificates must be readable too.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx --config ccx.toml config check && echo fine")]
pub(crate) struct CheckArgs {}

/// The configuration can't be printed or used.
#[derive(Debug, Snafu)]
pub(crate) enum ConfigCommandError {
    #[snafu(display("the configuration names {} file(s) that can't be read:\n  {}", problems.len(), lines(problems)))]
    Files { problems: Vec<Problem> },
}

impl CliError for ConfigCommandError {
    fn exit(&self) -> Exit {
        Exit::Setup
    }
}

pub(crate) fn run(global: &Global, command: &ConfigCommand) -> Result<(), Box<dyn CliError>> {
    match command {
        ConfigCommand::Print(args) => {
            let config = if args.defaults { Config::default() } else { global.config()? };
            output::print(config.to_redacted_toml().trim_end())?;
        }
        ConfigCommand::Check(CheckArgs {}) => {
            let problems = global.config()?.file_problems();
            ensure!(problems.is_empty(), FilesSnafu { problems });
            output::print("the configuration is fine")?;
        }
    }
    Ok(())
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}
