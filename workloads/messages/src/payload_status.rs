//! `platform.payload-status`: the progress of a request, for the payload tracker.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{AccountNumber, Identity, OrgId};

/// A step in the processing of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The service has received the message.
    Received,
    /// The pipeline is processing the archive.
    Processing,
    /// The writer has stored the results.
    Processed,
    /// The service is done.
    Success,
    /// The service has dead-lettered the message.
    Error,
}

/// A message of the topic. `org_id` and `account` are strings, and absent when unknown.
///
/// ```
/// use ccx_messages::{PayloadStatus, Status};
///
/// let now = chrono::DateTime::from_timestamp(1_768_478_400, 0).unwrap();
/// let status = PayloadStatus::new("ccx-data-pipeline", "abc", Status::Error, now).with_message("no archive");
/// assert!(String::from_utf8(status.to_json()).unwrap().contains(r#""status_msg":"no archive""#));
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct PayloadStatus<'a> {
    service: &'a str,
    request_id: &'a str,
    status: Status,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_msg: Option<&'a str>,
}

impl<'a> PayloadStatus<'a> {
    /// Longest text for people, in bytes: the tracker keeps it in a row.
    const MAX_MESSAGE_BYTES: usize = 1000;

    /// Creates the message that `request_id` has reached `status` in `service`.
    pub fn new(service: &'a str, request_id: &'a str, status: Status, date: DateTime<Utc>) -> Self {
        Self {
            service,
            request_id,
            status,
            date: date.to_rfc3339_opts(SecondsFormat::Nanos, true),
            org_id: None,
            account: None,
            status_msg: None,
        }
    }

    /// Adds the sender of the request.
    #[must_use]
    pub fn with_identity(self, identity: &Identity) -> Self {
        self.with_owner(identity.org_id, identity.account_number)
    }

    /// Adds the sender of the request.
    #[must_use]
    pub fn with_owner(mut self, org_id: OrgId, account: Option<AccountNumber>) -> Self {
        self.org_id = Some(org_id.to_string());
        self.account = account.map(|account| account.0.to_string());
        self
    }

    /// Adds a text for people; its first 1000 bytes are sent.
    #[must_use]
    pub fn with_message(mut self, message: &'a str) -> Self {
        self.status_msg = Some(&message[..message.floor_char_boundary(Self::MAX_MESSAGE_BYTES)]);
        self
    }

    /// Encodes the message.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_status_has_strings_and_no_unknown_field() {
        let date = DateTime::from_timestamp(1_768_478_400, 5).unwrap();
        let status = PayloadStatus::new("ccx-data-pipeline", "abc", Status::Received, date);
        let json = String::from_utf8(status.clone().to_json()).unwrap();
        assert_eq!(
            json,
            r#"{"service":"ccx-data-pipeline","request_id":"abc","status":"received","date":"2026-01-15T12:00:00.000000005Z"}"#
        );
        let owned = status.with_owner(OrgId::new(1).unwrap(), Some(AccountNumber(2))).with_message("stored");
        let value: serde_json::Value = serde_json::from_slice(&owned.to_json()).unwrap();
        assert_eq!(value["org_id"], "1");
        assert_eq!(value["account"], "2");
        assert_eq!(value["status_msg"], "stored");
    }
}
