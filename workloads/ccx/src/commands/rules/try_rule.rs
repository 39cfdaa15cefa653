//! `ccx rules try`

use std::path::{Path, PathBuf};

use ccx_archive::Archive;
use ccx_cli::CliError;
use ccx_content::{Content, ContentTree};
use ccx_declarative_rules::{DeclarativeRule, Trace, TracedValue, skip_reason};
use ccx_rules::RuleMeta;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use snafu::{OptionExt, Snafu, ensure};

use super::{
    catalog::Catalog,
    files::{ClusterArchive, read_archive},
    rule_name,
};
use crate::{
    argument_values,
    cli::Global,
    output::{self, Format},
};

/// Try one rule on an archive, and see what it sees
///
/// Shows the time at which it is evaluated, the files that each input finds and their content, every fact,
/// the condition, the verdict, and the texts as a reader would see them. Fails when the rule has no verdict.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx rules try insights-2026-01-15-120000.tar.gz rules/acme.yaml
  ccx rules try insights-2026-01-15-120000.tar.gz NODE_NOT_READY")]
pub(crate) struct TryArgs {
    /// The archive: a file, or a folder with its content.
    #[arg(value_name = "ARCHIVE")]
    archive: PathBuf,
    /// The rule: a file with one or more, or the module or error key of one that is built in or named by the
    /// configuration.
    #[arg(value_name = "RULE")]
    rule: String,
    /// When the data was gathered; by default the time in the name of the archive
    /// (`insights-YYYY-MM-DD-hhmmss`), or that of its newest member, or that of its file.
    #[arg(long, value_name = "TIME", value_parser = argument_values::time)]
    gathered_at: Option<DateTime<Utc>>,
    /// Format of the outcome.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// The rule can't be tried, or has no verdict.
#[derive(Debug, Snafu)]
enum TryError {
    #[snafu(display("{rule} is neither a file nor a rule"))]
    UnknownRule { rule: String, similar: Vec<String> },
    #[snafu(display("{failed} rule(s) have no verdict"))]
    NoVerdict { failed: usize },
}

impl CliError for TryError {
    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::UnknownRule { similar, .. } => rule_name::advice(similar),
            Self::NoVerdict { .. } => "the last line of each says why".into(),
        })
    }
}

pub(super) fn run(global: &Global, args: &TryArgs) -> Result<(), Box<dyn CliError>> {
    let ClusterArchive { archive, gathered_at } = read_archive(&args.archive)?;
    let gathered_at = args.gathered_at.or(gathered_at);
    let path = PathBuf::from(&args.rule);
    let files = path.exists().then(|| path.clone());
    let catalog = Catalog::load(global, &files.iter().cloned().collect::<Vec<_>>())?;
    let is_meant = |rule: &&DeclarativeRule| match &files {
        Some(file) => Path::new(rule.file()).starts_with(file),
        None => is_named(&args.rule, rule.id().as_str(), rule.error_key().as_str()),
    };
    let rules: Vec<&DeclarativeRule> = catalog.user_rules.iter().filter(is_meant).collect();
    if rules.is_empty() {
        return show_builtin(&catalog, &archive, gathered_at, args);
    }
    let mut failed = 0;
    for rule in rules {
        let verdict = show_trace(rule, &catalog.content, &archive, gathered_at, args.output)?;
        failed += usize::from(is_failure(verdict));
    }
    ensure!(failed == 0, NoVerdictSnafu { failed });
    Ok(())
}

/// Whether a name refers to a rule: its module, its error key, or both with | between them.
fn is_named(name: &str, module: &str, key: &str) -> bool {
    name == module || name == key || name.split_once('|') == Some((module, key))
}

fn is_failure(verdict: &str) -> bool {
    matches!(verdict, "fault" | "limit")
}

fn show_trace(
    rule: &DeclarativeRule,
    content: &ContentTree,
    archive: &Archive,
    gathered_at: Option<DateTime<Utc>>,
    output: Format,
) -> Result<&'static str, Box<dyn CliError>> {
    #[derive(Serialize)]
    struct Traced<'a> {
        rule: &'a str,
        error_key: &'a str,
        gathered_at: Option<DateTime<Utc>>,
        #[serde(flatten)]
        trace: &'a Trace,
        texts: Vec<RenderedText>,
    }
    let trace = rule.trace(archive, gathered_at);
    let content = content.get(rule.id(), rule.error_key());
    let details = (trace.verdict == "hit").then(|| details_of(&trace));
    let texts = content.zip(details).map(|(content, details)| rendered_texts(content, &details));
    let texts = texts.unwrap_or_default();
    let (id, key) = (rule.id().as_str(), rule.error_key().as_str());
    match output {
        Format::Json => {
            output::print_json(&Traced { rule: id, error_key: key, gathered_at, trace: &trace, texts })?;
        }
        Format::Text => output::print(&text_of(id, key, gathered_at, &trace, &texts))?,
    }
    Ok(trace.verdict)
}

/// Returns the details of a hit, as they are passed to templates.
fn details_of(trace: &Trace) -> Value {
    let details = trace.details.iter().filter_map(|TracedValue { name, value, .. }| {
        let name = name.strip_prefix("details.").unwrap_or(name);
        Some((name.to_owned(), value.clone()?))
    });
    Value::Object(details.collect())
}

/// A text as it is shown to the reader of a finding.
#[derive(Serialize)]
struct RenderedText {
    name: &'static str,
    /// The text, or the reason why it can't be rendered.
    text: String,
}

fn rendered_texts(content: &Content, details: &Value) -> Vec<RenderedText> {
    let texts = content.named_texts().filter(|(_, text)| !text.is_blank());
    let rendered = texts.map(|(name, text)| RenderedText {
        name,
        text: text
            .render(details)
            .unwrap_or_else(|error| format!("can't be rendered: {}", ccx_service::error_chain(&error))),
    });
    rendered.collect()
}

fn lines_of_texts(texts: &[RenderedText]) -> Vec<String> {
    let mut lines = Vec::new();
    for RenderedText { name, text } in texts {
        lines.push(format!("\n{name}"));
        lines.extend(text.trim().lines().map(|line| format!("  {line}")));
    }
    lines
}

fn clock_line(gathered_at: Option<DateTime<Utc>>) -> String {
    match gathered_at {
        Some(time) => format!(
            "now() is {}, when the data was gathered",
            time.to_rfc3339_opts(SecondsFormat::Secs, true)
        ),
        None => "now() and age() have no value: it is unknown when the data was gathered; see --gathered-at"
            .into(),
    }
}

fn text_of(
    id: &str,
    key: &str,
    gathered_at: Option<DateTime<Utc>>,
    trace: &Trace,
    texts: &[RenderedText],
) -> String {
    let mut lines = vec![format!("{id} {key}"), clock_line(gathered_at), String::new(), "inputs".into()];
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
    lines.extend(lines_of_texts(texts));
    lines.push(String::new());
    let reason = trace.reason.as_ref().map(|reason| format!(": {}", skip_reason(reason))).unwrap_or_default();
    lines.push(format!("{}{reason}, {} steps in {:?}", trace.verdict, trace.steps, trace.elapsed));
    lines.join("\n")
}

/// Returns the first few, and the number of the others.
fn some_of(files: &[String]) -> impl Iterator<Item = String> {
    const SHOWN: usize = 5;
    let more = files.len().saturating_sub(SHOWN);
    let tail = (more > 0).then(|| format!("and {more} more"));
    files.iter().take(SHOWN).cloned().chain(tail)
}

/// Returns the beginning of the value; JSON output has all of it.
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

/// The outcome of a built-in rule.
#[derive(Serialize)]
struct Builtin<'a> {
    rule: &'a str,
    inputs: Vec<InputFiles>,
    verdict: &'static str,
    reason: Option<String>,
    details: Option<Value>,
    gathered_at: Option<DateTime<Utc>>,
    texts: Vec<RenderedText>,
}

#[derive(Serialize)]
struct InputFiles {
    name: String,
    files: Vec<String>,
}

fn show_builtin(
    Catalog { engine, content, .. }: &Catalog,
    archive: &Archive,
    gathered_at: Option<DateTime<Utc>>,
    args: &TryArgs,
) -> Result<(), Box<dyn CliError>> {
    let is_meant = |meta: &&RuleMeta| {
        meta.error_keys.iter().any(|key| is_named(&args.rule, meta.rule.as_str(), key.as_str()))
    };
    let meta = engine.rules().find(is_meant).with_context(|| UnknownRuleSnafu {
        rule: &args.rule,
        similar: rule_name::similar(content, &args.rule),
    })?;
    let report = engine.run(archive, gathered_at);
    let run = report.runs.iter().find(|run| run.rule.rule == meta.rule);
    let findings = report.hits.iter().chain(&report.info);
    let finding = findings.clone().find(|finding| finding.rule == meta.rule);
    let skip = report.skips.iter().find(|skip| skip.rule == meta.rule);
    let details: Option<Value> = finding.and_then(|finding| serde_json::from_str(finding.details.get()).ok());
    let key = details.as_ref().and_then(|details| details["error_key"].as_str()?.parse().ok());
    let content = key.and_then(|key| content.get(&meta.rule, &key));
    let outcome = Builtin {
        gathered_at,
        texts: content
            .zip(details.as_ref())
            .map(|(content, details)| rendered_texts(content, details))
            .unwrap_or_default(),
        rule: meta.rule.as_str(),
        inputs: meta.inputs().map(|input| input_files(input, archive)).collect(),
        verdict: run.map_or("fault", |run| run.verdict.as_str()),
        reason: skip.map(|skip| skip.details.clone()),
        details,
    };
    match args.output {
        Format::Json => output::print_json(&outcome)?,
        Format::Text => output::print(&outcome.to_text())?,
    }
    ensure!(!is_failure(outcome.verdict), NoVerdictSnafu { failed: 1_usize });
    Ok(())
}

fn input_files(input: &ccx_rules::Input, archive: &Archive) -> InputFiles {
    let globs: Vec<_> = input.globs().map(ccx_rules::Glob::new).collect();
    let files = archive.files().filter(|file| globs.iter().any(|glob| glob.matches(file.path)));
    InputFiles { name: input.name().into(), files: files.map(|file| file.path.to_owned()).collect() }
}

impl Builtin<'_> {
    fn to_text(&self) -> String {
        let mut lines =
            vec![self.rule.to_owned(), clock_line(self.gathered_at), String::new(), "inputs".into()];
        for InputFiles { name, files } in &self.inputs {
            lines.push(format!("  {name}: {} file(s)", files.len()));
            lines.extend(some_of(files).map(|file| format!("      {file}")));
        }
        lines.extend(lines_of_texts(&self.texts));
        lines.push(String::new());
        let reason =
            self.reason.as_ref().map(|reason| format!(": {}", skip_reason(reason))).unwrap_or_default();
        lines.push(format!("{}{reason}", self.verdict));
        lines.extend(self.details.as_ref().map(|details| format!("{details:#}")));
        lines.join("\n")
    }
}
