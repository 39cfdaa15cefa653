//! `ccx export`

use std::{io, path::PathBuf};

use ccx_cli::{CliError, Exit};
use ccx_config::Config;
use ccx_storage::{Database, ExportedTable, RowFilter, StorageError};
use ccx_transport::{ObjectStore, ObjectStoreError};
use clap::Args;
use snafu::{ResultExt, Snafu};

use crate::{
    cli::Global,
    commands::{clean::ensure_tables, workload::start_logging},
    export::{Destination, ExportError, export_disabled_rules, export_metadata, export_table},
    output,
};

/// Export all tables as CSV files
///
/// Both schemas are exported as they are at one moment, each table into a file of its name, `dvo.dvo_report.csv` for example. Times
/// are RFC 3339 in UTC.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml export --folder /tmp/export
  ccx --config ccx.toml export --bucket backup --prefix 2026-01-15 --metadata")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    destination: DestinationArgs,
    /// Begin of the objects' names in the bucket.
    #[arg(long, default_value = "", value_name = "PREFIX", requires = "bucket")]
    prefix: String,
    /// Maximum number of rows of a table.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
    /// A table to leave out; may be repeated.
    #[arg(long, value_name = "TABLE")]
    ignore_table: Vec<String>,
    /// Export `_tables.csv`, `_metadata.csv` with the numbers of rows, and `_disabled_rules.csv` too.
    #[arg(long)]
    metadata: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct DestinationArgs {
    /// Write the files into this folder, which is created if it does not exist.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Store the files in this bucket of the configured object storage.
    #[arg(long, value_name = "BUCKET")]
    bucket: Option<String>,
}

/// Tables can't be exported.
#[derive(Debug, Snafu)]
pub(crate) enum ExportCommandError {
    #[snafu(display("failed to use the database {name} at {host}:{port}"))]
    Connect { name: String, host: String, port: u16, source: StorageError },
    #[snafu(display("failed to create {}", folder.display()))]
    Folder { folder: PathBuf, source: io::Error },
    #[snafu(display("failed to set up the object storage"))]
    ObjectStorage { source: ObjectStoreError },
    #[snafu(display("failed to export"))]
    Export { source: ExportError },
    #[snafu(display("there is no table {table} to leave out; the tables are {known}"))]
    UnknownTable { table: String, known: String },
}

impl CliError for ExportCommandError {
    fn exit(&self) -> Exit {
        match self {
            Self::Connect { .. } | Self::ObjectStorage { .. } | Self::UnknownTable { .. } => Exit::Setup,
            Self::Folder { .. } | Self::Export { .. } => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Connect { .. } => Some("see [database] in `ccx config print`".into()),
            Self::ObjectStorage { .. } => Some("see [object_storage] in `ccx config print`".into()),
            Self::Folder { .. } | Self::Export { .. } | Self::UnknownTable { .. } => None,
        }
    }
}

pub(crate) async fn run(global: &Global, args: &ExportArgs) -> Result<(), Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    let (name, host, port) = (&config.database.name, &config.database.host, config.database.port);
    let database = Database::connect(&config.database).context(ConnectSnafu { name, host, port })?;
    database.ping().await.context(ConnectSnafu { name, host, port })?;
    ensure_tables(&database).await.context(ConnectSnafu { name, host, port })?;
    let destination = destination(args, &config).await?;
    for file in export(&database, args, &destination).await? {
        output::print(&file)?;
    }
    database.close().await;
    Ok(())
}

async fn destination(args: &ExportArgs, config: &Config) -> Result<Destination, ExportCommandError> {
    match (&args.destination.folder, &args.destination.bucket) {
        (Some(folder), _) => {
            std::fs::create_dir_all(folder).context(FolderSnafu { folder })?;
            Ok(Destination::Folder(folder.clone()))
        }
        (None, bucket) => Ok(Destination::Bucket {
            store: ObjectStore::connect(&config.object_storage).await.context(ObjectStorageSnafu)?,
            bucket: bucket.clone().unwrap_or_default(),
            prefix: args.prefix.trim_matches('/').to_owned(),
        }),
    }
}

/// Exports the tables, and returns the names of their files.
async fn export(
    database: &Database,
    args: &ExportArgs,
    destination: &Destination,
) -> Result<Vec<String>, ExportCommandError> {
    let filter = RowFilter { limit: args.limit, organizations: None };
    let mut snapshot = database.export_snapshot().await.map_err(ExportError::from).context(ExportSnafu)?;
    let mut tables = snapshot.tables().await.map_err(ExportError::from).context(ExportSnafu)?;
    if let Some(unknown) =
        args.ignore_table.iter().find(|ignored| !tables.iter().any(|table| table.display_name() == **ignored))
    {
        let known = tables.iter().map(ExportedTable::display_name).collect::<Vec<_>>().join(", ");
        return Err(ExportCommandError::UnknownTable { table: unknown.clone(), known });
    }
    tables.retain(|table| !args.ignore_table.contains(&table.display_name()));
    if args.metadata {
        export_metadata(&mut snapshot, &tables, &filter, destination).await.context(ExportSnafu)?;
        export_disabled_rules(&mut snapshot, destination).await.context(ExportSnafu)?;
    }
    let mut files = Vec::new();
    for table in &tables {
        files.push(export_table(&mut snapshot, table, &filter, destination).await.context(ExportSnafu)?);
    }
    snapshot.close().await.map_err(ExportError::from).context(ExportSnafu)?;
    Ok(files)
}
