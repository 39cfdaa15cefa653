//! `ccx rules list`

use std::{collections::BTreeSet, path::PathBuf};

use ccx_cli::{CliError, Exit};
use clap::Args;
use snafu::{Snafu, ensure};

use super::{
    catalog::Catalog,
    described::{self, Described, Gathered},
};
use crate::{
    cli::Global,
    output::{self, Format},
};

/// List what the rules find, how bad it is, and what they read
///
/// A rule without a required file is skipped, and the report says so. SINCE is the first OpenShift release
/// whose archives have what the rule needs; behind each path and metric are the releases whose Insights
/// operator records it. AGE is the time for which a state must have lasted before it is reported. EXCEPT names
/// the kinds of clusters where the rule does not apply, or applies with a difference.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  ccx rules list --tag security\n  ccx rules list rules/")]
pub(crate) struct ListArgs {
    /// Files, directories, or .tar(.gz) archives of rules, listed in addition to those of the configuration.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Format of the list.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Only rules with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
}

/// No rule has the tag.
#[derive(Debug, Snafu)]
#[snafu(display("no rule has the tag {tag}; the tags are {known}"))]
struct UnknownTag {
    tag: String,
    known: String,
}

impl CliError for UnknownTag {
    fn exit(&self) -> Exit {
        Exit::Setup
    }
}

pub(super) fn run(global: &Global, args: &ListArgs) -> Result<(), Box<dyn CliError>> {
    let catalog = Catalog::load(global, &args.paths)?;
    let mut rows = described::all(&catalog);
    if let Some(tag) = &args.tag {
        let known: BTreeSet<String> = rows.iter().flat_map(|row| row.tags.iter().cloned()).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        rows.retain(|row| row.tags.contains(tag));
        ensure!(!rows.is_empty(), UnknownTagSnafu { tag, known });
    }
    match args.output {
        Format::Json => rows.iter().try_for_each(output::print_json)?,
        Format::Text => {
            let mut table =
                output::table(&["KEY", "RISK", "FINDS", "SINCE", "AGE", "EXCEPT", "TAGS", "READS"]);
            for row in &rows {
                table.add_row(cells(row));
            }
            output::print(&table.to_string())?;
        }
    }
    Ok(())
}

fn cells(row: &Described<'_>) -> [String; 8] {
    let paths = row.reads.iter().flat_map(|read| &read.locations);
    let read: Vec<&Gathered> = paths.chain(&row.metrics).collect();
    [
        row.error_key.to_owned(),
        row.risk.to_owned(),
        row.description.to_owned(),
        row.since.clone().unwrap_or_default(),
        lines(&row.minimum_ages),
        lines(&row.cluster_kinds),
        row.tags.join(", "),
        lines(&read),
    ]
}

fn lines(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
