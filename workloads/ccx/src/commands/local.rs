//! `ccx local`: the real workloads on embedded backends.
//!
//! ```text
//!  archives ──▶ Kafka, S3 ──▶ services: pipeline ─▶ writer ─▶ aggregator ──▶ wait ──▶ render
//!               └────── backends, PostgreSQL ──────┘        dead letters ─┘
//! ```

mod address;
mod archives;
mod backends;
mod database_url;
mod dead_letters;
mod error;
mod progress;
mod render;
mod report;
mod services;
mod uploads;
mod wait;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ccx_cli::CliError;
use ccx_messages::OrgId;
use ccx_service::shutdown_signal;
use chrono::{DateTime, Utc};
use clap::Args;
use futures::{StreamExt as _, stream};
use snafu::{ResultExt as _, ensure};

use crate::{
    argument_values, cli::Global, commands::workload::start_logging, output::Format, upload::Uploader,
};
use address::BindChoice;
use archives::{Source, Submission};
use backends::Backends;
use database_url::DatabaseUrl;
use dead_letters::DeadLetters;
use error::{
    ClientSnafu, LocalError, NotServedSnafu, PortSnafu, StoppedSnafu, UnreadableSnafu, UploaderSnafu,
};
use progress::Progress;
use report::Reports;
use services::Services;
use uploads::LocalUploads;
use wait::{Outcome, Results, Waiter};

/// The limit of archives in flight.
const MAX_IN_FLIGHT: usize = 16;

/// Run the whole pipeline on this machine, without a cluster
///
/// Runs the real ingress, pipeline, writers, aggregator and smart proxy on an embedded Kafka, an embedded S3 and a
/// private PostgreSQL (from the programs found on the machine; no other instance is touched). Uploads the given
/// archives, or three samples with known faults, shows what is recommended, and serves it until Ctrl-C.
///
/// An archive without a cluster id gets one derived from its content, as if the cluster had authenticated
/// itself at the gateway.
///
/// Archives of one cluster are announced one after the other, so that each shows its own findings.
///
/// With `--once` it ends when the archives are served: with exit code 0 when all are, with 1 when one is not.
/// With `--output json` standard output has one JSON object a line and archive and nothing else: `archive`,
/// `cluster_id`, `org_id`, `request_id`, `hits` (`rule_fqdn` and `error_key` of each), `report_url` and
/// `elapsed_ms` (since the announcement, so that for the first ones the start of the workloads counts too);
/// of an archive that is not served, `archive` and `error`, the reason out of the dead-letter queue.
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
    /// Format of the results.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Keep objects and database in this folder, and use what is there; a temporary one by default.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Use this database, as in `postgres://user:password@host:5432/name`, and migrate it.
    #[arg(long, value_name = "URL")]
    database_url: Option<DatabaseUrl>,
    /// Where the REST API is served; by default 127.0.0.1:8080, or another port when that is taken.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = argument_values::socket_address)]
    listen: Option<SocketAddr>,
    /// The organisation of the clusters.
    #[arg(long, default_value = "1", value_name = "NUMBER")]
    org: OrgId,
    /// When the clusters gathered the data, as in 2026-01-15T12:00:00Z; by default the time in the name of an
    /// archive (`insights-YYYY-MM-DD-hhmmss`), or that of its newest member, or that of its file.
    #[arg(long, value_name = "TIME", value_parser = argument_values::time)]
    gathered_at: Option<DateTime<Utc>>,
    /// The timeout until an archive is served.
    #[arg(long, default_value = "120", value_name = "SECONDS", value_parser = argument_values::seconds)]
    timeout: Duration,
}

pub(crate) async fn run(global: &Global, args: LocalArgs) -> Result<(), Box<dyn CliError>> {
    start_logging(&global.tool_logging())?;
    let shutdown = shutdown_signal();
    let config = global.config()?;
    ensure_readable(&args.archives)?;
    let progress = Progress::new();
    let choice = bind_choice(&args);
    let api = address::bind(choice)?;
    let address = api.local_addr().context(PortSnafu)?;
    if let Some(note) = address::replacement(choice, address) {
        progress.note(&note);
    }
    let backends = Backends::start(config, &args, address, &progress).await?;
    let services = Services::new(shutdown.clone());
    // In this order: a workload that ends after the shutdown has not failed.
    let served = tokio::select! {
        biased;
        () = shutdown.cancelled() => StoppedSnafu.fail(),
        failure = services.failure() => Err(failure),
        served = serve(&args, &backends, api, &services, &progress) => served,
    };
    let outcome = match served {
        Ok(()) if !args.once => {
            progress.finish();
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
    backends.stop().await;
    progress.finish();
    outcome?;
    Ok(drained?)
}

/// Fails if archives are given and none can be opened, before anything is started for them.
fn ensure_readable(archives: &[PathBuf]) -> Result<(), LocalError> {
    let failures: Vec<String> = archives
        .iter()
        .filter_map(|path| Some(format!("\n  {}: {}", path.display(), fs::metadata(path).err()?)))
        .collect();
    let is_any_readable = archives.is_empty() || failures.len() < archives.len();
    ensure!(is_any_readable, UnreadableSnafu { lines: failures.concat() });
    Ok(())
}

/// Returns the address to bind. A run with `--once` leaves the default port to servers that keep running.
fn bind_choice(args: &LocalArgs) -> BindChoice {
    match args.listen {
        Some(address) => BindChoice::Exactly(address),
        None if args.once => BindChoice::Any,
        None => BindChoice::Default,
    }
}

/// Starts the workloads, uploads the archives, and prints the results.
async fn serve(
    args: &LocalArgs,
    backends: &Backends,
    api: TcpListener,
    services: &Services,
    progress: &Progress,
) -> Result<(), LocalError> {
    services.start_pipeline(backends.config());
    let uploader = Uploader::connect(backends.config()).await.context(UploaderSnafu)?;
    let source = Source { args, limits: backends.config().archive.clone(), uploader, progress };
    let (submissions, database) = tokio::join!(source.submit(), backends.database(args, progress));
    let mut config = backends.config_with(database?);
    let public_api = address::bind_public(bind_choice(args))?;
    config.smart_proxy.listen = public_api.local_addr().context(PortSnafu)?;
    let uploads = address::bind_uploads(bind_choice(args))?;
    config.ingress.listen = uploads.local_addr().context(PortSnafu)?;
    for note in
        address::replacements_beside(bind_choice(args), config.smart_proxy.listen, config.ingress.listen)
    {
        progress.note(&note);
    }
    services.start_writer(&config);
    services.start_dvo_writer(&config);
    services.start_aggregator(&config, tokio::net::TcpListener::from_std(api).context(PortSnafu)?);
    let results = Arc::new(Results {
        reports: Reports::new(&config.aggregator, args.org)?,
        dead_letters: DeadLetters::watch(&config.kafka),
        timeout: args.timeout,
    });
    let client = reqwest::Client::builder().no_proxy().build().context(ClientSnafu)?;
    let dropped =
        LocalUploads::new(config.ingress.listen, config.archive.clone(), Arc::clone(&results), client);
    let public_api = tokio::net::TcpListener::from_std(public_api).context(PortSnafu)?;
    services.start_smart_proxy(&config, public_api, Arc::new(dropped));
    services.start_ingress(&config, tokio::net::TcpListener::from_std(uploads).context(PortSnafu)?);
    let waiter = Waiter { source: &source, results };
    let unserved = show(args, &waiter, submissions, progress).await?;
    if args.output == Format::Text && !args.once {
        render::urls(&waiter.results.reports, &config.smart_proxy, config.ingress.listen)?;
    }
    if unserved > 0 && args.once { NotServedSnafu { unserved }.fail() } else { Ok(()) }
}

/// Waits for each archive and prints its result, in the order in which they were given; returns how many are
/// not served.
async fn show(
    args: &LocalArgs,
    waiter: &Waiter<'_>,
    submissions: Vec<Submission>,
    progress: &Progress,
) -> Result<usize, LocalError> {
    let total = submissions.len();
    let archives = if total == 1 { "the archive".to_owned() } else { format!("{total} archives") };
    progress.step(&format!("waiting for {archives} to be served"));
    let mut outcomes =
        stream::iter(submissions).map(|submission| waiter.wait(submission)).buffered(MAX_IN_FLIGHT);
    let mut unserved = 0;
    while let Some(outcome) = outcomes.next().await {
        unserved += usize::from(matches!(outcome, Outcome::Failed(_)));
        progress.suspended(|| render::outcome(args.output, &outcome, &waiter.results.reports, !args.once))?;
    }
    Ok(unserved)
}
