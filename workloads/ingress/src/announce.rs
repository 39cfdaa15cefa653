//! The announcement of a stored archive.

use std::time::Instant;

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_auth::{Authenticator, Caller};
use ccx_messages::{UploadAnnouncement, UploadMetadata};
use ccx_transport::{KafkaError, Outgoing, Producer};
use chrono::{SecondsFormat, Utc};
use serde_json::Value;

use crate::{content_type::ArchiveType, metrics::Metrics};

/// The Kafka header by which consumers choose the announcements of their service.
const SERVICE_HEADER: &str = "service";

/// Sends announcements.
pub(crate) struct Announcer {
    producer: Producer,
    topic: String,
    metrics: Metrics,
}

/// A stored archive.
pub(crate) struct StoredArchive<'a> {
    pub(crate) caller: &'a Caller,
    /// The identity of the sender, as in `x-rh-identity`.
    pub(crate) identity: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) archive_type: &'a ArchiveType,
    pub(crate) content_type: &'a str,
    pub(crate) metadata: UploadMetadata,
    pub(crate) size_bytes: u64,
    pub(crate) url: &'a str,
}

impl Announcer {
    /// Announces to `topic`.
    pub(crate) fn new(producer: Producer, topic: &str, metrics: Metrics) -> Self {
        Self { producer, topic: topic.to_owned(), metrics }
    }

    /// Sends the announcement, and returns when Kafka has acknowledged it.
    pub(crate) async fn announce(&self, stored: StoredArchive<'_>) -> Result<(), KafkaError> {
        let _in_flight = self.metrics.publishing();
        let service = stored.archive_type.service.clone();
        let (key, payload) = encode(stored);
        let message = Outgoing {
            topic: &self.topic,
            key: key.as_deref().map(str::as_bytes),
            headers: &[(SERVICE_HEADER, service.as_bytes())],
            payload: &payload,
        };
        let start = Instant::now();
        let sent = self.producer.send(message).await;
        self.metrics.observe_announcement(&self.topic, &service, start.elapsed(), sent.is_ok());
        sent
    }
}

/// Returns the key and the value of the message.
fn encode(stored: StoredArchive<'_>) -> (Option<String>, Vec<u8>) {
    let Caller { org_id, account_number, cluster_id, is_cluster_authenticated, .. } = stored.caller;
    let is_claimed = cluster_id.is_some() && !is_cluster_authenticated;
    let metadata = if is_claimed { stored.metadata.with_unauthenticated_cluster() } else { stored.metadata };
    let announcement = UploadAnnouncement {
        account: account_number.map(|account| account.0.to_string()).unwrap_or_default(),
        category: &stored.archive_type.category,
        content_type: stored.content_type,
        metadata: &metadata,
        request_id: stored.request_id,
        principal: org_id.to_string(),
        org_id: org_id.to_string(),
        service: &stored.archive_type.service,
        size: stored.size_bytes,
        url: stored.url,
        b64_identity: stored.identity,
        timestamp: &Utc::now().to_rfc3339_opts(SecondsFormat::Nanos, true),
    };
    (metadata.queue_key().map(str::to_owned), announcement.to_json())
}

/// Returns the identity of a caller to announce: the gateway's, else one that is made of the credentials.
pub(crate) fn identity_of(caller: &Caller, authenticator: &Authenticator, headers: &HeaderMap) -> String {
    let received = authenticator.gateway_identity(headers);
    received.map_or_else(
        || caller.to_identity().to_base64(),
        |identity| with_both_organizations(identity, caller),
    )
}

/// Returns an identity in which `org_id` and `internal.org_id` are the caller's: consumers read one or the other, and must not see
/// different organisations.
fn with_both_organizations(identity: &str, caller: &Caller) -> String {
    let decoded = STANDARD.decode(identity).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let Some(mut decoded) = decoded else { return caller.to_identity().to_base64() };
    let org_id = Value::from(caller.org_id.to_string());
    let body = &decoded["identity"];
    if body["org_id"] == org_id && body["internal"]["org_id"] == org_id {
        return identity.to_owned();
    }
    decoded["identity"]["org_id"] = org_id.clone();
    if !decoded["identity"]["internal"].is_object() {
        decoded["identity"]["internal"] = Value::Object(serde_json::Map::new());
    }
    decoded["identity"]["internal"]["org_id"] = org_id;
    STANDARD.encode(decoded.to_string())
}

#[cfg(test)]
mod tests {
    use ccx_auth::IDENTITY_HEADER;
    use ccx_config::Auth;
    use ccx_messages::Identity;
    use serde_json::json;

    use super::*;

    fn announced(identity: &Value) -> String {
        let settings = Auth { trust_identity_header: true, ..Auth::default() };
        let authenticator = Authenticator::new(&settings).unwrap();
        let header = STANDARD.encode(json!({ "identity": identity }).to_string());
        let headers = HeaderMap::from_iter([(IDENTITY_HEADER.parse().unwrap(), header.parse().unwrap())]);
        let caller = ccx_auth::caller_of_identity(&headers).unwrap();
        identity_of(&caller, &authenticator, &headers)
    }

    #[test]
    fn identity_of_a_gateway_is_passed_on_with_one_organisation() {
        for identity in [
            json!({ "org_id": "7", "user": { "username": "ann" } }),
            json!({ "internal": { "org_id": "7" }, "user": { "username": "ann" } }),
            json!({ "org_id": "7", "internal": { "org_id": "8", "auth_time": 1 }, "user": { "username": "ann" } }),
            json!({ "org_id": "7", "internal": { "org_id": "7" }, "user": { "username": "ann" } }),
        ] {
            let announced = announced(&identity);
            assert_eq!(Identity::from_base64(&announced).unwrap().org_id.get(), 7, "{identity}");
            let decoded: Value = serde_json::from_slice(&STANDARD.decode(announced).unwrap()).unwrap();
            assert_eq!(decoded["identity"]["org_id"], "7", "{identity}");
            assert_eq!(decoded["identity"]["user"]["username"], "ann", "{identity}");
        }
    }
}
