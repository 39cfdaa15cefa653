//! What can go wrong with objects, and what to do about it.

use std::time::Duration;

use ccx_config::SecretError;
use ccx_messages::ErrorClass;
use snafu::Snafu;

/// A client for the object storage could not be made, or an operation of it failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum ObjectStoreError {
    /// A secret's file can't be read.
    #[snafu(display("failed to read the credentials of the object storage"))]
    Credentials {
        /// Why.
        source: SecretError,
    },
}

/// An archive could not be downloaded. No variant shows a link's query: it is a credential.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum DownloadError {
    /// The client could not be made.
    #[snafu(display("failed to prepare downloads"))]
    Prepare {
        /// Why.
        source: ObjectStoreError,
    },

    /// The link is not one.
    #[snafu(display("failed to read the archive's link"))]
    NotALink,

    /// The download took too long.
    #[snafu(display("failed to download {link} within {timeout:?}"))]
    Timeout {
        /// The link without its query.
        link: String,
        /// The time given.
        timeout: Duration,
    },
}

impl ObjectStoreError {
    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::Bug
    }
}

impl DownloadError {
    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Prepare { source } => source.class(),
            Self::NotALink => ErrorClass::BadInput,
            Self::Timeout { .. } => ErrorClass::Transient,
        }
    }
}
