//! `ccx rules lint`

use std::path::PathBuf;

use ccx_cli::CliError;
use ccx_declarative_rules::{DeclarativeRule, Problem, Rejected, RuleFiles, RuleSet, Severity};
use clap::Args;
use snafu::{ResultExt, Snafu};

use super::{
    catalog::configured_content,
    files::{FilesSnafu, NoRuleSnafu},
};
use crate::{
    cli::Global,
    output::{self, Format},
};

/// Check rules in files
///
/// Reports everything at once, each with file, line and column: what keeps a rule from running, and what
/// should be better. Texts of rules may also be in the content trees of the configuration.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx rules lint rules/
  ccx rules lint --deny-warnings --output json rules/acme.yaml")]
pub(crate) struct LintArgs {
    /// Files, directories, or .tar(.gz) archives of rules.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Fail on warnings too.
    #[arg(long)]
    deny_warnings: bool,
    /// Format of the problems.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// A rule has a problem.
#[derive(Debug, Snafu)]
enum LintError {
    #[snafu(display("{errors} error(s), {warnings} warning(s)"))]
    Problems { errors: usize, warnings: usize },
}

impl CliError for LintError {}

pub(super) fn run(global: &Global, args: &LintArgs) -> Result<(), Box<dyn CliError>> {
    let files = RuleFiles::read(&args.paths).context(FilesSnafu)?;
    let content = configured_content(&global.config()?.rules)?;
    let (rules, problems) = match RuleSet::new(&files) {
        Ok(set) => {
            let mut problems = content
                .map_or_else(|| set.warnings().to_vec(), |content| set.problems_with_content(&content));
            problems.extend(set.rules().iter().filter_map(hidden_by_builtin));
            (set.rules().len(), problems)
        }
        Err(Rejected { problems, .. }) => (0, problems),
    };
    for problem in &problems {
        match args.output {
            Format::Text => output::print(&problem.to_string())?,
            Format::Json => output::print_json(problem)?,
        }
    }
    let errors = count(&problems, Severity::Error);
    let warnings = problems.len() - errors;
    if errors > 0 || (args.deny_warnings && warnings > 0) {
        return Ok(ProblemsSnafu { errors, warnings }.fail()?);
    }
    if rules == 0 {
        return Ok(NoRuleSnafu { paths: &args.paths[..] }.fail()?);
    }
    if args.output == Format::Text {
        output::print(&format!("{rules} rule(s) are fine, {warnings} warning(s)"))?;
    }
    Ok(())
}

/// Returns a warning about a rule with the module and error key of a built-in one: only the first result of both is reported.
fn hidden_by_builtin(rule: &DeclarativeRule) -> Option<Problem> {
    let is_builtin = ccx_builtin_rules::rules().iter().map(|rule| rule.meta()).any(|builtin| {
        builtin.rule == *rule.id() && builtin.error_keys.iter().any(|key| key == rule.error_key())
    });
    let message = "a built-in rule has this id and error key, and its result is used; choose another id";
    let problem = Problem::warning(rule.file(), message).at(Some(rule.position()));
    is_builtin.then_some(problem)
}

fn count(problems: &[Problem], severity: Severity) -> usize {
    problems.iter().filter(|problem| problem.severity == severity).count()
}
