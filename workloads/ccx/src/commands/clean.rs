//! `ccx clean`

use std::time::Duration;

use ccx_cli::{CliError, Exit};
use ccx_storage::{Database, DeletedRows, Deletion, Schema, StorageError};
use chrono::{TimeDelta, Utc};
use clap::Args;
use snafu::{OptionExt, ResultExt, Snafu};

use crate::{argument_values, cli::Global, commands::workload::start_logging, output};

/// Delete the reports of clusters that have sent none for long
///
/// Deletes reports with their hits, failed messages and workloads; votes, disabled rules and ratings are kept. A table is visited in
/// parts, each in a transaction of its own, so that the writers go on meanwhile.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml clean --max-age 90d --dry-run   # how many rows it would be
  ccx --config ccx.toml clean --max-age 90d")]
pub(crate) struct CleanArgs {
    /// Delete what is older, such as 90d or 12weeks.
    #[arg(long, value_name = "AGE", value_parser = argument_values::age)]
    max_age: Duration,
    /// Count the rows instead of deleting them.
    #[arg(long)]
    dry_run: bool,
}

/// Old rows can't be deleted.
#[derive(Debug, Snafu)]
pub(crate) enum CleanError {
    #[snafu(display("--max-age is before the begin of time"))]
    Age,
    #[snafu(display("failed to use the database {name} at {host}:{port}"))]
    Connect { name: String, host: String, port: u16, source: StorageError },
    #[snafu(display("failed to delete old rows of schema {schema}; what was deleted before stays deleted"))]
    Delete { schema: Schema, source: StorageError },
}

impl CliError for CleanError {
    fn exit(&self) -> Exit {
        match self {
            Self::Age | Self::Connect { .. } => Exit::Setup,
            Self::Delete { .. } => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Age => Some("give an age such as 90d".into()),
            Self::Connect { .. } => Some("see [database] in `ccx config print`".into()),
            Self::Delete { .. } => Some("repeat the command: it continues".into()),
        }
    }
}

/// Fails for a database that has the tables of neither schema: it is probably another one than was meant.
pub(crate) async fn ensure_tables(database: &Database) -> Result<(), StorageError> {
    for schema in Schema::ALL {
        if database.schema_version(schema).await?.is_some_and(|version| version > 0) {
            return Ok(());
        }
    }
    Err(StorageError::NotMigrated { schema: Schema::Public })
}

pub(crate) async fn run(global: &Global, args: &CleanArgs) -> Result<(), Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    let age = TimeDelta::from_std(args.max_age).ok();
    let cutoff = age.and_then(|age| Utc::now().checked_sub_signed(age)).context(AgeSnafu)?;
    let (name, host, port) = (&config.database.name, &config.database.host, config.database.port);
    let database = Database::connect(&config.database).context(ConnectSnafu { name, host, port })?;
    database.ping().await.context(ConnectSnafu { name, host, port })?;
    ensure_tables(&database).await.context(ConnectSnafu { name, host, port })?;
    let deletion = if args.dry_run { Deletion::DryRun } else { Deletion::Perform };
    let mut table = output::table(&["TABLE", if args.dry_run { "OLD ROWS" } else { "DELETED ROWS" }]);
    for schema in Schema::ALL {
        let deleted = database.delete_old_rows(schema, cutoff, deletion).await;
        for DeletedRows { table: name, rows } in deleted.context(DeleteSnafu { schema })? {
            table.add_row([name.to_owned(), rows.to_string()]);
        }
    }
    output::print(&table.to_string())?;
    database.close().await;
    Ok(())
}
