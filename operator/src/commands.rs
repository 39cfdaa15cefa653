//! The commands, one file each.

pub(crate) mod completion;
pub(crate) mod crd;
pub(crate) mod plan;
pub(crate) mod render;
pub(crate) mod run;

use ccx_cli::CliError;

use crate::cli::{Cli, Command};

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> Result<(), Box<dyn CliError>> {
    match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Plan(args) => Box::pin(plan::run(&args)).await,
        Command::Run(args) => run::run(args).await.map_err(Into::into),
        Command::Crd => crd::run(),
        Command::Completion(args) => completion::run(&args),
    }
}
