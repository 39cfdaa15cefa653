//! `ccx rules`

mod bench;
mod builtin_tests;
mod files;
mod junit;
mod lint;
mod new;
mod test;
mod try_rule;

use ccx_declarative_rules::rule_schema;
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
    New(new::NewArgs),
    Lint(lint::LintArgs),
    Test(test::TestArgs),
    Try(try_rule::TryArgs),
    Bench(bench::BenchArgs),
    Schema(SchemaArgs),
}

/// Print the JSON Schema of rule files, for editors
///
/// An editor with YAML support takes it from a first line `# yaml-language-server: $schema=FILE`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx rules schema > rule.schema.json")]
pub(crate) struct SchemaArgs {}

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

pub(crate) fn run(command: &RulesCommand) -> Result<(), Box<dyn Failure>> {
    match command {
        RulesCommand::List(args) => list(args),
        RulesCommand::New(args) => new::run(args),
        RulesCommand::Lint(args) => lint::run(args),
        RulesCommand::Test(args) => test::run(args),
        RulesCommand::Try(args) => try_rule::run(args),
        RulesCommand::Bench(args) => bench::run(args),
        RulesCommand::Schema(SchemaArgs {}) => Ok(output::print(&format!("{:#}", rule_schema()))?),
    }
}

fn list(args: &ListArgs) -> Result<(), Box<dyn Failure>> {
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
