//! `ccx migrate`

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ccx_cli::{CliError, Exit};
use ccx_service::SchemaVersions;
use ccx_storage::{Database, Migrated, Schema, StorageError};
use clap::{Args, ValueEnum};
use snafu::{ResultExt, Snafu};

use crate::{cli::Global, commands::workload::start_logging, output};

/// Bring the database's tables to the newest version
///
/// Several may run at once: one migrates, the others wait for it. A database that has the newest version is
/// left alone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml migrate            # the same as `migrate latest`
  ccx --config ccx.toml migrate --result-file /dev/termination-log
  ccx --config ccx.toml migrate status     # exits with 5 unless the version is the newest")]
pub(crate) struct MigrateArgs {
    /// The action.
    #[arg(default_value = "latest")]
    action: Action,
    /// Write the versions that a migration has reached into this file, as one line of JSON:
    /// `{"dvo":4,"public":32,"postgresql":17}`.
    ///
    /// In a pod, `/dev/termination-log` publishes them in the status of the pod.
    #[arg(long, value_name = "FILE")]
    result_file: Option<PathBuf>,
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
    #[snafu(display("the database is migrated, but failed to write the versions to {}", file.display()))]
    Result { file: PathBuf, source: io::Error },
}

impl CliError for MigrateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Connect { .. } => Exit::Setup,
            Self::Migrate { .. } | Self::Outdated { .. } => Exit::Migration,
            Self::Result { .. } => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Connect { .. } => Some("see [database] in `ccx config print`".into()),
            Self::Result { .. } => {
                Some("name a file that can be written by `--result-file`, and repeat the command".into())
            }
            Self::Migrate { .. } | Self::Outdated { .. } => None,
        }
    }
}

pub(crate) async fn run(global: &Global, args: MigrateArgs) -> Result<(), Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    let (name, host, port) = (&config.database.name, &config.database.host, config.database.port);
    let database = Database::connect(&config.database).context(ConnectSnafu { name, host, port })?;
    database.ping().await.context(ConnectSnafu { name, host, port })?;
    match args.action {
        Action::Latest => {
            let migrated = database.migrate().await.context(MigrateSnafu { name, host, port })?;
            for schema in &migrated {
                output::print(&describe(schema))?;
            }
            if let Some(file) = &args.result_file {
                let server =
                    database.server_major_version().await.context(MigrateSnafu { name, host, port })?;
                write_result(file, &migrated, server).context(ResultSnafu { file })?;
            }
        }
        Action::Status => {
            let schema = Schema::Public;
            let version = database.schema_version(schema).await.context(ConnectSnafu { name, host, port })?;
            let (version, newest) = (version.unwrap_or(0), schema.newest());
            output::print(&format!("schema {schema} has version {version}, the newest is {newest}"))?;
            database.require_newest(Schema::Public).await.context(OutdatedSnafu)?;
        }
    }
    database.close().await;
    Ok(())
}

fn describe(Migrated { schema, from, to }: &Migrated) -> String {
    if from == to {
        format!("schema {schema} has the newest version already, {to}")
    } else {
        format!("schema {schema} is migrated from version {from} to {to}")
    }
}

/// Writes the file in place instead of replacing it: the termination log of a pod is a mount.
fn write_result(file: &Path, migrated: &[Migrated], server: u16) -> io::Result<()> {
    fs::write(file, versions(migrated, server).to_json())
}

fn versions(migrated: &[Migrated], server: u16) -> SchemaVersions {
    let version = |schema| {
        let migrated = migrated.iter().find(|migrated| migrated.schema == schema);
        migrated.and_then(|migrated| u16::try_from(migrated.to).ok()).unwrap_or_default()
    };
    SchemaVersions { dvo: version(Schema::Dvo), public: version(Schema::Public), postgresql: Some(server) }
}
