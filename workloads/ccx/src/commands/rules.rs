//! `ccx rules`

use ccx_rules::{Engine, RuleMeta};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    failure::Failure,
    output::{self, Format},
};

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    List(ListArgs),
}

/// List the rules, what each may find, and what it reads
///
/// A rule without a required file is skipped, and the report says so.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How the list looks.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Serialize)]
struct Row {
    rule: String,
    error_keys: Vec<String>,
    tags: Vec<String>,
    reads: Vec<String>,
}

pub(crate) fn run(RulesCommand::List(args): &RulesCommand) -> Result<(), Box<dyn Failure>> {
    let engine = Engine::builtin();
    let mut rows = engine.rules().map(row);
    match args.output {
        Format::Json => rows.try_for_each(|row| output::print_json(&row))?,
        Format::Text => {
            let mut table = output::table(&["RULE", "ERROR KEYS", "TAGS", "READS"]);
            for row in rows {
                table.add_row([row.rule, row.error_keys.join("\n"), row.tags.join(", "), row.reads.join(", ")]);
            }
            output::print(&table.to_string())?;
        }
    }
    Ok(())
}

fn row(meta: &RuleMeta) -> Row {
    Row {
        rule: meta.rule.to_string(),
        error_keys: meta.error_keys.iter().map(ToString::to_string).collect(),
        tags: meta.tags.clone(),
        reads: meta.inputs().map(|input| input.name().into()).collect(),
    }
}
