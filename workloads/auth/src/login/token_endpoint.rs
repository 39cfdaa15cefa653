//! Requests to the token endpoint (RFC 6749, sections 3.2 and 5).

use ccx_config::Secret;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use snafu::ResultExt as _;
use url::form_urlencoded;

use super::{
    error::{LoginError, RefusedSnafu, RequestSnafu, UnavailableSnafu},
    provider::Metadata,
};
use crate::{LoginRefusal, http::send};

/// The page as a client of the provider.
#[derive(Debug)]
pub(super) struct ClientCredentials {
    pub(super) id: String,
    /// `None` for a public client.
    pub(super) secret: Option<Secret>,
}

/// The fields of a successful answer that are used.
#[derive(Deserialize)]
pub(super) struct TokenResponse {
    #[serde(default)]
    pub(super) id_token: Option<String>,
    #[serde(default)]
    pub(super) refresh_token: Option<String>,
    /// Seconds.
    #[serde(default)]
    pub(super) expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
}

/// Requests tokens by a grant, whose fields are given.
pub(super) async fn request(
    client: &Client,
    metadata: &Metadata,
    credentials: &ClientCredentials,
    fields: &[(&str, &str)],
) -> Result<TokenResponse, LoginError> {
    const ACTION: &str = "request tokens from the provider";
    let url = &metadata.token_endpoint;
    let request = client.post(url.clone()).header("content-type", "application/x-www-form-urlencoded");
    let (request, body) = with_credentials(request, metadata, credentials, fields);
    let (status, answer) = send(url, request.body(body)).await.context(RequestSnafu { action: ACTION })?;
    if status.is_success() {
        return serde_json::from_slice(&answer).or_else(|_| UnavailableSnafu { action: ACTION }.fail());
    }
    match serde_json::from_slice::<ErrorResponse>(&answer) {
        Ok(found) if status.is_client_error() => {
            let refusal = LoginRefusal::new(&found.error);
            RefusedSnafu { refusal }.fail()
        }
        _ => UnavailableSnafu { action: ACTION }.fail(),
    }
}

/// Returns the request with the client's credentials, and its body.
fn with_credentials(
    request: RequestBuilder,
    metadata: &Metadata,
    ClientCredentials { id, secret }: &ClientCredentials,
    fields: &[(&str, &str)],
) -> (RequestBuilder, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let request = match secret {
        Some(secret) if metadata.accepts_basic => {
            request.basic_auth(encoded(id), Some(encoded(secret.expose())))
        }
        Some(secret) => {
            form.append_pair("client_id", id).append_pair("client_secret", secret.expose());
            request
        }
        None => {
            form.append_pair("client_id", id);
            request
        }
    };
    (request, form.finish())
}

/// Encodes a part of the credentials (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
