//! The id of a request, by which an archive is traced through all services.

use axum::http::HeaderMap;
use ccx_messages::OrgId;
use uuid::Uuid;

/// The header with the id, in requests of gateways and in every response.
pub(crate) const REQUEST_ID_HEADER: &str = "x-rh-insights-request-id";

/// Longest id that is accepted, in characters.
const MAX_CHARS: usize = 64;

/// The id of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId {
    id: String,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// By this service: no other request has it.
    Generated,
    /// In the request: another client can know it.
    Received,
}

impl RequestId {
    /// Returns the id in the headers, or a new one if they have no valid id.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let received = headers.get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
        match received.filter(|id| is_valid(id)) {
            Some(id) => Self { id: id.to_owned(), origin: Origin::Received },
            None => Self { id: Uuid::new_v4().simple().to_string(), origin: Origin::Generated },
        }
    }

    /// Returns the id.
    pub(crate) fn as_str(&self) -> &str {
        &self.id
    }

    /// Returns the name of the object that holds the archive of a sender.
    ///
    /// A received id is a name within the sender's organisation, as otherwise a client could replace the archive of another
    /// organisation before it is read.
    pub(crate) fn object_key(&self, org_id: OrgId) -> String {
        match self.origin {
            Origin::Generated => self.id.clone(),
            Origin::Received => format!("{org_id}/{}", self.id),
        }
    }
}

fn is_valid(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !id.is_empty() && id.len() <= MAX_CHARS && id.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(received: Option<&str>) -> RequestId {
        let header = received.map(|id| (REQUEST_ID_HEADER.parse().unwrap(), id.parse().unwrap()));
        RequestId::from_headers(&header.into_iter().collect())
    }

    #[test]
    fn received_id_is_used_if_it_is_safe_as_a_name() {
        let org_id = OrgId::new(7).unwrap();
        let received = id(Some("0123456789abcdef-A_z"));
        assert_eq!(
            (received.as_str(), received.object_key(org_id).as_str()),
            ("0123456789abcdef-A_z", "7/0123456789abcdef-A_z")
        );
        for unsafe_id in ["", "../../other", "a/b", "a b", &"a".repeat(65)] {
            let generated = id(Some(unsafe_id));
            assert!(generated.as_str().len() == 32 && generated.object_key(org_id) == generated.as_str());
        }
        assert_ne!(id(None), id(None));
    }
}
