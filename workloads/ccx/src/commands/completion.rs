//! `ccx completion`

use ccx_cli::CliError;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{cli::Cli, output};

/// Print the completion script of a shell
///
/// Write the output to the completion directory of the shell.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  ccx completion bash > ~/.local/share/bash-completion/completions/ccx"
)]
pub(crate) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &CompletionArgs) -> Result<(), Box<dyn CliError>> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ccx", &mut script);
    output::print_document(&String::from_utf8_lossy(&script))?;
    Ok(())
}
