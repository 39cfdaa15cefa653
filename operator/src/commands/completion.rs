//! `ccx-operator completion`

use ccx_cli::CliError;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;

/// Print the completion script of a shell
///
/// Write the output to the completion directory of the shell.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ccx-operator completion bash > ~/.local/share/bash-completion/completions/ccx-operator")]
pub(crate) struct CompletionArgs {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &CompletionArgs) -> Result<(), Box<dyn CliError>> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ccx-operator", &mut script);
    ccx_cli::print_document(&String::from_utf8_lossy(&script))?;
    Ok(())
}
