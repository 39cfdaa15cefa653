//! The permissions of service accounts, from the RBAC service of console.redhat.com or a compatible one.

use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_config::Rbac as Settings;
use ccx_service::error_chain;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;
use snafu::ensure;

use crate::{
    AuthError, Caller, IDENTITY_HEADER,
    cache::DecisionCache,
    http::{Authorities, ClientError, FetchError, OtherServerSnafu, client, fetch, parse_url},
    metrics::CacheCounters,
};

/// The application whose permissions count.
const APPLICATION: &str = "ocp-advisor";

/// The resource whose permissions count.
const RESOURCE: &str = "recommendation-results";

/// Most pages of permissions that are read, of 100 each.
const MAX_PAGES: usize = 20;

/// Asks for the permissions of service accounts.
#[derive(Debug)]
pub(crate) struct Rbac {
    client: Client,
    access: Url,
    enforce: bool,
    decisions: DecisionCache<()>,
}

/// The decision about a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// It has the permission.
    Granted,
    /// It lacks the permission, which the configuration does not enforce.
    Tolerated,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    links: Links,
    #[serde(default)]
    data: Vec<Access>,
}

#[derive(Default, Deserialize)]
struct Links {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Access {
    permission: String,
}

impl Rbac {
    /// Creates the client of the service at `url`.
    pub(crate) fn new(url: &str, settings: &Settings) -> Result<Self, ClientError> {
        let base = url.trim_end_matches('/');
        Ok(Self {
            client: client(Authorities::SystemAnd(settings.ca_file.as_deref()))?,
            access: parse_url(
                "auth.rbac.url",
                &format!("{base}/access/?application={APPLICATION}&limit=100"),
            )?,
            enforce: settings.enforce,
            decisions: DecisionCache::new(),
        })
    }

    /// Counts hits and misses of cached decisions from now on.
    pub(crate) fn count_with(&mut self, counters: CacheCounters) {
        self.decisions.count_with(counters);
    }

    /// Returns the permission of a service account; fails if it lacks one that it needs.
    ///
    /// The identity in `headers` is passed on, if a trusted gateway has set one.
    pub(crate) async fn check(
        &self,
        caller: &Caller,
        gateway_headers: Option<&HeaderMap>,
    ) -> Result<Permission, AuthError> {
        let received = gateway_headers.and_then(|headers| headers.get(IDENTITY_HEADER)?.to_str().ok());
        let identity = received.map_or_else(|| identity_of(caller), str::to_owned);
        let decision = self.decisions.get_or_decide(&identity, self.decide(&identity)).await;
        match decision {
            Ok(()) => Ok(Permission::Granted),
            Err(_) if !self.enforce => Ok(Permission::Tolerated),
            Err(error) => Err(error),
        }
    }

    async fn decide(&self, identity: &str) -> Result<(), AuthError> {
        match self.has_permission(identity).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AuthError::Forbidden),
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "failed to ask for permissions");
                Err(AuthError::Unavailable)
            }
        }
    }

    async fn has_permission(&self, identity: &str) -> Result<bool, FetchError> {
        let mut url = self.access.clone();
        for _ in 0..MAX_PAGES {
            let request = self.client.get(url.clone()).header(IDENTITY_HEADER, identity);
            let page: Page = fetch(&url, request).await?;
            if page.data.iter().any(|access| grants(&access.permission)) {
                return Ok(true);
            }
            let Some(next) = page.links.next.filter(|next| !next.is_empty()) else { return Ok(false) };
            let joined = url.join(&next).ok().filter(|joined| joined.origin() == url.origin());
            // The identity must not go to another server.
            ensure!(joined.is_some(), OtherServerSnafu { url: self.access.path().to_owned() });
            url = joined.unwrap_or(url);
        }
        Ok(false)
    }
}

/// Returns whether a permission, `<application>:<resource>:<verb>`, is one for the results; any verb includes reading.
fn grants(permission: &str) -> bool {
    let mut parts = permission.split(':');
    let (application, resource, verb) = (parts.next(), parts.next(), parts.next());
    let has_resource = |resource: &str| resource == "*" || resource.contains(RESOURCE);
    application == Some(APPLICATION) && resource.is_some_and(has_resource) && verb.is_some()
}

/// Returns the identity of a service account, as a gateway would write it.
fn identity_of(caller: &Caller) -> String {
    let org_id = caller.org_id.to_string();
    let client_id = caller.user_id.as_deref().unwrap_or_default();
    let identity = json!({
        "identity": {
            "type": "ServiceAccount",
            "auth_type": "jwt-auth",
            "org_id": org_id,
            "internal": { "org_id": org_id },
            "service_account": { "client_id": client_id, "username": format!("service-account-{client_id}") },
        },
    });
    STANDARD.encode(identity.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_for_results_of_the_application_grants() {
        for granting in ["ocp-advisor:*:*", "ocp-advisor:recommendation-results:read", "ocp-advisor:*:read"] {
            assert!(grants(granting), "{granting}");
        }
        for other in ["", "ocp-advisor", "ocp-advisor:*", "inventory:*:*", "ocp-advisor:exports:read"] {
            assert!(!grants(other), "{other}");
        }
    }
}
