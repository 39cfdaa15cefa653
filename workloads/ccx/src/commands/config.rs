//! `ccx config`

use std::error::Error;

use ccx_cli::{CliError, Exit};
use ccx_config::{Config, SecretError};
use clap::{Args, Subcommand};
use snafu::{ResultExt, Snafu};

use crate::{cli::Global, output};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Print(PrintArgs),
    Check(CheckArgs),
}

/// Print the configuration that is in force, as TOML
///
/// The file, with the CCX__… variables laid over it and defaults for the rest. Secrets are hidden.
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
    #[snafu(display("failed to write the configuration as TOML"))]
    Encode { source: toml::ser::Error },
    #[snafu(display("the configuration has {} secret(s) that can't be read{}", errors.len(), lines(errors)))]
    Secrets { errors: Vec<SecretError> },
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
            let text = toml::to_string(&config).context(EncodeSnafu)?;
            output::print(text.trim_end())?;
        }
        ConfigCommand::Check(CheckArgs {}) => {
            check_secrets(&global.config()?)?;
            output::print("the configuration is fine")?;
        }
    }
    Ok(())
}

fn check_secrets(config: &Config) -> Result<(), ConfigCommandError> {
    let secrets = [
        config.kafka.password().map(drop),
        config.database.password().map(drop),
        config.object_storage.credentials().map(drop),
    ];
    let errors: Vec<SecretError> = secrets.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(()) } else { SecretsSnafu { errors }.fail() }
}

fn lines(errors: &[SecretError]) -> String {
    let line = |error: &SecretError| {
        format!("\n  {error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
    };
    errors.iter().map(line).collect()
}
