//! Locations of archives, and the policy for links.

mod amazon;

use std::fmt;

use ccx_config::{Addressing, LinkPolicy, ObjectStorage};
use percent_encoding::percent_decode_str;
use snafu::{OptionExt, ResultExt, ensure};
use url::{Host, Url};

use super::DownloadError;
use super::error::{NoObjectSnafu, NotALinkSnafu, NotPresignedSnafu, NotS3Snafu, SchemeSnafu};

/// Most characters of a link that are shown. The links of object storages are shorter, and messages may hold anything.
const MAX_SHOWN_CHARACTERS: usize = 300;

/// The query parameters by which a link carries its own permission (AWS signature, version 4), and what they must be.
const SIGNATURE: [(&str, Option<&str>); 3] =
    [("X-Amz-Algorithm", Some("AWS4-HMAC-SHA256")), ("X-Amz-Credential", None), ("X-Amz-Signature", None)];

/// The location of an archive. Its `Display` leaves out a link's query, which is a credential.
#[derive(Clone, PartialEq, Eq)]
pub enum ArchiveLocation {
    /// Behind a link that carries its own permission.
    Presigned(Url),
    /// An object that is read with the configured credentials.
    Object {
        /// Its bucket.
        bucket: String,
        /// Its name.
        key: String,
    },
}

impl ArchiveLocation {
    /// Parses a link, and refuses one that `settings.links` does not allow.
    ///
    /// By default, `s3://bucket/key` is allowed, and presigned links to Amazon S3 or to `settings.endpoint`: with any other link, a
    /// producer of the topic could make this process fetch from every server of its network.
    pub fn parse(link: &str, settings: &ObjectStorage) -> Result<Self, DownloadError> {
        let url = Url::parse(link).context(NotALinkSnafu)?;
        match url.scheme() {
            "s3" => object(&url),
            "http" | "https" => {
                if settings.links == LinkPolicy::PresignedS3 {
                    check(&url, settings)?;
                }
                Ok(Self::Presigned(url))
            }
            scheme => SchemeSnafu { scheme }.fail(),
        }
    }
}

impl fmt::Display for ArchiveLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presigned(url) => f.write_str(&shown(url)),
            Self::Object { bucket, key } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl fmt::Debug for ArchiveLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveLocation({self})")
    }
}

fn object(url: &Url) -> Result<ArchiveLocation, DownloadError> {
    let bucket = url.host_str().unwrap_or_default();
    let key = percent_decode_str(url.path().trim_start_matches('/'))
        .decode_utf8()
        .ok()
        .context(NoObjectSnafu { link: shown(url) })?;
    ensure!(!bucket.is_empty() && !key.is_empty(), NoObjectSnafu { link: shown(url) });
    Ok(ArchiveLocation::Object { bucket: bucket.into(), key: key.into_owned() })
}

fn check(url: &Url, settings: &ObjectStorage) -> Result<(), DownloadError> {
    let leads_to_s3 = leads_to_amazon(url) || leads_to_endpoint(url, settings);
    ensure!(leads_to_s3, NotS3Snafu { link: shown(url) });
    ensure!(url.path().len() > 1, NoObjectSnafu { link: shown(url) });
    ensure!(
        SIGNATURE.iter().all(|(name, value)| has_parameter(url, name, *value)),
        NotPresignedSnafu { link: shown(url) }
    );
    Ok(())
}

fn leads_to_amazon(url: &Url) -> bool {
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_plain && matches!(url.host(), Some(Host::Domain(host)) if amazon::is_s3(host))
}

/// Whether the link leads to the configured object storage or, where buckets are named by the host, to a bucket of it. With the
/// bucket in the path, `http://x.minio:9000` is another server than `http://minio:9000`.
fn leads_to_endpoint(url: &Url, settings: &ObjectStorage) -> bool {
    let Some(endpoint) = settings.endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok()) else {
        return false;
    };
    let (Some(host), Some(endpoint_host)) = (url.host_str(), endpoint.host_str()) else { return false };
    let is_bucket_of_it = settings.addressing == Addressing::VirtualHost
        && matches!(endpoint.host(), Some(Host::Domain(_)))
        && host.strip_suffix(endpoint_host).is_some_and(|bucket| bucket.ends_with('.') && bucket.len() > 1);
    url.scheme() == endpoint.scheme()
        && url.port_or_known_default() == endpoint.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none()
        && (host == endpoint_host || is_bucket_of_it)
}

fn has_parameter(url: &Url, name: &str, expected: Option<&str>) -> bool {
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value);
    values.any(|value| expected.map_or(!value.is_empty(), |expected| value == expected))
}

/// A link without user, query and fragment.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let link = format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    match link.char_indices().nth(MAX_SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &link[..end]),
        None => link,
    }
}

#[cfg(test)]
mod tests;
