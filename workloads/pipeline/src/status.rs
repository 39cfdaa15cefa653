//! Telling the payload tracker how far a request has come.

use ccx_messages::{Announce, Identity, PayloadStatus, Status};
use chrono::Utc;

/// Our name, in status messages and dead letters.
pub(crate) const SERVICE: &str = "ccx-data-pipeline";

/// Longest reason that a status carries, in bytes: it is for people, and the tracker keeps it in a row.
const MAX_REASON_BYTES: usize = 1000;

/// Who is told about a record's progress. A request without an id can't be told about.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The request's id.
    pub(crate) id: String,
    /// Whose request it is, when known.
    pub(crate) owner: Option<Identity>,
}

impl Request {
    /// The request of a readable announcement.
    pub(crate) fn of(announce: &Announce) -> Option<Self> {
        Some(Self { id: announce.request_id.clone()?, owner: Some(announce.identity.clone()) })
    }

    /// The request of a message that may not be an announcement.
    pub(crate) fn of_payload(payload: &[u8]) -> Option<Self> {
        match Announce::parse(payload) {
            Ok(announce) => Self::of(&announce),
            Err(error) => Some(Self { id: error.request_id()?.to_owned(), owner: None }),
        }
    }

    /// The message that tells about it.
    pub(crate) fn status(&self, status: Status, reason: Option<&str>) -> Vec<u8> {
        let mut message = PayloadStatus::new(SERVICE, &self.id, status, Utc::now());
        if let Some(owner) = &self.owner {
            message = message.with_identity(owner);
        }
        if let Some(reason) = reason {
            message = message.with_message(shortened(reason));
        }
        message.to_json()
    }
}

fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_message(reason: &str) -> String {
        let request = Request { id: "abc".into(), owner: None };
        let message = request.status(Status::Error, Some(reason));
        let value: serde_json::Value = serde_json::from_slice(&message).unwrap();
        assert_eq!(value["service"], "ccx-data-pipeline");
        assert_eq!(value["request_id"], "abc");
        assert_eq!(value["status"], "error");
        value["status_msg"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_tracker_gets_the_reason_and_not_more_than_it_can_show() {
        assert_eq!(status_message("404"), "404");
        assert_eq!(status_message(&"é".repeat(1000)), "é".repeat(500));
    }

    #[test]
    fn the_request_of_a_broken_announcement_is_known_when_it_says_so() {
        let id = |payload: &[u8]| Request::of_payload(payload).map(|request| request.id);
        assert_eq!(id(br#"{"request_id":"abc"}"#).as_deref(), Some("abc"));
        assert_eq!(id(b"{}"), None);
        assert_eq!(id(b"\xff"), None);
    }
}
