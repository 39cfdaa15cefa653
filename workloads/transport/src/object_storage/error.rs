//! Errors of the object storage, and their classes.

use std::error::Error;
use std::path::PathBuf;

use bytesize::ByteSize;
use ccx_config::SecretError;
use ccx_messages::ErrorClass;
use snafu::Snafu;

/// A client for the object storage could not be created, or an operation failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum ObjectStoreError {
    /// A secret's file can't be read.
    #[snafu(display("failed to read the credentials of the object storage"))]
    Credentials {
        /// The cause.
        source: SecretError,
    },

    /// The file of the authorities can't be read.
    #[snafu(display("failed to read the object storage's authorities from {}", path.display()))]
    Authorities {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },

    /// The authorities can't be used.
    #[snafu(display("failed to set up encryption to the object storage"))]
    Encryption {
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },

    /// A link could not be created: its parameters are invalid, or credentials are not available.
    #[snafu(display("failed to presign a link to s3://{bucket}/{key}"))]
    Presign {
        /// The object's bucket.
        bucket: String,
        /// Its name.
        key: String,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },

    /// An object was not stored.
    #[snafu(display("failed to store s3://{bucket}/{key}"))]
    Put {
        /// The object's bucket.
        bucket: String,
        /// Its name.
        key: String,
        /// The class of the error.
        class: ErrorClass,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The bucket does not exist.
    #[snafu(display("the bucket {bucket} does not exist"))]
    NoBucket {
        /// The bucket.
        bucket: String,
    },

    /// The credentials are wrong, or give no access to the bucket.
    #[snafu(display(
        "access to the bucket {bucket} is denied (HTTP {status}): wrong access key, or no permission"
    ))]
    Denied {
        /// The bucket.
        bucket: String,
        /// The HTTP status.
        status: u16,
    },

    /// The credentials are not valid.
    #[snafu(display("the object storage rejects the access key ({code}) for the bucket {bucket}"))]
    Rejected {
        /// The code of the error, such as `InvalidAccessKeyId`.
        code: String,
        /// The bucket.
        bucket: String,
    },

    /// The server did not answer.
    #[snafu(display("the object storage did not answer for the bucket {bucket}"))]
    Answer {
        /// The bucket.
        bucket: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The server answered with another error.
    #[snafu(display("the object storage answered HTTP {status} for the bucket {bucket}"))]
    BucketStatus {
        /// The bucket.
        bucket: String,
        /// The HTTP status.
        status: u16,
        /// The class of the error.
        class: ErrorClass,
    },

    /// The request for the bucket failed.
    #[snafu(display("failed to ask for the bucket {bucket}"))]
    Bucket {
        /// The bucket.
        bucket: String,
        /// The class of the error.
        class: ErrorClass,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// An archive could not be downloaded. No variant shows a link's query: it is a credential.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum DownloadError {
    /// The client of the object storage could not be created.
    #[snafu(display("failed to prepare downloads"))]
    Prepare {
        /// The cause.
        source: ObjectStoreError,
    },

    /// The HTTP client could not be created.
    #[snafu(display("failed to prepare downloads by HTTP"))]
    Client {
        /// The cause.
        source: reqwest::Error,
    },

    /// The link is not one.
    #[snafu(display("failed to read the archive's link"))]
    NotALink {
        /// The cause.
        source: url::ParseError,
    },

    /// The link is neither HTTP nor S3.
    #[snafu(display("unable to download a {scheme}: link"))]
    Scheme {
        /// The cause.
        scheme: String,
    },

    /// The link names no object.
    #[snafu(display("unable to download {link}: it names no object"))]
    NoObject {
        /// The link without its query.
        link: String,
    },

    /// The link leads elsewhere than to S3, or not by the protocol that is configured for it.
    #[snafu(display("unable to follow {link}: it does not lead to S3 or to the configured object storage"))]
    NotS3 {
        /// The link without its query.
        link: String,
    },

    /// The link carries no permission.
    #[snafu(display("unable to follow {link}: it is not presigned"))]
    NotPresigned {
        /// The link without its query.
        link: String,
    },

    /// An `s3://` link could not be presigned.
    #[snafu(display("failed to get permission for {link}"))]
    Permission {
        /// The link.
        link: String,
        /// The cause.
        source: ObjectStoreError,
    },

    /// The server is unreachable: its name or address is wrong, it is down, or its certificate is not valid.
    #[snafu(display("failed to connect to download {link}"))]
    Connect {
        /// The link without its query.
        link: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The connection, the next bytes or the whole download timed out.
    #[snafu(display("failed to download {link} in time"))]
    Timeout {
        /// The link without its query.
        link: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The connection broke before the end.
    #[snafu(display("failed to download all of {link}"))]
    Interrupted {
        /// The link without its query.
        link: String,
        /// The cause.
        source: reqwest::Error,
    },

    /// The link carries permission, and the server says no.
    #[snafu(display("failed to download {link}: the server answered {status}"))]
    Status {
        /// The link without its query.
        link: String,
        /// The HTTP status.
        status: u16,
    },

    /// The server rejected a signed request: the credentials are invalid, or not permitted yet.
    #[snafu(display("failed to download {link}: the object storage refuses our credentials ({status})"))]
    Refused {
        /// The link.
        link: String,
        /// The HTTP status.
        status: u16,
    },

    /// The server redirects. Redirects are not followed: they would bypass the policy for links.
    #[snafu(display("unable to download {link}: the server redirects ({status})"))]
    Redirect {
        /// The link without its query.
        link: String,
        /// The HTTP status.
        status: u16,
    },

    /// The archive is larger than the limit.
    #[snafu(display("unable to download {link}: it is larger than archive.max_compressed, {}", ByteSize::b(*max_bytes)))]
    TooLarge {
        /// The link without its query.
        link: String,
        /// The limit.
        max_bytes: u64,
    },

    /// The object of the link does not exist.
    #[snafu(display("unable to use {link}: it is empty"))]
    Empty {
        /// The link without its query.
        link: String,
    },
}

impl ObjectStoreError {
    /// Returns the class of the error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Credentials { .. }
            | Self::Authorities { .. }
            | Self::Encryption { .. }
            | Self::NoBucket { .. }
            | Self::Denied { .. }
            | Self::Rejected { .. } => ErrorClass::Bug,
            // Signing fails while the service that provides credentials is unavailable.
            Self::Presign { .. } | Self::Answer { .. } => ErrorClass::Transient,
            Self::Put { class, .. } | Self::Bucket { class, .. } | Self::BucketStatus { class, .. } => *class,
        }
    }
}

/// The statement of a download's end about the object storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageSignal {
    /// It works: it served the object, or stated that the link is not valid.
    Answered,
    /// It is unreachable, failed, or rejects the credentials: unavailable if every download ends like this.
    Failed,
    /// Nothing: no request was sent.
    NotTried,
}

impl DownloadError {
    /// Returns what the error says about the object storage.
    pub fn signal(&self) -> StorageSignal {
        match self {
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Interrupted { .. }
            | Self::Refused { .. }
            | Self::Permission { .. } => StorageSignal::Failed,
            Self::Status { .. } if self.class() == ErrorClass::Transient => StorageSignal::Failed,
            Self::Status { .. } | Self::Redirect { .. } | Self::Empty { .. } | Self::TooLarge { .. } => {
                StorageSignal::Answered
            }
            Self::Prepare { .. }
            | Self::Client { .. }
            | Self::NotALink { .. }
            | Self::Scheme { .. }
            | Self::NoObject { .. }
            | Self::NotS3 { .. }
            | Self::NotPresigned { .. } => StorageSignal::NotTried,
        }
    }

    /// Returns the class of the error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Client { .. } => ErrorClass::Bug,
            Self::Prepare { source } | Self::Permission { source, .. } => source.class(),
            Self::NotALink { .. }
            | Self::Scheme { .. }
            | Self::NoObject { .. }
            | Self::NotS3 { .. }
            | Self::NotPresigned { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::Empty { .. } => ErrorClass::BadInput,
            Self::Connect { .. } | Self::Timeout { .. } | Self::Interrupted { .. } | Self::Refused { .. } => {
                ErrorClass::Transient
            }
            Self::Status { status, .. } => class_of_status(*status),
        }
    }
}

/// 408 and 429 request a later retry; other responses in the 400s are final.
fn class_of_status(status: u16) -> ErrorClass {
    match status {
        408 | 429 | 500.. => ErrorClass::Transient,
        _ => ErrorClass::BadInput,
    }
}
