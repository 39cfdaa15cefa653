//! The commands, a file or folder each.

pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod content;
pub(crate) mod dlq;
pub(crate) mod export;
pub(crate) mod insights_config;
pub(crate) mod local;
pub(crate) mod migrate;
pub(crate) mod rules;
pub(crate) mod sample_archive;
pub(crate) mod topics;
pub(crate) mod upload;
pub(crate) mod workload;

use crate::cli::{Cli, Command};
use ccx_cli::CliError;

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<(), Box<dyn CliError>> {
    let global = &cli.global;
    match cli.command {
        Command::Pipeline => Box::pin(workload::pipeline(global)).await,
        Command::DbWriter => workload::db_writer(global).await,
        Command::DvoWriter => workload::dvo_writer(global).await,
        Command::ValkeyWriter => workload::valkey_writer(global).await,
        Command::Aggregator => workload::aggregator(global).await,
        Command::SmartProxy => Box::pin(workload::smart_proxy(global)).await,
        Command::Ingress => workload::ingress(global).await,
        Command::InsightsConfig(args) => insights_config::run(&args),
        Command::Migrate(args) => migrate::run(global, args).await,
        Command::Clean(args) => clean::run(global, &args).await,
        Command::Export(args) => Box::pin(export::run(global, &args)).await,
        Command::Upload(args) => upload::run(global, args).await,
        Command::SampleArchive(args) => sample_archive::run(&args),
        // A future of tens of kilobytes, which would be copied.
        Command::Local(args) => Box::pin(local::run(global, args)).await,
        Command::Dlq(command) => dlq::run(global, command).await,
        Command::Config(command) => config::run(global, &command),
        Command::Rules(command) => rules::run(&cli.global, &command),
        Command::Content(command) => content::run(&command),
        Command::Topics(command) => topics::run(global, &command).await,
        Command::Check(args) => Box::pin(check::run(global, &args)).await,
        Command::Completion(args) => completion::run(&args),
    }
}
