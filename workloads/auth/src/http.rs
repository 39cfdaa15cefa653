//! Requests to the services that check credentials: JSON, bounded in size and time.

use std::{path::Path, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use snafu::{ResultExt, Snafu, ensure};

/// Time limit of connecting. The caller waits meanwhile, and so may others with the same credential.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time limit of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Longest answer, in bytes. Key sets and pages of permissions have a few thousand.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The client of a service can't be created.
#[derive(Debug, Snafu)]
pub enum ClientError {
    /// The file of the authorities can't be read.
    #[snafu(display("failed to read the authorities in {path}"))]
    Authorities {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The authorities or the client can't be used.
    #[snafu(display("failed to set up the HTTP client"))]
    Client {
        /// The cause.
        source: reqwest::Error,
    },
    /// The secret of a client can't be read.
    #[snafu(display("failed to read web.login.client_secret_file"))]
    Secret {
        /// The cause.
        source: ccx_config::SecretError,
    },
    /// The URL can't be parsed.
    #[snafu(display("failed to parse the URL of {service}"))]
    Url {
        /// The service.
        service: &'static str,
        /// The cause.
        source: url::ParseError,
    },
}

/// A service did not answer as expected. The message has the URL, which holds no credential, and nothing of the answer.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum FetchError {
    #[snafu(display("failed to request {url}"))]
    Request { url: String, source: reqwest::Error },
    #[snafu(display("{url} answered with HTTP {status}"))]
    Status { url: String, status: u16 },
    #[snafu(display("{url} answered with more than {MAX_ANSWER_BYTES} bytes"))]
    TooLarge { url: String },
    #[snafu(display("failed to parse the answer of {url}"))]
    Json { url: String, source: ccx_messages::JsonError },
    #[snafu(display("{url} answered with a document of another issuer"))]
    OtherIssuer { url: String },
    #[snafu(display("{url} answered with a link to another server"))]
    OtherServer { url: String },
    #[snafu(display("failed to read the own token in {path}"))]
    OwnToken { path: String, source: std::io::Error },
}

/// The authorities whose certificates a client accepts.
#[derive(Clone, Copy)]
pub(crate) enum Authorities<'a> {
    /// The system's authorities and the ones in this file.
    SystemAnd(Option<&'a Path>),
    /// Only the authorities in this file.
    Only(&'a Path),
}

/// Creates a client that follows no redirects: they could lead past the configured host.
pub(crate) fn client(authorities: Authorities<'_>) -> Result<Client, ClientError> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT);
    with_authorities(builder, authorities)?.build().context(ClientSnafu)
}

fn with_authorities(
    builder: ClientBuilder,
    authorities: Authorities<'_>,
) -> Result<ClientBuilder, ClientError> {
    match authorities {
        Authorities::SystemAnd(None) => Ok(builder),
        Authorities::SystemAnd(Some(path)) => Ok(builder.tls_certs_merge(certificates(path)?)),
        // The API server of the cluster is never behind a proxy.
        Authorities::Only(path) => Ok(builder.tls_certs_only(certificates(path)?).no_proxy()),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    let pem = std::fs::read(path).context(AuthoritiesSnafu { path: path.display().to_string() })?;
    Certificate::from_pem_bundle(&pem).context(ClientSnafu)
}

/// Parses the URL of a service.
pub(crate) fn parse_url(service: &'static str, url: &str) -> Result<Url, ClientError> {
    Url::parse(url).context(UrlSnafu { service })
}

/// Sends a request, and parses the JSON of a successful answer.
pub(crate) async fn fetch<T: DeserializeOwned>(url: &Url, request: RequestBuilder) -> Result<T, FetchError> {
    let (status, answer) = send(url, request).await?;
    ensure!(status.is_success(), StatusSnafu { url: shown(url), status: status.as_u16() });
    ccx_messages::parse_json(&answer).with_context(|_| JsonSnafu { url: shown(url) })
}

/// Sends a request, and returns the status and the body of the response. An error status is not an error.
pub(crate) async fn send(url: &Url, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), FetchError> {
    let shown = || shown(url);
    let mut response = request
        .header("accept", "application/json")
        .send()
        .await
        .map_err(reqwest::Error::without_url)
        .with_context(|_| RequestSnafu { url: shown() })?;
    let mut answer = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(reqwest::Error::without_url)
        .with_context(|_| RequestSnafu { url: shown() })?
    {
        ensure!(answer.len() + chunk.len() <= MAX_ANSWER_BYTES, TooLargeSnafu { url: shown() });
        answer.extend_from_slice(&chunk);
    }
    Ok((response.status(), answer))
}

/// Returns a URL without its query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}
