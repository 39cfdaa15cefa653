//! Requests to programs on this machine.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_test_support::http::{self, Response};
use serde_json::json;

/// Sends a GET request to a port of this machine; `None` if there is no response within 5 s.
pub fn get(port: u16, path: &str, headers: &[String]) -> Option<Response> {
    http::get(&format!("http://127.0.0.1:{port}{path}"), headers)
}

/// Returns the header that identifies a user of an organisation.
pub fn identity_header(org_id: u32) -> String {
    let identity = json!({"identity": {
        "org_id": org_id.to_string(),
        "account_number": "1",
        "type": "User",
        "user": {"user_id": "1", "username": "e2e"},
        "internal": {"org_id": org_id.to_string()},
    }});
    format!("x-rh-identity: {}", STANDARD.encode(identity.to_string()))
}
