//! The program `insights-results-aggregator-exporter`: the original's flags, configuration and texts.

mod operation_log;

use std::{ffi::OsString, path::Path, process::ExitCode};

use ccx_compat::exporter::{ExitStatus, FLAGS, Settings, VERSION};
use ccx_service::error_chain;
use ccx_storage::{Database, ExportSnapshot, ExportedTable, RowFilter};
use ccx_transport::ObjectStore;
use tracing::{debug, error, info};

use crate::{
    commands::workload::start_logging,
    export::{Destination, ExportError, export_disabled_rules, export_metadata, export_table},
    original::{AUTHORS, Inputs, block_on, read_inputs, say, summary_table},
    output,
};
use operation_log::OperationLog;

/// Name of the program.
pub(crate) const NAME: &str = "insights-results-aggregator-exporter";

/// A failed step: the exit status, and the reason.
type Failure = (ExitStatus, String);

/// Runs the program; `arguments` begin with the name by which it was called.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let inputs = match read_inputs(arguments, NAME, &FLAGS) {
        Ok(inputs) => inputs,
        Err(code) => return code,
    };
    if inputs.flags.is_set("version") {
        say(VERSION);
        return ExitCode::SUCCESS;
    }
    if inputs.flags.is_set("authors") {
        say(AUTHORS);
        return ExitCode::SUCCESS;
    }
    let status = match load(&inputs) {
        Ok(settings) => block_on(run(&inputs, &settings)).unwrap_or_else(|cause| {
            error!("failed to start the runtime: {cause}");
            ExitStatus::Storage
        }),
        Err(message) => {
            output::note(&format!("Load configuration: {message}"));
            ExitStatus::Configuration
        }
    };
    ExitCode::from(status as u8)
}

fn load(inputs: &Inputs) -> Result<Settings, String> {
    let mut settings =
        Settings::load(Path::new("."), &inputs.variables).map_err(|cause| error_chain(&cause))?;
    if let Some(clowder) = &inputs.clowder {
        settings.apply(clowder, inputs.certificates.path()).map_err(|cause| cause.to_string())?;
    }
    Ok(settings)
}

async fn run(inputs: &Inputs, settings: &Settings) -> ExitStatus {
    if let Err(cause) = start_logging(&settings.log_settings()) {
        output::note(&error_chain(&cause));
        return ExitStatus::Logging;
    }
    let outcome = if inputs.flags.is_set("show-configuration") {
        show_configuration(settings);
        Ok(())
    } else if inputs.flags.is_set("check-s3-connection") {
        check_s3(settings).await
    } else {
        export(inputs, settings).await
    };
    match outcome {
        Ok(()) => {
            debug!("Finished");
            ExitStatus::Ok
        }
        Err((status, cause)) => {
            error!(error = cause, "Do selected operation");
            status
        }
    }
}

fn show_configuration(settings: &Settings) {
    let (storage, s3) = (&settings.storage.database, &settings.s3);
    info!(
        "Driver" = storage.db_driver,
        "DB Name" = storage.pg_db_name,
        "Username" = storage.pg_username,
        "Host" = storage.pg_host,
        "DB Port" = storage.pg_port,
        "LogSQLQueries" = storage.log_sql_queries,
        "Storage configuration"
    );
    info!(
        "Level" = settings.logging.log_level,
        "Pretty colored debug logging" = settings.logging.debug,
        "Logging configuration"
    );
    info!(
        "Type" = s3.r#type,
        "URL" = s3.endpoint_url,
        "S3 Port" = s3.endpoint_port,
        "AccessKeyID" = s3.access_key_id,
        "SecretAccessKey" = "********",
        "Use SSL" = s3.use_ssl,
        "Bucket name" = s3.bucket,
        "Bucket prefix" = s3.prefix,
        "S3 configuration"
    );
}

async fn check_s3(settings: &Settings) -> Result<(), Failure> {
    info!("Checking connection to S3");
    let failed = |cause: ccx_transport::ObjectStoreError| (ExitStatus::S3, error_chain(&cause));
    let store = ObjectStore::connect(&settings.s3.object_storage()).await.map_err(failed)?;
    store.reachable(&settings.s3.bucket).await.map_err(failed)?;
    info!("Bucket has been found");
    info!("Connection to S3 seems to be ok");
    Ok(())
}

async fn export(inputs: &Inputs, settings: &Settings) -> Result<(), Failure> {
    let destination = match inputs.flags.text("output") {
        "file" => Destination::Folder(".".into()),
        "S3" => Destination::Bucket {
            store: ObjectStore::connect(&settings.s3.object_storage())
                .await
                .map_err(|cause| (ExitStatus::S3, error_chain(&cause)))?,
            bucket: settings.s3.bucket.clone(),
            prefix: settings.s3.prefix.trim_matches('/').to_owned(),
        },
        unknown => return Err((ExitStatus::Configuration, format!("Unknown output type: {unknown}"))),
    };
    let mut log = OperationLog::new(&destination);
    let exported = export_all(inputs, settings, &destination, &mut log).await;
    if inputs.flags.is_set("export-log") {
        log.store(&destination).await.map_err(|cause| (status_of(&cause), error_chain(&cause)))?;
    }
    exported
}

async fn export_all(
    inputs: &Inputs,
    settings: &Settings,
    destination: &Destination,
    log: &mut OperationLog,
) -> Result<(), Failure> {
    let failed = |cause: ExportError| (status_of(&cause), error_chain(&cause));
    let filter = filter(inputs, settings)?;
    log.info("Retrieving connection to storage");
    let connection = settings.storage.database.database();
    let connection = connection.map_err(|cause| (ExitStatus::Storage, error_chain(&cause)))?;
    let database = Database::connect(&connection).map_err(|cause| failed(cause.into()))?;
    log.info(match destination {
        Destination::Folder(_) => "Exporting to file",
        Destination::Bucket { .. } => "Exporting to S3",
    });
    log.info("Reading list of tables");
    let mut snapshot = database.export_snapshot().await.map_err(|cause| failed(cause.into()))?;
    let mut tables = snapshot.tables().await.map_err(|cause| failed(cause.into()))?;
    tables.retain(ExportedTable::is_public);
    info!(count = tables.len(), "List of tables");
    if inputs.flags.is_set("metadata") {
        log.info("Exporting metadata");
        export_metadata(&mut snapshot, &tables, &filter, destination).await.map_err(failed)?;
    }
    if inputs.flags.is_set("disabled-by-more-users") {
        log.info("Exporting disabled rules");
        export_disabled_rules(&mut snapshot, destination).await.map_err(failed)?;
    }
    log.info("Exporting tables");
    let ignored: Vec<&str> = inputs.flags.text("ignore-tables").split(',').collect();
    export_tables(&mut snapshot, &tables, &ignored, &filter, destination, log).await.map_err(failed)?;
    log.info("Closing connection to storage");
    if inputs.flags.is_set("summary") {
        print_summary(&mut snapshot, &tables, &filter).await.map_err(failed)?;
    }
    snapshot.close().await.map_err(|cause| failed(cause.into()))
}

async fn export_tables(
    snapshot: &mut ExportSnapshot,
    tables: &[ExportedTable],
    ignored: &[&str],
    filter: &RowFilter,
    destination: &Destination,
    log: &mut OperationLog,
) -> Result<(), ExportError> {
    for table in tables {
        let name = table.display_name();
        if ignored.contains(&name.as_str()) {
            log.info_of_table(&name, "Table is ignored, skipping export");
            continue;
        }
        log.info_of_table(&name, "Exporting table");
        export_table(snapshot, table, filter, destination).await?;
    }
    Ok(())
}

async fn print_summary(
    snapshot: &mut ExportSnapshot,
    tables: &[ExportedTable],
    filter: &RowFilter,
) -> Result<(), ExportError> {
    let (mut rows, mut total) = (Vec::new(), 0);
    for table in tables {
        let count = snapshot.count(table, filter).await?;
        total += count;
        rows.push((table.display_name(), count.to_string()));
    }
    say(&summary_table(["Table", "Records"], &rows, ("Total records", &total.to_string())));
    Ok(())
}

/// Returns the rows that the flags and the configuration select. A limit of 0 or less means no limit.
fn filter(inputs: &Inputs, settings: &Settings) -> Result<RowFilter, Failure> {
    let limit = u64::try_from(inputs.flags.int("limit")).ok().filter(|limit| *limit > 0);
    let storage = &settings.storage;
    let file = Some(&storage.organization_ids_csv_file).filter(|_| storage.enable_org_id_filtering);
    let organizations = file.map(|file| read_organizations(file)).transpose()?;
    Ok(RowFilter { limit, organizations })
}

/// Reads a file with a heading and an organisation in the first column of each line.
fn read_organizations(file: &str) -> Result<Vec<u64>, Failure> {
    let failed = |reason: String| (ExitStatus::Configuration, format!("{file}: {reason}"));
    let reader = csv::Reader::from_path(file);
    let mut organizations = Vec::new();
    for (record, line) in reader.map_err(|cause| failed(cause.to_string()))?.records().zip(2..) {
        let record = record.map_err(|cause| failed(cause.to_string()))?;
        let number = record.get(0).unwrap_or_default();
        let invalid = || failed(format!("organization ID on line {line} in CSV is not numerical"));
        organizations.push(number.trim().parse().map_err(|_| invalid())?);
    }
    Ok(organizations)
}

fn status_of(cause: &ExportError) -> ExitStatus {
    match cause {
        ExportError::Write { .. } => ExitStatus::Io,
        ExportError::Storage { .. } | ExportError::Upload { .. } => ExitStatus::Storage,
    }
}
