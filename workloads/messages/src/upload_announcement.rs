//! `platform.upload.announce`, as the upload service writes it for every consumer of the topic.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    JsonError,
    announce::{CLUSTER_AUTHENTICATED, UNAUTHENTICATED},
    parse_gathering_time, parse_json_object,
};

/// Time after which the inventory regards the data of an upload as stale.
const STALE_AFTER: Days = Days::new(30);

/// The key of the time of gathering in `custom_metadata`.
const GATHERING_TIME: &str = "gathering_time";

/// A stored upload: every field that the original service announces, in its order.
#[derive(Clone, Debug, Serialize)]
pub struct UploadAnnouncement<'a> {
    /// The account number; empty if unknown.
    pub account: String,
    /// The category of the content type, for example `periodic`.
    pub category: &'a str,
    /// The content type of the file's part.
    pub content_type: &'a str,
    /// The client's metadata.
    pub metadata: &'a UploadMetadata,
    /// The id of the request.
    pub request_id: &'a str,
    /// The organisation, as the original repeats it.
    pub principal: String,
    /// The organisation.
    pub org_id: String,
    /// The service of the content type, for example `openshift`.
    pub service: &'a str,
    /// The size of the archive, in bytes.
    pub size: u64,
    /// The presigned link to it.
    pub url: &'a str,
    /// The sender's identity, as in `x-rh-identity`.
    pub b64_identity: &'a str,
    /// When it was stored (RFC 3339 with nanoseconds).
    pub timestamp: &'a str,
}

/// The metadata of an upload: what clients state about themselves and their data.
///
/// ```
/// use ccx_messages::UploadMetadata;
///
/// let json = br#"{"custom_metadata": {"gathering_time": "0001-01-01T00:00:00Z", "note": "n"}, "reporter": "me"}"#;
/// let now = chrono::DateTime::from_timestamp(1_768_478_400, 0).unwrap();
/// let metadata = serde_json::to_value(UploadMetadata::parse(json, now)?).unwrap();
/// assert_eq!(metadata["reporter"], "ingress");
/// assert_eq!(metadata["custom_metadata"], serde_json::json!({"note": "n"})); // an insights operator after a restart
/// # Ok::<(), ccx_messages::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UploadMetadata {
    #[serde(flatten)]
    stated: Stated,
    reporter: &'static str,
    stale_timestamp: String,
}

/// The fields that clients may set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "a JSON object")]
struct Stated {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_addresses: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    account: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    insights_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    machine_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subscription_manager_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mac_addresses: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    fqdn: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bios_uuid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    display_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ansible_host: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    queue_key: String,
}

impl UploadMetadata {
    /// Creates the metadata of an upload without any; `now` is when it arrived.
    pub fn empty(now: DateTime<Utc>) -> Self {
        Self::new(Stated::default(), now)
    }

    /// Parses the metadata part of an upload; `now` is when it arrived.
    ///
    /// Fields that no consumer knows are left out, and so is a time of gathering that can't be one: an insights operator that was
    /// restarted states the year 1.
    pub fn parse(json: &[u8], now: DateTime<Utc>) -> Result<Self, JsonError> {
        let mut stated: Stated = parse_json_object(json)?;
        let is_time = |text: &String| parse_gathering_time(text).is_some();
        if !stated.custom_metadata.get(GATHERING_TIME).is_some_and(is_time) {
            stated.custom_metadata.remove(GATHERING_TIME);
        }
        stated.custom_metadata.remove(CLUSTER_AUTHENTICATED);
        Ok(Self::new(stated, now))
    }

    /// Marks the cluster of the identity as one that the sender only claims to be.
    #[must_use]
    pub fn with_unauthenticated_cluster(mut self) -> Self {
        self.stated.custom_metadata.insert(CLUSTER_AUTHENTICATED.into(), UNAUTHENTICATED.into());
        self
    }

    /// Returns the key of the message, if the client wants one.
    pub fn queue_key(&self) -> Option<&str> {
        Some(self.stated.queue_key.as_str()).filter(|key| !key.is_empty())
    }

    fn new(stated: Stated, now: DateTime<Utc>) -> Self {
        let stale = now.checked_add_days(STALE_AFTER).unwrap_or(now);
        let stale_timestamp = stale.to_rfc3339_opts(SecondsFormat::Nanos, true);
        Self { stated, reporter: "ingress", stale_timestamp }
    }
}

impl UploadAnnouncement<'_> {
    /// Encodes the message.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Announce, ClusterId, Identity, OrgId};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_768_478_400, 5).unwrap()
    }

    fn announced(metadata: &UploadMetadata) -> Announce {
        let identity = Identity {
            org_id: OrgId::new(7).unwrap(),
            account_number: None,
            cluster_id: Some(ClusterId::random()),
        };
        let json = UploadAnnouncement {
            account: String::new(),
            category: "periodic",
            content_type: "application/vnd.redhat.openshift.periodic",
            metadata,
            request_id: "abc",
            principal: "7".into(),
            org_id: "7".into(),
            service: "openshift",
            size: 9,
            url: "https://link",
            b64_identity: &identity.to_base64(),
            timestamp: "2026-01-15T12:00:00.000000005Z",
        };
        Announce::parse(&json.to_json()).unwrap()
    }

    #[test]
    fn announcement_is_parsed_by_its_consumer() {
        let metadata =
            UploadMetadata::parse(br#"{"custom_metadata":{"gathering_time":"2026-01-15T11:59:00Z"}}"#, now());
        let announce = announced(&metadata.unwrap());
        assert_eq!(announce.request_id.as_deref(), Some("abc"));
        assert_eq!(announce.gathering_time, parse_gathering_time("2026-01-15T11:59:00Z"));
        assert!(announce.is_cluster_authenticated);
    }

    #[test]
    fn client_can_not_decide_whether_its_cluster_is_authenticated() {
        let claim = br#"{"custom_metadata":{"ccx_cluster_authenticated":"true"}}"#;
        let metadata = UploadMetadata::parse(claim, now()).unwrap();
        assert!(!announced(&metadata.with_unauthenticated_cluster()).is_cluster_authenticated);
        let denial = br#"{"custom_metadata":{"ccx_cluster_authenticated":"false"}}"#;
        assert!(announced(&UploadMetadata::parse(denial, now()).unwrap()).is_cluster_authenticated);
    }

    #[test]
    fn metadata_states_the_reporter_and_when_it_becomes_stale() {
        let json = br#"{"reporter":"x","stale_timestamp":"y","display_name":"a","queue_key":"k","other":1}"#;
        let metadata = UploadMetadata::parse(json, now()).unwrap();
        assert_eq!(
            serde_json::to_value(&metadata).unwrap(),
            serde_json::json!({
                "display_name": "a", "queue_key": "k",
                "reporter": "ingress", "stale_timestamp": "2026-02-14T12:00:00.000000005Z",
            })
        );
        assert_eq!((metadata.queue_key(), UploadMetadata::empty(now()).queue_key()), (Some("k"), None));
        for wrong in ["", "[]", r#"{"custom_metadata":{"a":1}}"#, r#"{"custom_metadata":[]}"#] {
            assert!(UploadMetadata::parse(wrong.as_bytes(), now()).is_err(), "{wrong}");
        }
    }
}
