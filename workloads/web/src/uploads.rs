//! Archives that are dropped onto the page. Only `ccx local` takes them; elsewhere clusters send their own.

use axum::BoxError;
use bytes::Bytes;
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use futures::{future::BoxFuture, stream::BoxStream};

/// The content of an archive, as it arrives.
pub type ArchiveStream<'a> = BoxStream<'a, Result<Bytes, BoxError>>;

/// The receiver of archives.
pub trait Uploads: Send + Sync {
    /// Receives an archive and hands it to the pipeline. Returns when it is accepted or refused: processing goes on, and
    /// [`list`](Self::list) has the result.
    fn receive<'a>(&'a self, name: &'a str, content: ArchiveStream<'a>) -> BoxFuture<'a, ()>;

    /// Returns the archives of this process, the newest first.
    fn list(&self) -> Vec<Upload>;
}

/// An archive that the page has received.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name of the file.
    pub name: String,
    /// The bytes received so far.
    pub size_bytes: u64,
    /// When it began to arrive.
    pub began_at: DateTime<Utc>,
    /// How far it is.
    pub state: UploadState,
}

/// How far an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// It is arriving.
    Receiving,
    /// It is stored and announced; the pipeline works on it.
    Processing,
    /// The report of its cluster is there.
    Processed {
        /// The cluster.
        cluster: ClusterId,
        /// Its number of recommendations.
        hits: u64,
    },
    /// There will be no report.
    Failed {
        /// Why, for people.
        reason: String,
    },
}

impl UploadState {
    /// Returns whether the state will change.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Receiving | Self::Processing)
    }
}
