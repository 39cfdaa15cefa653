//! Errors of the writer.

use std::path::PathBuf;

use snafu::Snafu;

/// The writer can't start, or its Kafka consumer has ended. Nothing else but a shutdown ends a running writer.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum WriterError {
    /// The port for metrics and health is taken.
    #[snafu(display("failed to serve metrics and health"))]
    Serve {
        /// The cause.
        source: ccx_service::ServeError,
    },
    /// The database's settings are invalid.
    #[snafu(display("failed to prepare the database"))]
    Database {
        /// The cause.
        source: ccx_storage::StorageError,
    },
    /// The brokers' settings are invalid.
    #[snafu(display("failed to prepare the connection to Kafka"))]
    Kafka {
        /// The cause.
        source: ccx_transport::KafkaError,
    },
    /// The Kafka consumer has ended while the writer was running.
    #[snafu(display("unable to read results"))]
    Consumer {
        /// The cause.
        source: ccx_transport::KafkaError,
    },
    /// The topic of the writer has no name.
    #[snafu(display("{key} is empty; give the topic's name, for example ccx.dvo.results"))]
    NoTopic {
        /// The key of the configuration.
        key: &'static str,
    },
    /// The settings of the Valkey server are invalid.
    #[snafu(display("failed to prepare the Valkey server"))]
    Valkey {
        /// The cause.
        source: ccx_valkey::ValkeyError,
    },
    /// The prefix of the metrics is invalid.
    #[snafu(display("failed to register metrics with the prefix {namespace:?}"))]
    Metrics {
        /// The prefix.
        namespace: String,
        /// The cause.
        source: prometheus::Error,
    },
    /// The list of organisations can't be read.
    #[snafu(display("failed to read the list of organisations {}", path.display()))]
    ReadAllowList {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A line of the list of organisations is invalid.
    #[snafu(display("line {line} of the list of organisations {} is not {expected}", path.display()))]
    ParseAllowList {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The expected form.
        expected: &'static str,
    },
}
