//! Errors of records, and of the pipeline's start.

use ccx_insights_core::AdapterError;
use ccx_messages::{AnnounceError, ErrorClass};
use ccx_rules::UnknownCheck;
use ccx_service::ServeError;
use ccx_transport::{DownloadError, KafkaError, ObjectStoreError};
use snafu::Snafu;

use crate::{memory_limit::MemoryLimitError, process::ProcessError};

/// The reason why the pipeline cannot run.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum PipelineError {
    /// The configuration permits more memory than the container has.
    #[snafu(display("unable to hold the archives that the configuration permits in memory"))]
    Memory {
        /// Both sizes.
        source: MemoryLimitError,
    },
    /// Metrics and health cannot be served.
    #[snafu(display("failed to serve metrics and health"))]
    Serve {
        /// The reason.
        source: ServeError,
    },
    /// A Kafka client cannot be created.
    #[snafu(display("failed to prepare the Kafka {client}"))]
    Kafka {
        /// Which client.
        client: &'static str,
        /// The reason.
        #[snafu(source(from(KafkaError, Box::new)))]
        source: Box<KafkaError>,
    },
    /// The Kafka consumer has ended while the pipeline was running.
    #[snafu(display("unable to read announcements"))]
    Consumer {
        /// The cause.
        #[snafu(source(from(KafkaError, Box::new)))]
        source: Box<KafkaError>,
    },
    /// The client for downloads cannot be created.
    #[snafu(display("failed to prepare downloads"))]
    Downloader {
        /// The reason.
        source: DownloadError,
    },
    /// The client for uploads cannot be created.
    #[snafu(display("failed to prepare uploads"))]
    ObjectStore {
        /// The reason.
        source: ObjectStoreError,
    },
    /// The Python rules cannot be loaded.
    #[snafu(display("failed to start the rules of insights-core"))]
    InsightsCore {
        /// The reason.
        source: AdapterError,
    },
    /// The configuration names an unknown workload check.
    #[snafu(display("unable to use workload_checks of the configuration"))]
    WorkloadChecks {
        /// The name, and the known ones.
        source: UnknownCheck,
    },
    /// Two metrics have the same name.
    #[snafu(display("failed to register the metrics"))]
    Metrics {
        /// The name and the conflict.
        source: prometheus::Error,
    },
}

/// The reason why a record becomes a dead letter.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum RecordError {
    /// The announcement is not valid.
    #[snafu(display("unable to use the announcement"))]
    Announce {
        /// The fault.
        source: AnnounceError,
    },
    /// The record violates Kafka's protocol.
    #[snafu(display("the names of {headers} header(s) are not UTF-8"))]
    HeaderNames {
        /// The number of such headers.
        headers: usize,
    },
    /// The archive cannot be downloaded.
    #[snafu(display("failed to download the archive in {attempts} attempt(s)"))]
    Download {
        /// The number of attempts that count.
        attempts: u32,
        /// The last failure.
        source: DownloadError,
    },
    /// The archive has no result.
    #[snafu(display("unable to process the archive"))]
    Process {
        /// The reason.
        source: ProcessError,
    },
    /// Kafka refuses the result.
    #[snafu(display("unable to send the result"))]
    Send {
        /// The reason.
        source: KafkaError,
    },
    /// A bug of this program.
    #[snafu(display("processing panicked: {message}"))]
    Panicked {
        /// The panic's message.
        message: String,
    },
}

impl RecordError {
    /// Returns the class, from which retry, dead letter and alert follow.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::Announce { .. } | Self::HeaderNames { .. } => ErrorClass::BadInput,
            Self::Download { source, .. } => source.class(),
            Self::Process { source } => source.class(),
            Self::Send { source } => source.class(),
            Self::Panicked { .. } => ErrorClass::Bug,
        }
    }
}
