//! `ccx migrate`

use ccx_storage::{Database, Migrated, SCHEMA_VERSION, StorageError};
use clap::{Args, ValueEnum};
use snafu::{ResultExt, Snafu};

use crate::{
    cli::Global,
    commands::workload::start_logging,
    failure::{Exit, Failure},
    output,
};

/// Bring the database's tables to the newest version
///
/// Several may run at once: one migrates, the others wait for it. A database that has the newest version is left alone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml migrate            # the same as `migrate latest`
  ccx --config ccx.toml migrate status     # exits with 5 unless the version is the newest")]
pub(crate) struct MigrateArgs {
    /// What to do.
    #[arg(default_value = "latest")]
    action: Action,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// Migrate to the newest version.
    Latest,
    /// Print the version.
    Status,
}

/// The database can't be migrated.
#[derive(Debug, Snafu)]
pub(crate) enum MigrateError {
    #[snafu(display("failed to use the database {name} at {host}:{port}"))]
    Connect { name: String, host: String, port: u16, source: StorageError },
    #[snafu(display("failed to migrate the database {name} at {host}:{port}"))]
    Migrate { name: String, host: String, port: u16, source: StorageError },
    #[snafu(display("the tables are not of the newest version"))]
    Outdated { source: StorageError },
}

impl Failure for MigrateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Connect { .. } => Exit::Setup,
            Self::Migrate { .. } | Self::Outdated { .. } => Exit::Migration,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Connect { .. } => Some("see [database] in `ccx config print`".into()),
            Self::Migrate { .. } | Self::Outdated { .. } => None,
        }
    }
}

pub(crate) async fn run(global: &Global, args: MigrateArgs) -> Result<(), Box<dyn Failure>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    let (name, host, port) = (&config.database.name, &config.database.host, config.database.port);
    let database = Database::connect(&config.database).context(ConnectSnafu { name, host, port })?;
    database.ping().await.context(ConnectSnafu { name, host, port })?;
    match args.action {
        Action::Latest => {
            for schema in database.migrate().await.context(MigrateSnafu { name, host, port })? {
                output::print(&describe(schema))?;
            }
        }
        Action::Status => {
            let version = database.schema_version().await.context(ConnectSnafu { name, host, port })?.unwrap_or(0);
            output::print(&format!("schema public has version {version}, the newest is {SCHEMA_VERSION}"))?;
            database.require_current_schema().await.context(OutdatedSnafu)?;
        }
    }
    database.close().await;
    Ok(())
}

fn describe(Migrated { schema, from, to }: Migrated) -> String {
    if from == to {
        format!("schema {schema} has the newest version already, {to}")
    } else {
        format!("schema {schema} is migrated from version {from} to {to}")
    }
}
