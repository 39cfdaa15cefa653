//! The commands, a file each.

pub(crate) mod completion;
pub(crate) mod crd;
pub(crate) mod render;

use crate::{
    cli::{Cli, Command},
    failure::Failure,
};

/// Does what was asked for.
#[expect(clippy::unused_async, reason = "commands that ask a cluster wait for it")]
pub(crate) async fn run(cli: Cli) -> Result<(), Box<dyn Failure>> {
    match cli.command {
        Command::Render(args) => render::run(&args),
        Command::Crd => crd::run(),
        Command::Completion(args) => completion::run(&args),
    }
}
