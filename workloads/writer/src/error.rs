//! Why the writer can't run.

use std::path::PathBuf;

use snafu::Snafu;

/// Why the writer can't start. Once it runs, nothing but a shutdown ends it.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum WriterError {
    /// The port for metrics and health is taken.
    #[snafu(display("failed to serve metrics and health"))]
    Serve {
        /// The address, and why.
        source: ccx_service::ServeError,
    },
    /// The database's settings can't be used.
    #[snafu(display("failed to prepare the database"))]
    Database {
        /// Which, and why.
        source: ccx_storage::StorageError,
    },
    /// The brokers' settings can't be used.
    #[snafu(display("failed to prepare the connection to Kafka"))]
    Kafka {
        /// Which, and why.
        source: ccx_transport::KafkaError,
    },
    /// The metrics' names can't be used.
    #[snafu(display("failed to register metrics with the prefix {namespace:?}"))]
    Metrics {
        /// The prefix.
        namespace: String,
        /// Why.
        source: prometheus::Error,
    },
    /// The list of organisations can't be read.
    #[snafu(display("failed to read the list of organisations {}", path.display()))]
    ReadAllowList {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The list of organisations holds something else.
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
