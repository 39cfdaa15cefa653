//! `ccx upload`

use std::path::{Path, PathBuf};

use ccx_cli::CliError;
use ccx_config::ArchiveLimits;
use ccx_messages::{AccountNumber, ClusterId, OrgId};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use snafu::Snafu;

use crate::{
    archive_file::{ArchiveFile, ArchiveFileError},
    argument_values,
    cli::Global,
    commands::workload::start_logging,
    output::{self, Format},
    upload::{Sender, Uploader},
};

/// Upload archives as a cluster does
///
/// Stores each archive in the bucket, presigns a link to it for a day, announces it on Kafka, and prints the
/// request's id. A folder is packed first.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml upload --org 1 archive.tar.gz
  ccx --config ccx.toml upload --org 1 --output json *.tar.gz | jq -r .request_id")]
pub(crate) struct UploadArgs {
    /// Archives, or folders with the files of one.
    #[arg(required = true, value_name = "ARCHIVE")]
    archives: Vec<PathBuf>,
    /// The organisation of the cluster.
    #[arg(long, value_name = "NUMBER")]
    org: OrgId,
    /// The account of the organisation.
    #[arg(long, value_name = "NUMBER", value_parser = parse_account)]
    account: Option<AccountNumber>,
    /// The cluster that is authenticated as the sender; by default the id in the archive.
    #[arg(long, value_name = "UUID")]
    cluster_id: Option<ClusterId>,
    /// When the cluster gathered the data, as in 2026-01-15T12:00:00Z; by default the time in the name of an
    /// archive (`insights-YYYY-MM-DD-hhmmss`), or that of its newest member, or that of its file.
    #[arg(long, value_name = "TIME", value_parser = argument_values::time)]
    gathered_at: Option<DateTime<Utc>>,
    /// Format of the results.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// An archive can't be read.
#[derive(Debug, Snafu)]
#[snafu(context(false), display("failed to read an archive; it and those after it are not uploaded"))]
struct ReadError {
    source: ArchiveFileError,
}

impl CliError for ReadError {}

#[derive(Serialize)]
struct Row<'a> {
    archive: &'a str,
    request_id: &'a str,
    org_id: OrgId,
    cluster_id: Option<ClusterId>,
    bytes: usize,
}

pub(crate) async fn run(global: &Global, args: UploadArgs) -> Result<(), Box<dyn CliError>> {
    start_logging(&global.tool_logging())?;
    let config = global.config()?;
    let uploader = Uploader::connect(&config).await?;
    for path in &args.archives {
        let archive = read(path, &config.archive).await.map_err(ReadError::from)?;
        if let Some(problem) = &archive.problem {
            output::note(&format!(
                "warning: {} can't be read as an archive, so it will become a dead letter: {problem}",
                archive.name
            ));
        }
        let cluster_id = args.cluster_id.or(archive.cluster_id);
        let sender = Sender {
            org_id: args.org,
            account_number: args.account,
            cluster_id,
            gathered_at: args.gathered_at.or(archive.gathered_at),
        };
        let announced = uploader.upload(&archive, sender).await?;
        let row = Row {
            archive: &archive.name,
            request_id: &announced.request_id,
            org_id: args.org,
            cluster_id,
            bytes: archive.bytes.len(),
        };
        print(args.output, &row)?;
    }
    Ok(())
}

/// Reads an archive where blocking is allowed.
pub(crate) async fn read(path: &Path, limits: &ArchiveLimits) -> Result<ArchiveFile, ArchiveFileError> {
    let (path, limits) = (path.to_owned(), limits.clone());
    let reading = tokio::task::spawn_blocking(move || ArchiveFile::read(&path, &limits));
    reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn print(format: Format, row: &Row<'_>) -> Result<(), output::OutputError> {
    match format {
        Format::Json => output::print_json(row),
        Format::Text => {
            let cluster = row.cluster_id.map_or("unknown to us".to_owned(), |id| id.to_string());
            output::print(&format!("{}: request {}, cluster {cluster}", row.archive, row.request_id))
        }
    }
}

fn parse_account(text: &str) -> Result<AccountNumber, std::num::ParseIntError> {
    text.parse().map(AccountNumber)
}
