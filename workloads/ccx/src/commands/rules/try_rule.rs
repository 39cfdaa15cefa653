//! `ccx rules try`

use std::path::PathBuf;

use ccx_archive::Archive;
use ccx_cli::CliError;
use ccx_declarative_rules::{DeclarativeRule, Trace, TracedValue};
use ccx_rules::RuleMeta;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use snafu::{OptionExt, Snafu};

use super::files::{ClusterArchive, read_archive, read_rules};
use crate::output::{self, Format};

/// Try one rule on an archive, and see what it sees
///
/// Shows which files each input finds and what they look like, every fact, the condition, and the verdict.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx rules try insights-2026-01-15-120000.tar.gz rules/acme.yaml
  ccx rules try insights-2026-01-15-120000.tar.gz NODE_NOT_READY")]
pub(crate) struct TryArgs {
    /// The archive: a file, or a folder with its content.
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    /// The rule: a file with one or more, or the module or error key of a built-in one.
    #[arg(value_name = "RULE")]
    rule: String,
    /// When the data was gathered; by default the time in the name of the archive (`insights-YYYY-MM-DD-hhmmss`), or that of
    /// its newest member, or that of its file.
    #[arg(long, value_name = "RFC3339")]
    gathered_at: Option<DateTime<Utc>>,
    /// How the outcome looks.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// The rule is not there.
#[derive(Debug, Snafu)]
#[snafu(display("{rule} is neither a file nor a built-in rule"))]
struct UnknownRule {
    rule: String,
}

impl CliError for UnknownRule {
    fn advice(&self) -> Option<String> {
        Some("`ccx rules list` names the built-in rules".into())
    }
}

pub(super) fn run(args: &TryArgs) -> Result<(), Box<dyn CliError>> {
    let ClusterArchive { archive, gathered_at } = read_archive(&args.archive)?;
    let gathered_at = args.gathered_at.or(gathered_at);
    let path = PathBuf::from(&args.rule);
    if path.exists() {
        for rule in read_rules(&[path])? {
            show_trace(&rule, &archive, gathered_at, args.output)?;
        }
        return Ok(());
    }
    show_builtin(&archive, gathered_at, args)
}

fn show_trace(
    rule: &DeclarativeRule,
    archive: &Archive,
    gathered_at: Option<DateTime<Utc>>,
    output: Format,
) -> Result<(), Box<dyn CliError>> {
    #[derive(Serialize)]
    struct Traced<'a> {
        rule: &'a str,
        error_key: &'a str,
        #[serde(flatten)]
        trace: &'a Trace,
    }
    let trace = rule.trace(archive, gathered_at);
    let (id, key) = (rule.id().as_str(), rule.error_key().as_str());
    match output {
        Format::Json => output::print_json(&Traced { rule: id, error_key: key, trace: &trace })?,
        Format::Text => output::print(&text_of(id, key, &trace))?,
    }
    Ok(())
}

fn text_of(id: &str, key: &str, trace: &Trace) -> String {
    let mut lines = vec![format!("{id} {key}"), String::new(), "inputs".into()];
    for input in &trace.inputs {
        lines.push(format!("  {}: {}", input.name, input.shape));
        lines.extend(some_of(&input.files).map(|file| format!("      {file}")));
    }
    let sections =
        [("facts", &trace.facts[..]), ("condition", trace.when.as_slice()), ("details", &trace.details[..])];
    for (title, values) in sections.into_iter().filter(|(_, values)| !values.is_empty()) {
        lines.push(title.into());
        lines.extend(values.iter().map(value_line));
    }
    lines.push(String::new());
    let reason = trace.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    lines.push(format!("{}{reason}, {} steps in {:?}", trace.verdict, trace.steps, trace.elapsed));
    lines.join("\n")
}

/// The first few, and how many more there are.
fn some_of(files: &[String]) -> impl Iterator<Item = String> {
    const SHOWN: usize = 5;
    let more = files.len().saturating_sub(SHOWN);
    let tail = (more > 0).then(|| format!("and {more} more"));
    files.iter().take(SHOWN).cloned().chain(tail)
}

/// The value's beginning; JSON output has all of it.
fn value_line(TracedValue { name, value, error }: &TracedValue) -> String {
    const SHOWN_CHARS: usize = 300;
    match (value, error) {
        (Some(value), _) => {
            let text = value.to_string();
            let end = text.char_indices().nth(SHOWN_CHARS).map_or(text.len(), |(end, _)| end);
            format!("  {name} = {}{}", &text[..end], if end < text.len() { "…" } else { "" })
        }
        (None, Some(error)) => format!("  {name}: {error}"),
        (None, None) => format!("  {name}: not worked out"),
    }
}

/// What a built-in rule says.
#[derive(Serialize)]
struct Builtin<'a> {
    rule: &'a str,
    inputs: Vec<InputFiles>,
    verdict: &'static str,
    reason: Option<String>,
    details: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct InputFiles {
    name: String,
    files: Vec<String>,
}

fn show_builtin(
    archive: &Archive,
    gathered_at: Option<DateTime<Utc>>,
    args: &TryArgs,
) -> Result<(), Box<dyn CliError>> {
    let engine = ccx_builtin_rules::engine();
    let is_meant = |meta: &&RuleMeta| {
        meta.rule.as_str() == args.rule || meta.error_keys.iter().any(|key| key.as_str() == args.rule)
    };
    let meta = engine.rules().find(is_meant).context(UnknownRuleSnafu { rule: &args.rule })?;
    let report = engine.run(archive, gathered_at);
    let run = report.runs.iter().find(|run| run.rule.rule == meta.rule);
    let findings = report.hits.iter().chain(&report.info);
    let finding = findings.clone().find(|finding| finding.rule == meta.rule);
    let skip = report.skips.iter().find(|skip| skip.rule == meta.rule);
    let outcome = Builtin {
        rule: meta.rule.as_str(),
        inputs: meta.inputs().map(|input| input_files(input, archive)).collect(),
        verdict: run.map_or("fault", |run| run.verdict.as_str()),
        reason: skip.map(|skip| skip.details.clone()),
        details: finding.and_then(|finding| serde_json::from_str(finding.details.get()).ok()),
    };
    match args.output {
        Format::Json => output::print_json(&outcome)?,
        Format::Text => output::print(&outcome.to_text())?,
    }
    Ok(())
}

fn input_files(input: &ccx_rules::Input, archive: &Archive) -> InputFiles {
    let globs: Vec<_> = input.globs().map(ccx_rules::Glob::new).collect();
    let files = archive.files().filter(|file| globs.iter().any(|glob| glob.matches(file.path)));
    InputFiles { name: input.name().into(), files: files.map(|file| file.path.to_owned()).collect() }
}

impl Builtin<'_> {
    fn to_text(&self) -> String {
        let mut lines = vec![self.rule.to_owned(), String::new(), "inputs".into()];
        for InputFiles { name, files } in &self.inputs {
            lines.push(format!("  {name}: {} file(s)", files.len()));
            lines.extend(some_of(files).map(|file| format!("      {file}")));
        }
        lines.push(String::new());
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("{}{reason}", self.verdict));
        lines.extend(self.details.as_ref().map(|details| format!("{details:#}")));
        lines.join("\n")
    }
}
