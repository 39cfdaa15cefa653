//! Downloading an archive.

use std::time::Duration;

use bytes::Bytes;
use bytesize::ByteSize;
use ccx_config::{ArchiveLimits, ObjectStorage, Pipeline};
use reqwest::{Certificate, Client, Response, StatusCode, Url, redirect};
use snafu::{ResultExt, ensure};

use super::error::{
    AuthoritiesSnafu, ClientSnafu, EmptySnafu, NotALinkSnafu, PermissionSnafu, PrepareSnafu, RedirectSnafu,
    RefusedSnafu, StatusSnafu, TooLargeSnafu,
};
use super::{ArchiveLocation, DownloadError, ObjectStore};

/// The validity of a link that is presigned for a download. It is used at once; the rest allows for clock skew.
pub(super) const OWN_LINK_VALIDITY: Duration = Duration::from_mins(5);

/// Downloads archives into memory. Clones share one connection pool.
///
/// One call is one attempt; what to do about a failure follows from its class.
#[derive(Clone, Debug)]
pub struct Downloader {
    pub(super) http: Client,
    pub(super) store: ObjectStore,
    pub(super) settings: ObjectStorage,
    max_bytes: u64,
    endpoint: Option<Url>,
    pub(super) probe_timeout: Duration,
}

impl Downloader {
    /// Prepares downloads with the time-outs of `pipeline` and the size limit of `limits`. Proxies are taken from the
    /// environment, as everywhere.
    pub async fn new(
        storage: &ObjectStorage,
        pipeline: &Pipeline,
        limits: &ArchiveLimits,
    ) -> Result<Self, DownloadError> {
        Ok(Self {
            http: http_client(storage, pipeline)?,
            store: ObjectStore::connect(storage).await.context(PrepareSnafu)?,
            settings: storage.clone(),
            max_bytes: limits.max_compressed.as_u64(),
            endpoint: storage.endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok()),
            probe_timeout: pipeline.download_connect_timeout,
        })
    }

    /// Returns a downloader of archives of up to `max_bytes`, which shares the connections of this one.
    #[must_use]
    pub fn with_max_bytes(&self, max_bytes: ByteSize) -> Self {
        Self { max_bytes: max_bytes.as_u64(), ..self.clone() }
    }

    /// The largest archive, in bytes.
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The configured endpoint of the object storage.
    pub fn endpoint(&self) -> Option<&Url> {
        self.endpoint.as_ref()
    }

    /// The endpoint of [`Downloader::probe`]: the configured one, or Amazon's of the configured region.
    pub fn probed_endpoint(&self) -> String {
        let region = self.settings.region.as_deref().unwrap_or("us-east-1");
        let amazon = || format!("https://s3.{region}.amazonaws.com/");
        self.endpoint.as_ref().map_or_else(amazon, Url::to_string)
    }

    /// Sends a request to the object storage's endpoint as archives are downloaded: by the same client, and through
    /// the same proxy. Succeeds with any response except that of a failing server or proxy.
    pub async fn probe(&self) -> Result<(), DownloadError> {
        let link = self.probed_endpoint();
        let sent = self.http.get(&link).timeout(self.probe_timeout).send().await;
        let status = sent.map_err(|error| failure(&link, error))?.status();
        ensure!(!status.is_server_error(), StatusSnafu { link, status: status.as_u16() });
        Ok(())
    }

    /// Downloads the archive behind a presigned `http(s)://` or `s3://bucket/key` link.
    pub async fn fetch(&self, link: &str) -> Result<Bytes, DownloadError> {
        let location = ArchiveLocation::parse(link, &self.settings)?;
        let link = location.to_string();
        let permitted_link = self.permitted_link(&location).await?;
        let sent = self.http.get(permitted_link).send().await;
        let response = sent.map_err(|error| failure(&link, error))?;
        check_status(response.status(), &location)?;
        let archive = read(response, &link, self.max_bytes).await?;
        ensure!(!archive.is_empty(), EmptySnafu { link });
        Ok(archive)
    }

    /// A link that carries its own permission.
    async fn permitted_link(&self, location: &ArchiveLocation) -> Result<Url, DownloadError> {
        match location {
            ArchiveLocation::Presigned(url) => Ok(url.clone()),
            ArchiveLocation::Object { bucket, key } => {
                let presigned = self.store.presign_get(bucket, key, OWN_LINK_VALIDITY).await;
                let link = presigned.context(PermissionSnafu { link: location.to_string() })?;
                link.parse().context(NotALinkSnafu)
            }
        }
    }
}

fn http_client(storage: &ObjectStorage, pipeline: &Pipeline) -> Result<Client, DownloadError> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(pipeline.download_connect_timeout)
        .read_timeout(pipeline.download_read_timeout)
        .timeout(pipeline.download_timeout)
        .pool_max_idle_per_host(pipeline.max_downloads);
    if let Some(path) = &storage.ca_file {
        let pem = std::fs::read(path).context(AuthoritiesSnafu { path }).context(PrepareSnafu)?;
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(&pem).context(ClientSnafu)?);
    }
    builder.build().context(ClientSnafu)
}

fn check_status(status: StatusCode, location: &ArchiveLocation) -> Result<(), DownloadError> {
    let link = location.to_string();
    let is_ours = matches!(location, ArchiveLocation::Object { .. });
    let code = status.as_u16();
    match code {
        200 => Ok(()),
        300..=399 => RedirectSnafu { link, status: code }.fail(),
        401 | 403 if is_ours => RefusedSnafu { link, status: code }.fail(),
        _ => StatusSnafu { link, status: code }.fail(),
    }
}

/// Reads the body, and stops as soon as it is larger than `max_bytes`, whatever the server announced.
async fn read(mut response: Response, link: &str, max_bytes: u64) -> Result<Bytes, DownloadError> {
    let too_large = || TooLargeSnafu { link, max_bytes };
    let announced_bytes = response.content_length();
    ensure!(announced_bytes.is_none_or(|length| length <= max_bytes), too_large());
    // Memory is taken as bytes arrive, so that an unknown length is no reason to grow by copying.
    let capacity = announced_bytes.unwrap_or(max_bytes);
    let mut archive = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(link, error))? {
        let length = archive.len() as u64 + chunk.len() as u64;
        ensure!(length <= max_bytes, too_large());
        archive.extend_from_slice(&chunk);
    }
    if announced_bytes.is_none() {
        archive.shrink_to_fit();
    }
    Ok(archive.into())
}

/// Classifies a failure. The errors of the library show the whole link, so it is removed.
fn failure(link: &str, error: reqwest::Error) -> DownloadError {
    let link = link.to_owned();
    let source = error.without_url();
    if source.is_timeout() {
        DownloadError::Timeout { link, source }
    } else if source.is_connect() {
        DownloadError::Connect { link, source }
    } else {
        DownloadError::Interrupted { link, source }
    }
}

#[cfg(test)]
mod tests;
