//! Downloading an archive.

use std::time::Duration;

use bytes::Bytes;
use ccx_config::{ArchiveLimits, ObjectStorage, Pipeline};
use reqwest::{Certificate, Client, Response, StatusCode, redirect};
use snafu::{ResultExt, ensure};

use super::error::{
    AuthoritiesSnafu, ClientSnafu, EmptySnafu, NotALinkSnafu, PermissionSnafu, PrepareSnafu, RedirectSnafu,
    RefusedSnafu, StatusSnafu, TooLargeSnafu,
};
use super::{ArchiveLocation, DownloadError, ObjectStore};

/// How long a link is valid that we make for ourselves. It is used at once; the rest is for clocks that differ.
const OWN_LINK_VALIDITY: Duration = Duration::from_mins(5);

/// Memory that is taken before the first byte when the server doesn't say how much comes.
const UNKNOWN_LENGTH_BYTES: u64 = 64 << 10;

/// Downloads archives into memory. Clones share one connection pool.
///
/// One call is one attempt; what to do about a failure follows from its class.
#[derive(Clone, Debug)]
pub struct Downloader {
    http: Client,
    store: ObjectStore,
    settings: ObjectStorage,
    max_bytes: u64,
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
        })
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
    async fn permitted_link(&self, location: &ArchiveLocation) -> Result<reqwest::Url, DownloadError> {
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
    let capacity = announced_bytes.unwrap_or(UNKNOWN_LENGTH_BYTES).min(max_bytes);
    let mut archive = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(link, error))? {
        let length = archive.len() as u64 + chunk.len() as u64;
        ensure!(length <= max_bytes, too_large());
        archive.extend_from_slice(&chunk);
    }
    Ok(archive.into())
}

/// What kind of failure it is. The library's errors show the whole link unless told otherwise.
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
