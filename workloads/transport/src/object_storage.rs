//! Objects from and to S3, and archives from presigned links.

mod bucket;
mod download;
mod error;
mod failure;
mod location;
mod store;
mod upload;

pub use download::Downloader;
pub use error::{DownloadError, ObjectStoreError, StorageSignal};
pub use location::ArchiveLocation;
pub use store::{BucketAccess, ObjectStore};
pub use upload::ObjectUpload;
