//! `ccx config`

use ccx_cli::{CliError, Exit};
use ccx_config::Config;
use ccx_transport::{KafkaError, TopicAdmin};
use clap::{Args, Subcommand};
use snafu::{ResultExt as _, Snafu};

use super::rules::Catalog;
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
/// Reports all mistakes at once. The files of secrets, certificates, rules and texts must be readable and valid too.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx --config ccx.toml config check && echo fine")]
pub(crate) struct CheckArgs {}

/// The configuration can't be used.
#[derive(Debug, Snafu)]
pub(crate) enum ConfigCommandError {
    #[snafu(display("[kafka] can't be used"))]
    Kafka { source: KafkaError },
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
            let config = global.config()?;
            global.file_problems(&config)?;
            // Rules and texts that the configuration names.
            Catalog::load(global, &[])?;
            // The client checks certificates and the properties of librdkafka when it is created; it needs no broker.
            TopicAdmin::connect(&config.kafka).context(KafkaSnafu)?;
            output::print("the configuration is fine")?;
        }
    }
    Ok(())
}
