//! Uploads to the object storage, retried without end.

use bytes::Bytes;
use ccx_config::{CannedAcl, Config, Retry};
use ccx_service::{Backoff, Condition, Waited, error_chain};
use ccx_transport::{ObjectStore, ObjectStoreError};
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;

use crate::handle::HandleError;

/// The readiness, the metrics and the end of uploads.
pub(crate) struct Target {
    pub(crate) condition: Condition,
    pub(crate) uploads: IntCounter,
    pub(crate) retries: IntCounter,
    pub(crate) shutdown: CancellationToken,
}

/// Stores objects. While the service refuses them or is unavailable, it waits, and the process is not ready: nothing is lost.
pub(crate) struct Uploader {
    store: ObjectStore,
    retry: Retry,
    target: Target,
}

impl Uploader {
    /// Prepares a client of the service of `[object_storage]`.
    pub(crate) async fn connect(config: &Config, target: Target) -> Result<Self, ObjectStoreError> {
        let store = ObjectStore::connect(&config.object_storage).await?;
        target.condition.ready();
        Ok(Self { store, retry: config.retry.clone(), target })
    }

    /// Stores an object, in place of one of that name. Without an access control list, the bucket decides.
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        acl: Option<CannedAcl>,
    ) -> Result<(), HandleError> {
        let mut backoff = Backoff::new(&self.retry);
        while let Err(error) = self.store.put_with_acl(bucket, key, body.clone(), acl).await {
            let error = error_chain(&error);
            if backoff.failures() == 0 {
                tracing::warn!(bucket, key, error, "upload failed, retrying");
            } else {
                tracing::debug!(bucket, key, error, failures = backoff.failures(), "upload failed again");
            }
            self.target.condition.not_ready(error);
            self.target.retries.inc();
            if backoff.wait(&self.target.shutdown).await == Waited::ShuttingDown {
                return Err(HandleError::ShuttingDown);
            }
        }
        self.target.condition.ready();
        self.target.uploads.inc();
        Ok(())
    }
}
