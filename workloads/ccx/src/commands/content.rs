//! `ccx content`: trees of rule content.

use std::path::PathBuf;

use ccx_cli::{CliError, Exit};
use ccx_content::{Checked, Files, LoadError, ReadError, Severity, check};
use clap::{Args, Subcommand};
use snafu::{ResultExt, Snafu};

use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum ContentCommand {
    #[command(alias = "lint")]
    Check(CheckArgs),
}

/// Check a tree of rule content
///
/// Reports everything at once, by file and line. Errors keep a rule or a text from being shown: files that are
/// missing or not YAML, texts that are not templates, two rules for one error key, rules without an error key.
/// Warnings should be corrected: missing and unknown keys, names that config.yaml does not have, empty texts,
/// tags that are not closed, resolutions without a command.
///
/// Exits with 0 without errors, 1 with errors, 2 when PATH is not a content tree.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx content check ./content
  ccx content check --deny-warnings --output json content.tar.gz")]
pub(crate) struct CheckArgs {
    /// The folder with config.yaml, or an archive of it (tar, tar.gz, zip, …).
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    root: PathBuf,
    /// Fail on warnings too.
    #[arg(long)]
    deny_warnings: bool,
    /// Format of the problems.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// The tree has problems.
#[derive(Debug, Snafu)]
pub(crate) enum ContentError {
    #[snafu(display("failed to read the content"))]
    Read { source: ReadError },
    #[snafu(display("failed to load the content in {}", root.display()))]
    Load { root: PathBuf, source: LoadError },
    #[snafu(display("{errors} error(s), {warnings} warning(s) in the content"))]
    Broken { errors: usize, warnings: usize },
}

impl CliError for ContentError {
    fn exit(&self) -> Exit {
        match self {
            Self::Read { .. } | Self::Load { .. } => Exit::Setup,
            Self::Broken { .. } => Exit::Failed,
        }
    }
}

pub(crate) fn run(ContentCommand::Check(args): &ContentCommand) -> Result<(), Box<dyn CliError>> {
    let files = Files::read(&args.root).context(ReadSnafu)?;
    let Checked { problems, rules, error_keys } = check(&files).context(LoadSnafu { root: &args.root })?;
    match args.output {
        Format::Json => problems.iter().try_for_each(output::print_json)?,
        Format::Text => problems.iter().try_for_each(|problem| output::print(&problem.to_string()))?,
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    if errors > 0 || (args.deny_warnings && warnings > 0) {
        return Err(ContentError::Broken { errors, warnings }.into());
    }
    if args.output == Format::Text {
        output::print(&format!("{error_keys} error keys of {rules} rules, {warnings} warning(s)"))?;
    }
    Ok(())
}
