//! Errors of benchmarks.

use snafu::Snafu;

/// An error of any part, with its own message.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum BenchError {
    #[snafu(transparent)]
    Process { source: crate::process::ProcessError },
    #[snafu(transparent)]
    LocalKafka { source: ccx_local::KafkaError },
    #[snafu(transparent)]
    LocalPostgres { source: ccx_local::PostgresError },
    #[snafu(transparent)]
    Kafka { source: ccx_transport::KafkaError },
    #[snafu(transparent)]
    Storage { source: ccx_storage::StorageError },
    #[snafu(transparent)]
    Database { source: sqlx::Error },
    #[snafu(transparent)]
    Http { source: reqwest::Error },
    #[snafu(transparent)]
    Serve { source: ccx_service::ServeError },
    #[snafu(transparent)]
    InsightsCore { source: ccx_insights_core::AdapterError },
    #[snafu(transparent)]
    Metrics { source: prometheus::Error },
    #[snafu(transparent)]
    Join { source: tokio::task::JoinError },
    #[snafu(display("no Python process is running; see the log for why"))]
    NoChild,
    #[snafu(display("insights-core's own engine answered {answer:?}, and not with seconds"))]
    Peer { answer: String },
    #[snafu(transparent)]
    Io { source: std::io::Error },
    #[snafu(display("{what} did not happen within {seconds} s"))]
    TooSlow { what: &'static str, seconds: u64 },
    #[snafu(display("the last report was stored before others: {stored} of {expected}"))]
    OutOfOrder { stored: usize, expected: usize },
    #[snafu(display(
        "wrk is missing or its answer makes no sense; install it (Debian: apt-get install wrk)"
    ))]
    Wrk,
}
