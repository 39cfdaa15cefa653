//! `ccx content`: trees of rule content.

use std::path::PathBuf;

use ccx_cli::{CliError, Exit};
use ccx_content::{ContentTree, Files, LoadError, ReadError, Severity, lint};
use clap::{Args, Subcommand};
use snafu::{ResultExt, Snafu};

use crate::output::{self, Format};

#[derive(Debug, Subcommand)]
pub(crate) enum ContentCommand {
    Lint(LintArgs),
}

/// Check a tree of rule content
///
/// Reports, by file and line, what keeps a rule or a text from being shown (an error), and what should be
/// checked (a warning): unknown names, empty texts, tags that are not closed, resolutions without a command.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx content lint ./content")]
pub(crate) struct LintArgs {
    /// The folder with config.yaml.
    #[arg(value_name = "DIR")]
    root: PathBuf,
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
    #[snafu(display("{count} error(s) in the content"))]
    Broken { count: usize },
}

impl CliError for ContentError {
    fn exit(&self) -> Exit {
        match self {
            Self::Read { .. } | Self::Load { .. } => Exit::Setup,
            Self::Broken { .. } => Exit::Failed,
        }
    }
}

pub(crate) fn run(ContentCommand::Lint(args): &ContentCommand) -> Result<(), Box<dyn CliError>> {
    let files = Files::read_dir(&args.root).context(ReadSnafu)?;
    let tree = ContentTree::load(&files).context(LoadSnafu { root: &args.root })?;
    let problems = lint(&tree);
    match args.output {
        Format::Json => problems.iter().try_for_each(output::print_json)?,
        Format::Text => problems.iter().try_for_each(|problem| output::print(&problem.to_string()))?,
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 {
        return Err(ContentError::Broken { count: errors }.into());
    }
    if args.output == Format::Text {
        let (keys, rules) = (tree.contents().count(), tree.rules().len());
        output::print(&format!("{keys} error keys of {rules} rules, {} warning(s)", problems.len()))?;
    }
    Ok(())
}
