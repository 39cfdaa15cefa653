//! Why a record fails, and why the pipeline can't start.
use ccx_insights_core::AdapterError;
use ccx_messages::{AnnounceError, ErrorClass};
use ccx_rules::UnknownCheck;
use ccx_service::ServeError;
use ccx_transport::{DownloadError, KafkaError};
use snafu::Snafu;

use crate::process::ProcessError;

/// Why the pipeline can't run.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum PipelineError {
    /// No place for metrics and health.
    #[snafu(display("failed to serve metrics and health"))]
    Serve {
        /// Why not.
        source: ServeError,
    },
    /// A Kafka client can't be made.
    #[snafu(display("failed to prepare the Kafka {client}"))]
    Kafka {
        /// Which one.
        client: &'static str,
        /// Why not.
        source: KafkaError,
    },
    /// The client for archives can't be made.
    #[snafu(display("failed to prepare downloads"))]
    Downloader {
        /// Why not.
        source: DownloadError,
    },
    /// The Python rules can't be loaded.
    #[snafu(display("failed to start the rules of insights-core"))]
    InsightsCore {
        /// Why not.
        source: AdapterError,
    },
    /// The configuration names a workload check that there is not.
    #[snafu(display("unable to use workload_checks of the configuration"))]
    WorkloadChecks {
        /// Which, and what there is.
        source: UnknownCheck,
    },
    /// The metrics contradict each other.
    #[snafu(display("failed to register the metrics"))]
    Metrics {
        /// Which and why.
        source: prometheus::Error,
    },
}

/// Why a record became a dead letter.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum RecordError {
    /// The announcement is broken.
    #[snafu(display("unable to use the announcement"))]
    Announce {
        /// What is wrong.
        source: AnnounceError,
    },
    /// The archive can't be fetched.
    #[snafu(display("failed to download the archive in {attempts} attempt(s)"))]
    Download {
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        source: DownloadError,
    },
    /// Nothing comes of the archive.
    #[snafu(display("unable to process the archive"))]
    Process {
        /// Why.
        source: ProcessError,
    },
    /// Kafka refuses the result.
    #[snafu(display("unable to send the result"))]
    Send {
        /// Why.
        source: KafkaError,
    },
    /// A mistake in our own code.
    #[snafu(display("processing panicked: {message}"))]
    Panicked {
        /// What the panic said.
        message: String,
    },
}

impl RecordError {
    /// Whether trying again can help.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Announce { .. } => ErrorClass::BadInput,
            Self::Download { source, .. } => source.class(),
            Self::Process { source } => source.class(),
            Self::Send { source } => source.class(),
            Self::Panicked { .. } => ErrorClass::Bug,
        }
    }
}
