//! `ccx rules`: lists and explains rules; tools for rules of users.

mod bench;
mod builtin_tests;
mod catalog;
mod described;
mod explain;
mod files;
mod junit;
mod lint;
mod list;
mod new;
mod rule_name;
mod test;
mod try_rule;

pub(crate) use catalog::Catalog;
use ccx_cli::CliError;
use ccx_declarative_rules::rule_schema;
use clap::{Args, Subcommand};

use crate::{cli::Global, output};

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
    New(new::NewArgs),
    Lint(lint::LintArgs),
    Test(test::TestArgs),
    Try(try_rule::TryArgs),
    Bench(bench::BenchArgs),
    Schema(SchemaArgs),
}

/// Print the JSON Schema of rule files, for editors
///
/// An editor with YAML support uses it if the first line is `# yaml-language-server: $schema=FILE`.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  ccx rules schema > rule.schema.json")]
pub(crate) struct SchemaArgs {}

pub(crate) fn run(global: &Global, command: &RulesCommand) -> Result<(), Box<dyn CliError>> {
    match command {
        RulesCommand::List(args) => list::run(global, args),
        RulesCommand::Explain(args) => explain::run(global, args),
        RulesCommand::New(args) => new::run(args),
        RulesCommand::Lint(args) => lint::run(global, args),
        RulesCommand::Test(args) => test::run(args),
        RulesCommand::Try(args) => try_rule::run(global, args),
        RulesCommand::Bench(args) => bench::run(args),
        RulesCommand::Schema(SchemaArgs {}) => Ok(output::print(&format!("{:#}", rule_schema()))?),
    }
}
