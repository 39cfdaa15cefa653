//! The provider's metadata (`OpenID` Connect Discovery 1.0).

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use reqwest::{Client, Url};
use serde::Deserialize;
use snafu::{OptionExt as _, ResultExt as _, ensure};
use tokio::sync::Mutex;

use super::error::{LoginError, OtherIssuerSnafu, RequestSnafu, UnavailableSnafu};
use crate::http::fetch;

/// The age from which the metadata is fetched again. Older metadata is used while the provider does not answer.
const REFRESH_AFTER: Duration = Duration::from_mins(10);

/// The time between two requests for it.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// The endpoints of a provider, and what they accept.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) end_session_endpoint: Option<Url>,
    /// Whether the client's secret is sent in the header `Authorization`, which is the default, or else in the body.
    pub(super) accepts_basic: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    end_session_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Parses the endpoints; `None` if a required one is not a URL of HTTP.
    fn from_document(document: &Document) -> Option<Self> {
        let url = |text: &str| Url::parse(text).ok().filter(|url| ["https", "http"].contains(&url.scheme()));
        let methods = document.token_endpoint_auth_methods_supported.as_ref();
        Some(Self {
            authorization_endpoint: url(&document.authorization_endpoint)?,
            token_endpoint: url(&document.token_endpoint)?,
            end_session_endpoint: document.end_session_endpoint.as_deref().and_then(url),
            accepts_basic: methods
                .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")),
        })
    }
}

/// The metadata of a provider, fetched when it is needed.
#[derive(Debug)]
pub(super) struct Provider {
    client: Client,
    issuer: String,
    current: RwLock<Option<(Instant, Arc<Metadata>)>>,
    /// When the provider was last asked. Locked while it is being asked.
    asked: Mutex<Option<Instant>>,
}

impl Provider {
    pub(super) fn new(client: Client, issuer: String) -> Self {
        Self { client, issuer, current: RwLock::default(), asked: Mutex::default() }
    }

    /// Returns the metadata.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, LoginError> {
        if let Some(fresh) = self.current(REFRESH_AFTER) {
            return Ok(fresh);
        }
        let mut asked = self.asked.lock().await;
        if let Some(fresh) = self.current(REFRESH_AFTER) {
            return Ok(fresh);
        }
        let older = self.current(Duration::MAX);
        if asked.is_some_and(|at| at.elapsed() < MIN_INTERVAL) {
            return older
                .map_or_else(|| UnavailableSnafu { action: "read the provider's metadata" }.fail(), Ok);
        }
        *asked = Some(Instant::now());
        match (self.fetch().await, older) {
            (Ok(metadata), _) => {
                let metadata = Arc::new(metadata);
                let entry = Some((Instant::now(), Arc::clone(&metadata)));
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = entry;
                Ok(metadata)
            }
            (Err(error), Some(older)) => {
                tracing::warn!(
                    error = ccx_service::error_chain(&error),
                    "keeping the provider's older metadata"
                );
                Ok(older)
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn fetch(&self) -> Result<Metadata, LoginError> {
        let action = "read the provider's metadata";
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let Ok(url) = Url::parse(&url) else { return UnavailableSnafu { action }.fail() };
        let document: Document =
            fetch(&url, self.client.get(url.clone())).await.context(RequestSnafu { action })?;
        ensure!(document.issuer == self.issuer, OtherIssuerSnafu);
        Metadata::from_document(&document).context(UnavailableSnafu { action })
    }

    fn current(&self, max_age: Duration) -> Option<Arc<Metadata>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|(at, _)| at.elapsed() < max_age).map(|(_, metadata)| Arc::clone(metadata))
    }
}
