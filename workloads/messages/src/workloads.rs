//! `ccx.dvo.results`: the checks that a cluster's workloads fail.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{AccountNumber, ClusterId, OrgId, Timestamp};

/// A message as the pipeline sends it.
#[derive(Serialize)]
pub struct WorkloadsMessage<'a> {
    /// The organisation that owns the cluster.
    #[serde(rename = "OrgID")]
    pub org_id: OrgId,
    /// Its account, when known.
    #[serde(rename = "AccountNumber", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    #[serde(rename = "ClusterName")]
    pub cluster_id: ClusterId,
    /// The report about workloads, a JSON object with `workload_recommendations`.
    #[serde(rename = "Metrics")]
    pub metrics: &'a RawValue,
    /// The request that brought the archive.
    #[serde(rename = "RequestId")]
    pub request_id: Option<&'a str>,
    /// When the archive was announced.
    #[serde(rename = "LastChecked")]
    pub last_checked: &'a Timestamp,
    /// The version of the report's schema: 1 or 2.
    #[serde(rename = "Version")]
    pub version: u8,
}

impl WorkloadsMessage<'_> {
    /// Encodes the message: JSON and a newline.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::*;

    fn encoded(account_number: Option<AccountNumber>) -> (String, Value) {
        let metrics = to_raw_value(&json!({"workload_recommendations": []})).unwrap();
        let message = WorkloadsMessage {
            org_id: OrgId::new(10).unwrap(),
            account_number,
            cluster_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
            metrics: &metrics,
            request_id: Some("request-1"),
            last_checked: &Timestamp::parse("2026-01-15T12:00:01.000000002Z").unwrap(),
            version: 2,
        };
        let text = String::from_utf8(message.to_json()).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    #[test]
    fn encoded_message_has_the_fields_of_the_topic() {
        let (text, value) = encoded(None);
        let expected = json!({
            "OrgID": 10,
            "ClusterName": "11111111-2222-3333-4444-555555555555",
            "Metrics": {"workload_recommendations": []},
            "RequestId": "request-1",
            "LastChecked": "2026-01-15T12:00:01.000000002Z",
            "Version": 2,
        });
        assert_eq!(value, expected);
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn known_account_is_encoded() {
        let account_number = serde_json::from_value(json!(7)).unwrap();
        assert_eq!(encoded(Some(account_number)).1["AccountNumber"], 7);
    }
}
