//! Whether a bucket exists and the credentials are valid.

use reqwest::{Response, StatusCode};
use snafu::ResultExt as _;

use super::{
    Downloader, ObjectStoreError,
    download::OWN_LINK_VALIDITY,
    error::{AnswerSnafu, BucketStatusSnafu, NoBucketSnafu, RejectedSnafu},
};
use ccx_messages::ErrorClass;

/// The name of an object that does not exist: the response shows whether an existing one would be served.
const PROBED_KEY: &str = "ccx-readiness-probe";

/// The limit of an error's body.
const MAX_BODY_BYTES: usize = 16 * 1024;

impl Downloader {
    /// Whether a bucket is configured.
    pub fn has_bucket(&self) -> bool {
        !self.settings.bucket.is_empty()
    }

    /// Requests an object of the configured bucket, as archives are downloaded. Fails when the bucket
    /// does not exist or the credentials are not valid.
    ///
    /// Sends no request without credentials: presigned links need none.
    pub async fn probe_bucket(&self) -> Result<(), ObjectStoreError> {
        let bucket = &self.settings.bucket;
        let Ok(link) = self.store.presign_get(bucket, PROBED_KEY, OWN_LINK_VALIDITY).await else {
            return Ok(());
        };
        let sent = self.http.get(link).timeout(self.probe_timeout).send().await;
        let response = sent.map_err(reqwest::Error::without_url).context(AnswerSnafu { bucket })?;
        let status = response.status();
        match (status, error_code(response).await.as_deref()) {
            (StatusCode::NOT_FOUND, Some("NoSuchBucket")) => NoBucketSnafu { bucket }.fail(),
            (StatusCode::NOT_FOUND, _) => self.check_existence(bucket).await,
            // Valid credentials that may not list a bucket can't learn whether an object exists.
            (StatusCode::FORBIDDEN, Some("AccessDenied")) => Ok(()),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, code) => {
                RejectedSnafu { bucket, code: code.unwrap_or("HTTP 403") }.fail()
            }
            (status, _) if status.is_server_error() => {
                BucketStatusSnafu { bucket, status: status.as_u16(), class: ErrorClass::Transient }.fail()
            }
            _ => Ok(()),
        }
    }

    /// Some servers do not distinguish a missing bucket from a missing object. This request does not use the proxy of
    /// downloads, so that only a clear answer counts.
    async fn check_existence(&self, bucket: &str) -> Result<(), ObjectStoreError> {
        match tokio::time::timeout(self.probe_timeout, self.store.reachable(bucket)).await {
            Ok(Err(error @ ObjectStoreError::NoBucket { .. })) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Returns the `Code` of an error's XML (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
async fn error_code(mut response: Response) -> Option<String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
    }
    let text = String::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.to_owned())
}
