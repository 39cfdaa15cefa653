//! `ccx pipeline`, `ccx db-writer`, `ccx aggregator` and others: the long-running commands.

use std::io;

use ccx_aggregator::AggregatorError;
use ccx_cli::{CliError, Exit};
use ccx_config::{Config, Logging};
use ccx_ingress::IngressError;
use ccx_pipeline::PipelineError;
use ccx_service::{LoggingError, init_logging, shutdown_signal};
use ccx_web::WebError;
use ccx_writer::{Writer, WriterError};
use snafu::{ResultExt, Snafu};

use crate::{cli::Global, panic::log_panics};

/// A workload has failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum WorkloadError {
    #[snafu(display("ccx-data-pipeline has failed"))]
    Pipeline { source: PipelineError },
    #[snafu(display("insights-results-db-writer has failed"))]
    Writer { source: WriterError },
    #[snafu(display("dvo-writer has failed"))]
    DvoWriter { source: WriterError },
    #[snafu(display("valkey-writer has failed"))]
    ValkeyWriter { source: WriterError },
    #[snafu(display("insights-results-aggregator has failed"))]
    Aggregator { source: AggregatorError },
    #[snafu(display("ingress has failed"))]
    Ingress { source: IngressError },
    #[snafu(display("insights-results-smart-proxy has failed"))]
    SmartProxy { source: WebError },
}

impl CliError for WorkloadError {
    fn exit(&self) -> Exit {
        match self {
            Self::Pipeline { source } => exit_of_pipeline(source),
            Self::Writer { source } | Self::DvoWriter { source } | Self::ValkeyWriter { source } => {
                exit_of_writer(source)
            }
            Self::Aggregator { source } => exit_of_aggregator(source),
            Self::Ingress { source } => exit_of_ingress(source),
            Self::SmartProxy { source } => exit_of_smart_proxy(source),
        }
    }

    fn advice(&self) -> Option<String> {
        match self.exit() {
            Exit::Setup | Exit::Consumer => {
                Some("`ccx config print` shows the settings that are in force".into())
            }
            Exit::Server => Some(advice_about_address(self).into()),
            Exit::Failed | Exit::Migration => None,
        }
    }
}

/// Returns what to do about an address that can't be listened on.
fn advice_about_address(error: &dyn std::error::Error) -> &'static str {
    match io_error_kind(error) {
        Some(io::ErrorKind::PermissionDenied) => {
            "ports below 1024 need a privilege; set another `listen` of the workload in the configuration"
        }
        Some(io::ErrorKind::AddrNotAvailable) => {
            "no interface of this machine has the address; `[::]` listens on all"
        }
        _ => "is the address in use? each workload has its own `listen` in the configuration",
    }
}

/// Returns the kind of the I/O error that an error has as a cause.
fn io_error_kind(error: &dyn std::error::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

fn exit_of_pipeline(error: &PipelineError) -> Exit {
    match error {
        PipelineError::Serve { .. } => Exit::Server,
        PipelineError::Kafka { .. } | PipelineError::Consumer { .. } => Exit::Consumer,
        PipelineError::InsightsCore { .. }
        | PipelineError::WorkloadChecks { .. }
        | PipelineError::Memory { .. } => Exit::Setup,
        PipelineError::Downloader { .. }
        | PipelineError::ObjectStore { .. }
        | PipelineError::Metrics { .. } => Exit::Failed,
    }
}

fn exit_of_writer(error: &WriterError) -> Exit {
    match error {
        WriterError::Serve { .. } => Exit::Server,
        WriterError::Kafka { .. } | WriterError::Consumer { .. } => Exit::Consumer,
        WriterError::Database { .. }
        | WriterError::Metrics { .. }
        | WriterError::NoTopic { .. }
        | WriterError::Valkey { .. }
        | WriterError::ReadAllowList { .. }
        | WriterError::ParseAllowList { .. } => Exit::Setup,
    }
}

fn exit_of_aggregator(error: &AggregatorError) -> Exit {
    if matches!(error, AggregatorError::Serve { .. }) { Exit::Server } else { Exit::Setup }
}

fn exit_of_smart_proxy(error: &WebError) -> Exit {
    if error.is_address_taken() { Exit::Server } else { Exit::Setup }
}

fn exit_of_ingress(error: &IngressError) -> Exit {
    if matches!(error, IngressError::Serve { .. }) { Exit::Server } else { Exit::Setup }
}

/// The log can't be set up.
#[derive(Debug, Snafu)]
#[snafu(display("failed to set up the log"))]
pub(crate) struct LogSetupError {
    source: LoggingError,
}

impl CliError for LogSetupError {
    fn exit(&self) -> Exit {
        Exit::Setup
    }
}

/// Sends events and panics to the log.
pub(crate) fn start_logging(settings: &Logging) -> Result<(), LogSetupError> {
    init_logging(settings).context(LogSetupSnafu)?;
    log_panics();
    Ok(())
}

pub(crate) async fn pipeline(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(ccx_pipeline::run(&config, shutdown_signal()).await.context(PipelineSnafu)?)
}

pub(crate) async fn db_writer(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(Box::pin(Writer::Reports.run(&config, shutdown_signal())).await.context(WriterSnafu)?)
}

pub(crate) async fn dvo_writer(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(Box::pin(Writer::Workloads.run(&config, shutdown_signal())).await.context(DvoWriterSnafu)?)
}

pub(crate) async fn valkey_writer(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(Box::pin(Writer::Requests.run(&config, shutdown_signal())).await.context(ValkeyWriterSnafu)?)
}

pub(crate) async fn aggregator(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(ccx_aggregator::run(&config, shutdown_signal()).await.context(AggregatorSnafu)?)
}

pub(crate) async fn smart_proxy(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(Box::pin(ccx_web::run(&config, shutdown_signal())).await.context(SmartProxySnafu)?)
}

pub(crate) async fn ingress(global: &Global) -> Result<(), Box<dyn CliError>> {
    let config = prepare(global)?;
    Ok(Box::pin(ccx_ingress::run(&config, shutdown_signal())).await.context(IngressSnafu)?)
}

fn prepare(global: &Global) -> Result<Config, Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&config.logging)?;
    Ok(config)
}
