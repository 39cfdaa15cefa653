//! `ccx local`: the real workloads on embedded parts.
//!
//! ```text
//!  archives ──▶ submit ──▶ Kafka, S3 ──▶ services: pipeline ─▶ writer ─▶ aggregator ──▶ outcome ──▶ present
//!                          └──── parts, PostgreSQL ────┘                 dead letters ─┘
//! ```

mod address;
mod archives;
mod database_url;
mod dead_letters;
mod error;
mod outcome;
mod parts;
mod present;
mod progress;
mod report;
mod services;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ccx_cli::CliError;
use ccx_messages::OrgId;
use ccx_service::shutdown_signal;
use chrono::{DateTime, Utc};
use clap::Args;
use futures::{StreamExt as _, stream};
use snafu::ResultExt as _;

use crate::{cli::Global, commands::workload::start_logging, output::Format, upload::Uploader};
use address::{Reserved, Wish};
use archives::Submission;
use database_url::DatabaseUrl;
use dead_letters::DeadLetters;
use error::{LocalError, NotServedSnafu, StoppedSnafu, UploaderSnafu};
use outcome::{Outcome, Waiting};
use parts::Parts;
use progress::Progress;
use report::Reports;
use services::Services;

/// Most archives that are on their way at once.
const MAX_IN_FLIGHT: usize = 16;

/// Run the whole pipeline on this machine, without a cluster
///
/// Runs the real pipeline, writer and aggregator on an embedded Kafka, an embedded S3 and a private PostgreSQL (from the programs
/// found on the machine; no other instance is touched). Uploads the given archives, or three samples with known faults, shows
/// what is recommended, and serves it until Ctrl-C.
///
/// An archive without a cluster id gets one made up from its content, as if the cluster had authenticated itself at the gateway.
///
/// With `--once` it ends when the archives are served: with exit code 0 when all are, with 1 when one is not. With
/// `--output json` standard output has one JSON object a line and archive and nothing else: `archive`, `cluster_id`, `org_id`,
/// `request_id`, `hits` (`rule_fqdn` and `error_key` of each), `report_url` and `elapsed_ms` (since the announcement, so that for
/// the first ones the start of the workloads counts too); of an archive that is not served, `archive` and `error`, the reason out
/// of the dead-letter queue.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx local
  ccx local insights-2026-01-15.tar.gz              # or a folder with its files
  ccx local --data-dir ~/ccx                        # keep what is stored
  ccx local --once --output json *.tar.gz | jq -r '.hits[].error_key'")]
pub(crate) struct LocalArgs {
    /// Archives, or folders with the files of one; three samples when there are none.
    #[arg(value_name = "ARCHIVE")]
    archives: Vec<PathBuf>,
    /// End when the archives are served, instead of serving until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// How results look.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Keep objects and database in this folder, and use what is there; a temporary one by default.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Use this database, as in `postgres://user:password@host:5432/name`, and migrate it.
    #[arg(long, value_name = "URL")]
    database_url: Option<DatabaseUrl>,
    /// Where the REST API is served; by default 127.0.0.1:8080, or another port when that is taken.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The organisation of the clusters.
    #[arg(long, default_value = "1", value_name = "NUMBER")]
    org: OrgId,
    /// When the clusters gathered the data, as in 2026-01-15T12:00:00Z; by default the time in the name of an archive
    /// (`insights-YYYY-MM-DD-hhmmss`), or that of its newest member, or that of its file.
    #[arg(long, value_name = "TIME")]
    gathered_at: Option<DateTime<Utc>>,
    /// How long an archive may take until it is served.
    #[arg(long, default_value = "120", value_name = "SECONDS", value_parser = parse_seconds)]
    timeout: Duration,
}

pub(crate) async fn run(global: &Global, args: LocalArgs) -> Result<(), Box<dyn CliError>> {
    start_logging(&global.tool_logging())?;
    let shutdown = shutdown_signal();
    let config = global.config()?;
    let progress = Progress::new();
    let api = Reserved::new(wish(&args))?;
    let parts = Parts::start(config, &args, api.address(), &progress).await?;
    let services = Services::new(shutdown.clone());
    // In this order: a workload that ends after the shutdown has not failed.
    let served = tokio::select! {
        biased;
        () = shutdown.cancelled() => StoppedSnafu.fail(),
        failure = services.failure() => Err(failure),
        served = serve(&args, &parts, api, &services, &progress) => served,
    };
    let outcome = match served {
        Ok(()) if !args.once => {
            progress.note("serving until Ctrl-C");
            tokio::select! {
                biased;
                () = shutdown.cancelled() => Ok(()),
                failure = services.failure() => Err(failure),
            }
        }
        other => other,
    };
    progress.step("stopping");
    let drained = services.drain().await;
    parts.stop().await;
    progress.finish();
    outcome?;
    Ok(drained?)
}

/// Who is gone in a minute leaves the usual port to those who stay.
fn wish(args: &LocalArgs) -> Wish {
    match args.listen {
        Some(address) => Wish::Exactly(address),
        None if args.once => Wish::Any,
        None => Wish::Usual,
    }
}

/// Starts everything, sends the archives through, and shows what comes out.
async fn serve(
    args: &LocalArgs,
    parts: &Parts,
    api: Reserved,
    services: &Services,
    progress: &Progress,
) -> Result<(), LocalError> {
    services.start_pipeline(parts.config());
    let uploader = Uploader::connect(parts.config()).await.context(UploaderSnafu)?;
    let (submissions, database) = tokio::join!(
        archives::submit(args, &parts.config().archive, &uploader, progress),
        parts.database(args, progress),
    );
    let config = parts.config_with(database?);
    services.start_writer(&config);
    api.release();
    services.start_aggregator(&config);
    let waiting = Waiting {
        reports: Reports::new(&config.aggregator, args.org)?,
        dead_letters: DeadLetters::watch(&config.kafka),
        timeout: args.timeout,
    };
    let unserved = show(args, &waiting, submissions, progress).await?;
    if args.output == Format::Text {
        present::urls(&waiting.reports)?;
    }
    if unserved > 0 && args.once { NotServedSnafu { unserved }.fail() } else { Ok(()) }
}

/// Waits for each archive and shows it, in the order in which they were given; returns how many are not served.
async fn show(
    args: &LocalArgs,
    waiting: &Waiting,
    submissions: Vec<Submission>,
    progress: &Progress,
) -> Result<usize, LocalError> {
    let total = submissions.len();
    progress.step(&format!("waiting for {total} archive(s) to be served"));
    let mut outcomes =
        stream::iter(submissions).map(|submission| waiting.outcome(submission)).buffered(MAX_IN_FLIGHT);
    let mut unserved = 0;
    while let Some(outcome) = outcomes.next().await {
        unserved += usize::from(matches!(outcome, Outcome::Failed(_)));
        progress.suspended(|| present::outcome(args.output, &outcome, &waiting.reports))?;
    }
    Ok(unserved)
}

fn parse_seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
