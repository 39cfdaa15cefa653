//! HTTP requests by clients that share no code with the servers under test.

use std::{net::SocketAddr, process::Command};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

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

/// Sends a GET request by `curl` with headers (`name: value`); `None` if there is no response within 5 s.
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

/// Sends a GET request without blocking the thread; returns the status line, the headers and the body as they are sent.
///
/// For a server that runs in the same process as the test.
pub async fn get_raw(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server reads the request");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("the server answers");
    response
}
