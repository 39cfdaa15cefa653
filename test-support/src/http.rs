//! HTTP requests by `curl`, a client that shares no code with the servers under test.

use std::process::Command;

use serde_json::Value;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

impl Response {
    /// The body as JSON; `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// Sends a GET request with headers (`name: value`); `None` if there is no response within 5 s.
pub fn get(url: &str, headers: &[String]) -> Option<Response> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--noproxy", "*", "--max-time", "5", "--write-out", "\n%{http_code}"]);
    for header in headers {
        curl.args(["--header", header]);
    }
    let output = curl.arg(url).output().expect("curl runs");
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let (body, status) = text.rsplit_once('\n')?;
    Some(Response { status: status.parse().ok()?, body: body.into() })
}
