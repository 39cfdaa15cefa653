//! Errors of `ccx local`.

use std::{io, net::SocketAddr};

use ccx_cli::{CliError, Exit};
use ccx_local::{KafkaError, ObjectStorageError, PostgresError};
use ccx_storage::StorageError;
use snafu::Snafu;

use crate::{commands::workload::WorkloadError, output::OutputError, upload::UploadError};

/// `ccx local` has failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
pub(crate) enum LocalError {
    #[snafu(display("none of the archives can be read, so nothing was started:{lines}"))]
    Unreadable { lines: String },
    #[snafu(display("failed to start the embedded Kafka"))]
    Kafka { source: KafkaError },
    #[snafu(display("failed to start the embedded object storage"))]
    ObjectStorage { source: ObjectStorageError },
    #[snafu(display("failed to start a private PostgreSQL"))]
    Postgres { source: PostgresError },
    #[snafu(display("failed to migrate the database"))]
    Migrate { source: StorageError },
    #[snafu(display("failed to find a free port for the REST API"))]
    Port { source: io::Error },
    #[snafu(display("the address {address} for the REST API is taken"))]
    Taken { address: SocketAddr, source: io::Error },
    #[snafu(display("failed to prepare uploads"))]
    Uploader {
        #[snafu(source(from(UploadError, Box::new)))]
        source: Box<UploadError>,
    },
    #[snafu(display("failed to prepare HTTP requests"))]
    Client { source: reqwest::Error },
    #[snafu(transparent)]
    Workload {
        #[snafu(source(from(WorkloadError, Box::new)))]
        source: Box<WorkloadError>,
    },
    #[snafu(display("{workload} has ended, which it should not"))]
    Ended { workload: &'static str },
    #[snafu(display("a workload has panicked"))]
    Panicked { source: tokio::task::JoinError },
    #[snafu(transparent)]
    Output { source: OutputError },
    #[snafu(display("{}; the reasons are above", not_served(*unserved)))]
    NotServed { unserved: usize },
    #[snafu(display("stopped before everything was served"))]
    Stopped,
}

fn not_served(archives: usize) -> String {
    if archives == 1 {
        "an archive could not be served".into()
    } else {
        format!("{archives} archives could not be served")
    }
}

impl CliError for LocalError {
    fn exit(&self) -> Exit {
        match self {
            Self::Workload { source } => source.exit(),
            Self::Taken { .. } => Exit::Server,
            _ => Exit::Failed,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Taken { .. } => Some("give another address with --listen".into()),
            Self::Migrate { .. } => Some("is --database-url right, and may its user create tables?".into()),
            Self::Workload { .. } | Self::Ended { .. } | Self::Panicked { .. } => {
                Some("--log-level info shows what happened before".into())
            }
            _ => None,
        }
    }
}
