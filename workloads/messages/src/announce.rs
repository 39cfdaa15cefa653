//! `platform.upload.announce`: an archive has been stored.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use snafu::{ResultExt, Snafu};

use crate::{
    Identity, IdentityError, JsonError, Timestamp, parse_gathering_time, parse_json,
    timestamp::TimestampError,
};

/// The key of an announcement's `custom_metadata` that tells whether the sender has proved to be the cluster of the identity.
pub(crate) const CLUSTER_AUTHENTICATED: &str = "ccx_cluster_authenticated";

/// The value of [`CLUSTER_AUTHENTICATED`] that denies it. Gateways, which omit the key, authenticate clusters.
pub(crate) const UNAUTHENTICATED: &str = "false";

/// Why an announcement can't be processed.
#[derive(Debug, Snafu)]
pub enum AnnounceError {
    /// The message is not a JSON object with the required fields.
    #[snafu(display(
        "failed to parse the announcement as JSON with the fields url, b64_identity and timestamp"
    ))]
    Schema {
        /// The place and the expectation.
        source: JsonError,
        /// The request, if it could be parsed, for its status.
        request_id: Option<String>,
    },
    /// The identity is invalid.
    #[snafu(display("failed to read the identity of request {}", request_id.as_deref().unwrap_or("(without id)")))]
    Identity {
        /// The cause.
        source: IdentityError,
        /// The request.
        request_id: Option<String>,
    },
    /// The timestamp is invalid.
    #[snafu(display("failed to read the timestamp of request {}", request_id.as_deref().unwrap_or("(without id)")))]
    Timestamp {
        /// The cause.
        source: TimestampError,
        /// The request.
        request_id: Option<String>,
    },
}

impl AnnounceError {
    /// Returns the request that the invalid message belongs to, if it could be parsed.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Schema { request_id, .. }
            | Self::Identity { request_id, .. }
            | Self::Timestamp { request_id, .. } => request_id.as_deref(),
        }
    }
}

/// An archive that is ready to be downloaded.
///
/// ```
/// use ccx_messages::{Announce, Identity, OrgId, Timestamp};
///
/// let identity = Identity { org_id: OrgId::new(1)?, account_number: None, cluster_id: None };
/// let json = serde_json::json!({
///     "url": "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=…",
///     "b64_identity": identity.to_base64(),
///     "timestamp": "2026-01-15T12:00:00Z",
/// });
/// let announce = Announce::parse(json.to_string().as_bytes())?;
/// assert_eq!(announce.identity, identity);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Announce {
    /// Location of the archive: a presigned HTTP link, or `s3://bucket/key`.
    pub url: String,
    /// The identity of its sender.
    pub identity: Identity,
    /// When it was stored; becomes the report's `LastChecked`.
    pub timestamp: Timestamp,
    /// The request under which the sender asks for its progress.
    pub request_id: Option<String>,
    /// When the cluster gathered the data, in UTC.
    pub gathering_time: Option<DateTime<Utc>>,
    /// Whether the sender has proved to be the cluster of the identity. Otherwise only its organisation is known to be true.
    pub is_cluster_authenticated: bool,
}

impl Announce {
    /// Parses a message of the topic.
    ///
    /// Only `url`, `b64_identity` and `timestamp` are required, as with every other consumer of the topic.
    pub fn parse(json: &[u8]) -> Result<Self, AnnounceError> {
        let wire: Wire<'_> =
            parse_json(json).with_context(|_| SchemaSnafu { request_id: request_id_of(json) })?;
        let request_id = wire.request_id.filter(|id| !id.is_empty()).map(Cow::into_owned);
        let identity = Identity::from_base64(&wire.b64_identity)
            .context(IdentitySnafu { request_id: request_id.clone() })?;
        let timestamp =
            Timestamp::parse(&wire.timestamp).context(TimestampSnafu { request_id: request_id.clone() })?;
        let custom = wire.metadata.and_then(|metadata| metadata.custom_metadata).unwrap_or_default();
        Ok(Self {
            url: wire.url.into_owned(),
            timestamp,
            request_id,
            gathering_time: custom.gathering_time.and_then(|text| parse_gathering_time(&text)),
            is_cluster_authenticated: identity.cluster_id.is_some()
                && custom.cluster_authenticated.as_deref() != Some(UNAUTHENTICATED),
            identity,
        })
    }

    /// Encodes the message as ingress does, for tools that announce archives themselves.
    pub fn to_json(&self, size_bytes: u64) -> Vec<u8> {
        let org_id = self.identity.org_id.to_string();
        let is_claimed = self.identity.cluster_id.is_some() && !self.is_cluster_authenticated;
        let wire = Wire {
            url: Cow::Borrowed(&self.url),
            b64_identity: self.identity.to_base64().into(),
            timestamp: self.timestamp.as_str().into(),
            request_id: self.request_id.as_deref().map(Cow::Borrowed),
            metadata: Some(Metadata {
                reporter: Some("ingress".into()),
                custom_metadata: Some(CustomMetadata {
                    gathering_time: self.gathering_time.map(|time| crate::format_utc_seconds(time).into()),
                    cluster_authenticated: is_claimed.then_some(UNAUTHENTICATED.into()),
                }),
            }),
            account: self.identity.account_number.map(|account| account.0.to_string().into()),
            category: Some("periodic".into()),
            content_type: Some("application/vnd.redhat.openshift.periodic+tgz".into()),
            principal: Some(org_id.clone().into()),
            org_id: Some(org_id.into()),
            service: Some("openshift".into()),
            size: Some(size_bytes),
        };
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

/// Returns the request of a JSON message that does not match [`Wire`].
fn request_id_of(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyRequestId {
        request_id: Option<String>,
    }
    serde_json::from_slice::<OnlyRequestId>(json).ok()?.request_id.filter(|id| !id.is_empty())
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "a JSON object")]
struct Wire<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    b64_identity: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    category: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    content_type: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    principal: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    org_id: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    service: Option<Cow<'a, str>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "a JSON object")]
struct Metadata<'a> {
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    reporter: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    custom_metadata: Option<CustomMetadata<'a>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(expecting = "a JSON object")]
struct CustomMetadata<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    gathering_time: Option<Cow<'a, str>>,
    /// The value of [`CLUSTER_AUTHENTICATED`].
    #[serde(borrow, default, rename = "ccx_cluster_authenticated", skip_serializing_if = "Option::is_none")]
    cluster_authenticated: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClusterId, OrgId, format_utc_seconds};

    fn announce() -> Announce {
        Announce {
            url: "https://bucket.s3.amazonaws.com/key?X-Amz-Algorithm=AWS4-HMAC-SHA256".into(),
            identity: Identity {
                org_id: OrgId::new(11_789_772).unwrap(),
                account_number: None,
                cluster_id: Some(ClusterId::random()),
            },
            timestamp: Timestamp::parse("2026-01-15T12:00:01.000000002Z").unwrap(),
            request_id: Some("0123456789abcdef0123456789abcdef".into()),
            gathering_time: parse_gathering_time("2026-01-15T11:59:00Z"),
            is_cluster_authenticated: true,
        }
    }

    #[test]
    fn encoded_announcement_is_parsed_back() {
        let announce = announce();
        let read = Announce::parse(&announce.to_json(1234)).unwrap();
        assert_eq!(read.url, announce.url);
        assert_eq!(read.identity, announce.identity);
        assert!(read.is_cluster_authenticated);
        let claimed = Announce { is_cluster_authenticated: false, ..announce.clone() };
        assert!(!Announce::parse(&claimed.to_json(1234)).unwrap().is_cluster_authenticated);
        assert_eq!(read.timestamp, announce.timestamp);
        assert_eq!(read.request_id, announce.request_id);
        assert_eq!(read.gathering_time, announce.gathering_time);
    }

    #[test]
    fn invalid_announcement_still_tells_its_request() {
        let no_url = br#"{"request_id":"abc","b64_identity":"","timestamp":""}"#;
        let error = Announce::parse(no_url).unwrap_err();
        assert!(matches!(error, AnnounceError::Schema { .. }));
        assert_eq!(error.request_id(), Some("abc"));
        assert_eq!(Announce::parse(b"}").unwrap_err().request_id(), None);
    }

    #[test]
    fn error_about_any_field_repeats_no_value() {
        let valid: serde_json::Value = serde_json::from_slice(&announce().to_json(1)).unwrap();
        for field in ["url", "b64_identity", "timestamp", "request_id", "metadata"] {
            for secret in [serde_json::json!(["hunter2"]), serde_json::json!({"hunter2": "hunter2"})] {
                let mut message = valid.clone();
                message[field] = secret;
                let Err(error) = Announce::parse(message.to_string().as_bytes()) else { continue };
                let text = crate::Reason::from_error(&error);
                assert!(!text.contains("hunter2") && text.contains(field), "{field}: {text}");
            }
        }
        let encoded_twice = serde_json::to_string(&valid.to_string()).unwrap();
        let error = Announce::parse(encoded_twice.as_bytes()).unwrap_err();
        let text = crate::Reason::from_error(&error);
        assert!(text.contains("expected a JSON object") && !text.contains("amazonaws"), "{text}");
    }

    #[test]
    fn invalid_identity_or_timestamp_names_the_request() {
        let bad_identity =
            br#"{"request_id":"abc","url":"u","b64_identity":"%","timestamp":"2026-01-15T12:00:00Z"}"#;
        let error = Announce::parse(bad_identity).unwrap_err();
        assert!(
            matches!(error, AnnounceError::Identity { .. }) && error.to_string().contains("abc"),
            "{error}"
        );
        let identity = announce().identity.to_base64();
        let bad_time = format!(r#"{{"url":"u","b64_identity":"{identity}","timestamp":"now"}}"#);
        let error = Announce::parse(bad_time.as_bytes()).unwrap_err();
        assert!(matches!(error, AnnounceError::Timestamp { .. }), "{error}");
    }

    #[test]
    fn gathering_time_is_optional_and_in_utc() {
        let identity = announce().identity.to_base64();
        let json = |metadata: &str| {
            format!(
                r#"{{"url":"u","b64_identity":"{identity}","timestamp":"2026-01-15T12:00:00Z","metadata":{metadata}}}"#
            )
        };
        let zoned = json(r#"{"custom_metadata":{"gathering_time":"2026-01-15T13:00:00+01:00"}}"#);
        let time = Announce::parse(zoned.as_bytes()).unwrap().gathering_time.unwrap();
        assert_eq!(format_utc_seconds(time), "2026-01-15T12:00:00Z");
        for none in [json("null"), json("{}"), json(r#"{"custom_metadata":{"gathering_time":"?"}}"#)] {
            assert_eq!(Announce::parse(none.as_bytes()).unwrap().gathering_time, None, "{none}");
        }
    }
}
