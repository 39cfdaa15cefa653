//! Storing an object whose size is unknown until its end.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};
use ccx_messages::ErrorClass;
use snafu::IntoError as _;

use super::error::PutSnafu;
use super::store::class_of;
use super::{ObjectStore, ObjectStoreError};

/// Size of a part, in bytes: S3 demands at least 5 MiB, except for the last one. An object of at most this size is stored by
/// one request.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Most parts of an object, as S3 allows.
const MAX_PARTS: usize = 10_000;

/// An object that is being stored. It can not be read before [`finish`](Self::finish). Memory is bounded by two parts.
///
/// Dropped before its end, it is abandoned, and the stored parts are deleted in the background.
#[derive(Debug)]
pub struct ObjectUpload {
    target: Target,
    buffer: BytesMut,
    multipart: Option<Multipart>,
    size_bytes: u64,
}

#[derive(Clone, Debug)]
struct Target {
    store: ObjectStore,
    bucket: String,
    key: String,
}

#[derive(Debug)]
struct Multipart {
    id: String,
    parts: Vec<CompletedPart>,
}

impl ObjectUpload {
    pub(super) fn new(store: ObjectStore, bucket: &str, key: &str) -> Self {
        let target = Target { store, bucket: bucket.to_owned(), key: key.to_owned() };
        Self { target, buffer: BytesMut::new(), multipart: None, size_bytes: 0 }
    }

    /// Returns the bytes that were written, stored or not.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Appends bytes. Returns when there is room for more.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), ObjectStoreError> {
        self.size_bytes += bytes.len() as u64;
        while self.buffer.len() + bytes.len() > PART_BYTES {
            let head = bytes.split_to(PART_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(&head);
            let part = self.buffer.split().freeze();
            self.store_part(part).await?;
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    /// Stores the rest; the object can be read from now on. Returns its size in bytes.
    pub async fn finish(mut self) -> Result<u64, ObjectStoreError> {
        let rest = self.buffer.split().freeze();
        if self.multipart.is_none() {
            let Target { store, bucket, key } = &self.target;
            store.put(bucket, key, rest).await?;
            return Ok(self.size_bytes);
        }
        self.store_part(rest).await?;
        if let Some(multipart) = &self.multipart {
            self.target.complete(multipart).await?;
        }
        self.multipart = None;
        Ok(self.size_bytes)
    }

    async fn store_part(&mut self, part: Bytes) -> Result<(), ObjectStoreError> {
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => none.insert(self.target.begin().await?),
        };
        if multipart.parts.len() >= MAX_PARTS {
            return Err(self.target.error(ErrorClass::BadInput, "the object has too many parts"));
        }
        let part = self.target.store_part(multipart, part).await?;
        multipart.parts.push(part);
        Ok(())
    }
}

impl Target {
    async fn begin(&self) -> Result<Multipart, ObjectStoreError> {
        let begun =
            self.store.client.create_multipart_upload().bucket(&self.bucket).key(&self.key).send().await;
        let begun = begun.map_err(|error| self.error(class_of(&error), self.store.failure(&error)))?;
        let id =
            begun.upload_id.ok_or_else(|| self.error(ErrorClass::Bug, "the server sent no upload id"))?;
        Ok(Multipart { id, parts: Vec::new() })
    }

    async fn store_part(
        &self,
        multipart: &Multipart,
        part: Bytes,
    ) -> Result<CompletedPart, ObjectStoreError> {
        let number = i32::try_from(multipart.parts.len() + 1).unwrap_or(i32::MAX);
        let sent = self
            .store
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(&multipart.id)
            .part_number(number)
            .body(part.into());
        let stored =
            sent.send().await.map_err(|error| self.error(class_of(&error), self.store.failure(&error)))?;
        Ok(CompletedPart::builder().part_number(number).set_e_tag(stored.e_tag).build())
    }

    async fn complete(&self, multipart: &Multipart) -> Result<(), ObjectStoreError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(multipart.parts.clone())).build();
        let completed = self
            .store
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(&multipart.id)
            .multipart_upload(parts);
        completed.send().await.map_err(|error| self.error(class_of(&error), self.store.failure(&error)))?;
        Ok(())
    }

    async fn abandon(&self, upload_id: &str) {
        let abandoned = self
            .store
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(upload_id);
        if let Err(error) = abandoned.send().await {
            // A rule of the bucket's life cycle deletes such parts as well.
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                key = self.key,
                "failed to delete stored parts"
            );
        }
    }

    fn error(
        &self,
        class: ErrorClass,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> ObjectStoreError {
        PutSnafu { bucket: &self.bucket, key: &self.key, class }.into_error(source.into())
    }
}

impl Drop for ObjectUpload {
    fn drop(&mut self) {
        let (Some(multipart), Ok(runtime)) = (self.multipart.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let target = self.target.clone();
        runtime.spawn(async move { target.abandon(&multipart.id).await });
    }
}
