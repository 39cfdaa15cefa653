//! `ccx rules new`

use std::{fs, io::ErrorKind, path::PathBuf};

use ccx_cli::CliError;
use ccx_messages::{ErrorKey, RuleFqdn};
use clap::Args;
use snafu::Snafu;

use crate::output;

/// A valid rule with tests that pass.
const TEMPLATE: &str = include_str!("new/template.yaml");

/// Create a rule
///
/// Writes a file with a small rule that works, with its texts and tests, to be changed into yours.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  ccx rules new acme.external.operator_stuck rules/operator_stuck.yaml
  ccx rules test rules/operator_stuck.yaml")]
pub(crate) struct NewArgs {
    /// The rule's module, for example `acme.external.operator_stuck`.
    #[arg(value_name = "ID")]
    id: RuleFqdn,
    /// The file; without one the rule is printed.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The error key; by default, the last part of the module in capitals.
    #[arg(long, value_name = "KEY")]
    error_key: Option<ErrorKey>,
}

#[derive(Debug, Snafu)]
enum NewError {
    #[snafu(display("{} exists already; choose another file", path.display()))]
    Exists { path: PathBuf },
    #[snafu(display("failed to write {}", path.display()))]
    Write { path: PathBuf, source: std::io::Error },
}

impl CliError for NewError {}

pub(super) fn run(args: &NewArgs) -> Result<(), Box<dyn CliError>> {
    let id = args.id.as_str();
    let last_part = id.rsplit('.').next().unwrap_or(id).to_ascii_uppercase();
    let key = args.error_key.as_ref().map_or(last_part, ToString::to_string);
    let rule = TEMPLATE.replace("{id}", id).replace("{KEY}", &key);
    let Some(path) = &args.file else { return Ok(output::print(rule.trim_end())?) };
    let written =
        fs::File::create_new(path).and_then(|mut file| std::io::Write::write_all(&mut file, rule.as_bytes()));
    written.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => NewError::Exists { path: path.clone() },
        _ => NewError::Write { path: path.clone(), source },
    })?;
    Ok(output::print(&format!("{} is written; `ccx rules test {0}` runs its tests", path.display()))?)
}
