//! The request of a record, whose progress is reported to the payload tracker.

use ccx_config::PipelineRole;
use ccx_messages::Announce;
use ccx_outbox::Request;

/// Returns the name in statuses and dead letters of a process with this first role.
pub(crate) const fn service(role: PipelineRole) -> &'static str {
    match role {
        PipelineRole::Rules => "ccx-data-pipeline",
        PipelineRole::DvoExtractor => "dvo-extractor",
        PipelineRole::ShaExtractor => "sha-extractor",
        PipelineRole::ArchiveSync => "archive-sync",
        PipelineRole::RulesUploader => "rules-uploader",
    }
}

/// Returns the request of a valid announcement, if it has an id.
pub(crate) fn request_of(announce: &Announce) -> Option<Request> {
    Some(Request::with_identity(announce.request_id.clone()?, &announce.identity))
}

/// Returns the request of a message that may not be an announcement.
pub(crate) fn request_in(payload: &[u8]) -> Option<Request> {
    match Announce::parse(payload) {
        Ok(announce) => request_of(&announce),
        Err(error) => Some(Request { id: error.request_id()?.to_owned(), owner: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_of_an_invalid_announcement_is_parsed() {
        let id = |payload: &[u8]| request_in(payload).map(|request| request.id);
        assert_eq!(id(br#"{"request_id":"abc"}"#).as_deref(), Some("abc"));
        assert_eq!(id(b"{}"), None);
        assert_eq!(id(b"\xff"), None);
    }
}
