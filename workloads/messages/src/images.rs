//! `ccx.image.sha.results`: the digests of the images that a cluster runs.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{AccountNumber, ClusterId, OrgId, Timestamp};

/// A message as the pipeline sends it.
#[derive(Serialize)]
pub struct ImagesMessage<'a> {
    /// The organisation that owns the cluster.
    #[serde(rename = "OrgID")]
    pub org_id: OrgId,
    /// Its account, when known.
    #[serde(rename = "AccountNumber", skip_serializing_if = "Option::is_none")]
    pub account_number: Option<AccountNumber>,
    /// The cluster.
    #[serde(rename = "ClusterName")]
    pub cluster_id: ClusterId,
    /// The file `config/workload_info.json` of the archive, unchanged.
    #[serde(rename = "Images")]
    pub images: &'a RawValue,
    /// When the archive was announced.
    #[serde(rename = "LastChecked")]
    pub last_checked: &'a Timestamp,
    /// The version of the message's schema.
    #[serde(rename = "Version")]
    pub version: u8,
    /// The request that brought the archive.
    #[serde(rename = "RequestId")]
    pub request_id: Option<&'a str>,
}

impl ImagesMessage<'_> {
    /// The version of the schema.
    pub const VERSION: u8 = 2;

    /// Encodes the message: JSON and a newline.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn encoded_message_has_the_fields_of_the_topic() {
        let images = RawValue::from_string(r#"{"pods": 1, "images": {}}"#.into()).unwrap();
        let message = ImagesMessage {
            org_id: OrgId::new(10).unwrap(),
            account_number: None,
            cluster_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
            images: &images,
            last_checked: &Timestamp::parse("2026-01-15T12:00:01.5Z").unwrap(),
            version: ImagesMessage::VERSION,
            request_id: None,
        };
        let encoded = message.to_json();
        assert!(encoded.ends_with(b"}\n"));
        let expected = json!({
            "OrgID": 10,
            "ClusterName": "11111111-2222-3333-4444-555555555555",
            "Images": {"pods": 1, "images": {}},
            "LastChecked": "2026-01-15T12:00:01.5Z",
            "Version": 2,
            "RequestId": null,
        });
        assert_eq!(serde_json::from_slice::<Value>(&encoded).unwrap(), expected);
    }
}
