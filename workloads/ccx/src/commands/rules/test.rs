//! `ccx rules test`

use std::{fs, io, path::PathBuf};

use ccx_cli::CliError;
use ccx_declarative_rules::DeclarativeRule;
use clap::Args;
use serde::Serialize;
use snafu::{ResultExt, Snafu};

use super::{builtin_tests, files::read_given_rules, junit};
use crate::output::{self, Format};

/// Run the tests of rules
///
/// The tests of a rule are in its file: small sample clusters, and the expected outcomes. Without a path the
/// tests of the built-in rules are run.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx rules test rules/
  ccx rules test rules/ --junit results.xml
  ccx rules test                       # the built-in rules")]
pub(crate) struct TestArgs {
    /// Files, directories, or .tar(.gz) archives of rules.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write the outcomes to a file, for CI systems.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Format of the outcomes.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// The outcome of a test.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    /// The rule.
    pub rule: String,
    /// The test.
    pub test: String,
    /// Its location.
    pub place: String,
    /// The reasons why it failed, as lines; `None` when it passed.
    pub failure: Option<String>,
}

/// Tests failed, or could not be reported.
#[derive(Debug, Snafu)]
enum TestError {
    #[snafu(display("{failed} of {total} tests failed"))]
    Failed { failed: usize, total: usize },
    #[snafu(display("there is no test; add a section `tests` to the rules"))]
    None,
    #[snafu(display("failed to write {}", path.display()))]
    Junit { path: PathBuf, source: io::Error },
}

impl CliError for TestError {}

pub(super) fn run(args: &TestArgs) -> Result<(), Box<dyn CliError>> {
    let outcomes = if args.paths.is_empty() {
        builtin_tests::run()
    } else {
        read_given_rules(&args.paths)?.iter().flat_map(outcomes_of).collect()
    };
    for outcome in &outcomes {
        match args.output {
            Format::Text => output::print(&outcome.to_text())?,
            Format::Json => output::print_json(outcome)?,
        }
    }
    if let Some(path) = &args.junit {
        let report = junit::report(&outcomes).map_err(io::Error::other).context(JunitSnafu { path })?;
        fs::write(path, report).context(JunitSnafu { path })?;
    }
    conclude(&outcomes, args.output)
}

fn outcomes_of(rule: &DeclarativeRule) -> Vec<Outcome> {
    let outcome = |test: ccx_declarative_rules::TestOutcome| Outcome {
        rule: rule.id().to_string(),
        test: test.name,
        place: format!("{}:{}:{}", rule.file(), test.position.line, test.position.column),
        failure: test.failure.map(|failure| {
            let said = format!("expected {}, but {}", failure.expected, failure.actual);
            failure.diff.map_or(said.clone(), |diff| format!("{said}\n{diff}"))
        }),
    };
    rule.run_tests().into_iter().map(outcome).collect()
}

fn conclude(outcomes: &[Outcome], format: Format) -> Result<(), Box<dyn CliError>> {
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    match (failed, outcomes.len()) {
        (_, 0) => Ok(NoneSnafu.fail()?),
        (0, total) if format == Format::Text => Ok(output::print(&format!("{total} tests passed"))?),
        (0, _) => Ok(()),
        (failed, total) => Ok(FailedSnafu { failed, total }.fail()?),
    }
}

impl Outcome {
    fn to_text(&self) -> String {
        let Self { rule, test, place, failure } = self;
        match failure {
            None => format!("ok      {rule}: {test}"),
            Some(failure) => {
                let lines = failure.replace('\n', "\n          ");
                format!("FAILED  {rule}: {test}\n        {place}\n          {lines}")
            }
        }
    }
}
