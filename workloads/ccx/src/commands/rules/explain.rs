//! `ccx rules explain`

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use ccx_cli::CliError;
use ccx_content::{Content, Text, TextError};
use ccx_declarative_rules::DeclarativeRule;
use ccx_rules::Engine;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use snafu::{ResultExt, Snafu};

use super::{
    catalog::Catalog,
    described::{self, Described},
    rule_name::{self, RuleNameParser},
};
use crate::{
    cli::Global,
    output::{self, Format},
};

/// Explain what a rule reads, why its finding matters, and what to do
///
/// The rule is named by its error key, its module, the last part of that, both with | between them, or a file
/// of rules; rules and content trees of the configuration are included. Without details the texts are shown
/// as templates; with the details of a finding (`details` of a hit in a report) they are rendered for that
/// cluster.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  ccx rules explain NODE_NOT_READY\n  \
    jq '.reports[0].details' report.json | ccx rules explain NODE_NOT_READY --details -")]
pub(crate) struct ExplainArgs {
    /// The rule, error key, or file of rules.
    #[arg(value_name = "RULE", value_parser = RuleNameParser, hide_possible_values = true)]
    rule: String,
    /// The details of a finding, a JSON object; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    details: Option<PathBuf>,
    /// Format of the explanation.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// A rule can't be explained with these details.
#[derive(Debug, Snafu)]
pub(crate) enum ExplainError {
    #[snafu(display("failed to read the details from {}", path.display()))]
    Read { path: PathBuf, source: io::Error },
    #[snafu(display("failed to parse the details in {} as JSON", path.display()))]
    Parse { path: PathBuf, source: serde_json::Error },
    #[snafu(display("failed to write the text about {selector}"))]
    Render { selector: String, source: TextError },
}

impl CliError for ExplainError {
    fn advice(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Parse { .. } => Some("the details are the object `details` of a hit in a report".into()),
            Self::Render { .. } => {
                Some("are these the details of this rule? Without --details the template is shown".into())
            }
        }
    }
}

/// A key with its texts.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    described: Described<'a>,
    generic: String,
    reason: String,
    resolution: String,
    more_info: String,
}

pub(super) fn run(global: &Global, args: &ExplainArgs) -> Result<(), Box<dyn CliError>> {
    let file = Path::new(&args.rule);
    let is_file = file.exists();
    let Catalog { engine, content, user_rules } =
        Catalog::load(global, &is_file.then(|| file.to_owned()).into_iter().collect::<Vec<_>>())?;
    let contents = if is_file {
        let is_of_file = |rule: &&DeclarativeRule| Path::new(rule.file()).starts_with(file);
        let rules = user_rules.iter().filter(is_of_file);
        rules.filter_map(|rule| content.get(rule.id(), rule.error_key())).collect()
    } else {
        rule_name::find(&content, &args.rule)?
    };
    let details = args.details.as_deref().map(read_details).transpose()?;
    for content in contents {
        let explained = explain(&engine, content, details.as_ref())?;
        match args.output {
            Format::Json => output::print_json(&explained)?,
            Format::Text => output::print(&to_text(&explained))?,
        }
    }
    Ok(())
}

fn read_details(path: &Path) -> Result<Value, ExplainError> {
    let text =
        if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let text = text.context(ReadSnafu { path })?;
    serde_json::from_str(&text).context(ParseSnafu { path })
}

fn explain<'a>(
    engine: &Engine,
    content: &'a Content,
    details: Option<&Value>,
) -> Result<Explained<'a>, ExplainError> {
    let write = |text: &Text| match details {
        None => Ok(text.source().to_owned()),
        Some(details) => {
            text.render(details).with_context(|_| RenderSnafu { selector: content.selector.to_string() })
        }
    };
    let texts = &content.texts;
    Ok(Explained {
        described: described::describe(engine, content),
        generic: write(&texts.generic)?,
        reason: write(&texts.reason)?,
        resolution: write(&texts.resolution)?,
        more_info: write(&texts.more_info)?,
    })
}

fn to_text(Explained { described, generic, reason, resolution, more_info }: &Explained<'_>) -> String {
    let mut text = format!("{}: {}\n\n", described.error_key, described.description);
    for (name, value) in facts(described) {
        let _ = writeln!(text, "  {name:<16} {value}");
    }
    for read in &described.reads {
        let files: Vec<String> = read.locations.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "  {:<16} {}: {}", "reads", read.need.as_str(), files.join(", "));
    }
    for age in &described.minimum_ages {
        let _ = writeln!(text, "  {:<16} {age}", "minimum age");
    }
    for kind in &described.cluster_kinds {
        let name = if kind.applies { "adapted" } else { "does not apply" };
        let _ = writeln!(text, "  {name:<16} {}: {}", kind.kind, kind.why);
    }
    let sections =
        [("What it is", generic), ("Why", reason), ("What to do", resolution), ("Read on", more_info)];
    for (title, section) in sections.into_iter().filter(|(_, section)| !section.trim().is_empty()) {
        let _ = write!(text, "\n## {title}\n\n{}\n", section.trim());
    }
    text
}

fn facts(described: &Described<'_>) -> [(&'static str, String); 5] {
    let Described { rule, total_risk, risk, impact, likelihood, resolution_risk, tags, since, .. } =
        described;
    [
        ("rule", (*rule).to_owned()),
        (
            "risk",
            format!(
                "{total_risk} of 4, {risk} (impact {}: {}; likelihood {likelihood})",
                impact.level, impact.name
            ),
        ),
        ("risk of repair", format!("{} of 4 ({})", resolution_risk.level, resolution_risk.name)),
        ("tags", tags.join(", ")),
        (
            "OpenShift",
            since.as_ref().map_or_else(|| "all versions".to_owned(), |since| format!("{since} and later")),
        ),
    ]
}
