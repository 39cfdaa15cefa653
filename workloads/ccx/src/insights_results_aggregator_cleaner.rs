//! The program `insights-results-aggregator-cleaner`: the original's flags, configuration and texts.

mod records;

use std::{ffi::OsString, path::Path, process::ExitCode};

use ccx_compat::cleaner::{ExitStatus, FLAGS, Settings, VERSION};
use ccx_messages::ClusterId;
use ccx_service::error_chain;
use ccx_storage::{Database, DeletedRows, Deletion, Schema, StorageError};
use tracing::{debug, error, info};

use crate::{
    commands::workload::start_logging,
    original::{AUTHORS, Inputs, block_on, read_inputs, say, summary_table},
    output,
};

/// Name of the program.
pub(crate) const NAME: &str = "insights-results-aggregator-cleaner";

/// The list of clusters that `-cleanup` reads when neither flag nor configuration names one.
const CLUSTER_LIST: &str = "cluster_list.txt";

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
        Ok(settings) => block_on(run(&inputs, settings)).unwrap_or_else(|cause| {
            error!("failed to start the runtime: {cause}");
            ExitStatus::Storage
        }),
        Err(message) => {
            output::note(&format!("Load configuration: {message}"));
            ExitStatus::Storage
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
    let max_age = inputs.flags.text("max-age");
    if !max_age.is_empty() {
        max_age.clone_into(&mut settings.cleaner.max_age);
    }
    Ok(settings)
}

async fn run(inputs: &Inputs, settings: Settings) -> ExitStatus {
    if let Err(cause) = start_logging(&settings.log_settings()) {
        output::note(&error_chain(&cause));
    }
    debug!("Started");
    let driver = &settings.storage.database.db_driver;
    info!("driverName" = driver, "DB connection configuration");
    let flags = &inputs.flags;
    if flags.is_set("show-configuration") {
        show_configuration(&settings);
        return ExitStatus::Ok;
    }
    let database = match connect(&settings) {
        Ok(database) => database,
        Err(cause) => {
            error!(error = cause, "Connection to database not established");
            return ExitStatus::Storage;
        }
    };
    let (status, outcome) = if flags.is_set("vacuum") {
        (ExitStatus::Vacuum, vacuum(&database).await)
    } else if flags.is_set("cleanup") {
        (ExitStatus::Cleanup, cleanup(inputs, &settings, &database).await)
    } else if flags.is_set("cleanup-all") {
        (ExitStatus::Cleanup, cleanup_all(inputs, &settings, &database).await)
    } else if flags.is_set("multiple-rule-disable") {
        (ExitStatus::Storage, records::list_multiple_disables(&database, flags.text("output")).await)
    } else if flags.is_set("fill-in-db") {
        (ExitStatus::FillIn, Err("test data is not written into a database; use `ccx upload`".to_owned()))
    } else {
        (ExitStatus::Storage, records::list(&settings, &database, flags.text("output")).await)
    };
    database.close().await;
    match outcome {
        Ok(()) => {
            debug!("Finished");
            ExitStatus::Ok
        }
        Err(cause) => {
            error!(error = cause, "Operation failed");
            status
        }
    }
}

fn connect(settings: &Settings) -> Result<Database, String> {
    let connection = settings.storage.database.database().map_err(|cause| error_chain(&cause))?;
    Database::connect(&connection).map_err(text)
}

fn show_configuration(settings: &Settings) {
    let storage = &settings.storage.database;
    info!(
        "Driver" = storage.db_driver,
        "DB Name" = storage.pg_db_name,
        "Username" = storage.pg_username,
        "Host" = storage.pg_host,
        "DB Port" = storage.pg_port,
        "Schema" = settings.storage.schema,
        "Storage configuration"
    );
    info!(
        "Level" = settings.logging.log_level,
        "Pretty colored debug logging" = settings.logging.debug,
        "Logging configuration"
    );
    info!(
        "Records max age" = settings.cleaner.max_age,
        "Cluster list file" = settings.cleaner.cluster_list_file,
        "Cleaner configuration"
    );
}

async fn vacuum(database: &Database) -> Result<(), String> {
    info!("Vacuuming started");
    database.vacuum().await.map_err(text)?;
    info!("Vacuuming finished");
    Ok(())
}

/// Deletes the clusters of `-clusters`, or of the file.
async fn cleanup(inputs: &Inputs, settings: &Settings, database: &Database) -> Result<(), String> {
    let schema = schema(settings)
        .ok_or_else(|| format!("Invalid DB schema to be cleaned up: '{}'", settings.storage.schema))?;
    let (proper, improper) = read_cluster_list(inputs.flags.text("clusters"), settings)?;
    info!("Cleanup started");
    let mut deletions: Vec<(&'static str, u64)> = Vec::new();
    for cluster in &proper {
        let deleted = database.delete_cluster(schema, cluster).await.map_err(text)?;
        for deleted in deleted.into_iter().filter(is_known) {
            info!("Affected" = deleted.rows, table = deleted.table, cluster, "Delete record");
            match deletions.iter_mut().find(|(table, _)| *table == deleted.table) {
                Some((_, rows)) => *rows += deleted.rows,
                None => deletions.push((deleted.table, deleted.rows)),
            }
        }
    }
    info!("Cleanup finished");
    if inputs.flags.is_set("summary") {
        print_summary(proper.len(), improper, &deletions);
    }
    Ok(())
}

/// Deletes, or counts, the rows of both schemas that are older than the maximum age.
async fn cleanup_all(inputs: &Inputs, settings: &Settings, database: &Database) -> Result<(), String> {
    if settings.cleaner.max_age.is_empty() {
        return Err("max-age parameter is missing".to_owned());
    }
    let dry_run = inputs.flags.is_set("dry-run");
    let cutoff = database.time_before(&settings.cleaner.max_age).await.map_err(text)?;
    info!("Cleanup-all started");
    let deletion = if dry_run { Deletion::DryRun } else { Deletion::Perform };
    let mut deletions = Vec::new();
    for schema in Schema::ALL {
        let deleted = database.delete_old_rows(schema, cutoff, deletion).await.map_err(text)?;
        for deleted in deleted.into_iter().filter(is_known) {
            info!("Affected" = deleted.rows, table = deleted.table, "Dry run" = dry_run, "Delete records");
            deletions.push((deleted.table, deleted.rows));
        }
    }
    info!("Cleanup-all finished");
    if inputs.flags.is_set("summary") {
        print_summary(0, 0, &deletions);
    }
    Ok(())
}

/// Returns whether the original knows the table, and so readers of its log and summary.
fn is_known(deleted: &DeletedRows) -> bool {
    !deleted.is_of_own_table()
}

fn print_summary(proper: usize, improper: usize, deletions: &[(&'static str, u64)]) {
    let mut rows = vec![
        ("Proper cluster entries".to_owned(), proper.to_string()),
        ("Improper cluster entries".to_owned(), improper.to_string()),
        (String::new(), String::new()),
    ];
    let of_table =
        |(table, count): &(&str, u64)| (format!("Deletions from table '{table}'"), count.to_string());
    rows.extend(deletions.iter().map(of_table));
    let total: u64 = deletions.iter().map(|(_, count)| count).sum();
    say(&summary_table(["Summary", "Count"], &rows, ("Total deletions", &total.to_string())));
}

/// Returns the valid clusters, and the number of the others.
fn read_cluster_list(clusters: &str, settings: &Settings) -> Result<(Vec<String>, usize), String> {
    let list: Vec<String> = if clusters.is_empty() {
        let file = match settings.cleaner.cluster_list_file.as_str() {
            "" => CLUSTER_LIST,
            named => named,
        };
        let text =
            std::fs::read_to_string(file).map_err(|cause| format!("Read cluster list: {file}: {cause}"))?;
        text.lines().map(str::to_owned).collect()
    } else {
        clusters.split(',').map(|cluster| cluster.trim().to_owned()).collect()
    };
    let (proper, improper): (Vec<_>, Vec<_>) =
        list.into_iter().partition(|cluster| cluster.parse::<ClusterId>().is_ok());
    for input in &proper {
        info!(input, "Proper cluster ID");
    }
    for input in &improper {
        error!(input, "Not a proper cluster ID");
    }
    info!("number of clusters to delete" = proper.len(), "Cluster list finished");
    info!("improper cluster entries" = improper.len(), "Cluster list finished");
    Ok((proper, improper.len()))
}

/// Returns the schema that is cleaned; `None` for an unknown name.
fn schema(settings: &Settings) -> Option<Schema> {
    match settings.storage.schema.as_str() {
        "" | "ocp_recommendations" => Some(Schema::Public),
        "dvo_recommendations" => Some(Schema::Dvo),
        _ => None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(cause: StorageError) -> String {
    error_chain(&cause)
}
