//! Questions by HTTP, as a person would ask them: by `curl`.

use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its text.
    pub body: String,
}

impl Answer {
    /// The text as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Asks a server on this machine; `None` if it does not answer within 5 s.
pub fn get(port: u16, path: &str, headers: &[String]) -> Option<Answer> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--noproxy", "*", "--max-time", "5", "--write-out", "\n%{http_code}"]);
    for header in headers {
        curl.args(["--header", header]);
    }
    let output = curl.arg(format!("http://127.0.0.1:{port}{path}")).output().expect("curl runs");
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let (body, status) = text.rsplit_once('\n')?;
    Some(Answer { status: status.parse().ok()?, body: body.into() })
}

/// The header by which a user of an organisation is known.
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
