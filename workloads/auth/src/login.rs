//! Login of people at an OIDC provider: the authorization code flow with PKCE.
//!
//! ```text
//!   authorization_url ──▶ the browser at the provider ──▶ code ──▶ exchange ──▶ Login ─┬─ refresh, when it expires
//!                                                                                      └─ end_session_url, at logout
//! ```
//!
//! Formats: `OpenID` Connect Core 1.0, Discovery 1.0 and RP-Initiated Logout 1.0; RFC 6749, RFC 7636 (PKCE) and RFC 9207 (issuer of
//! the response). State, nonce and code verifier belong to the browser's session, so the caller makes and keeps them.

mod error;
mod provider;
mod token_endpoint;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ccx_config::{Auth, Config, Secret};
use ccx_messages::OrgId;
use reqwest::{Client, Url};
use sha2::{Digest as _, Sha256};
use snafu::{OptionExt as _, ensure};

pub use error::{LoginError, LoginRefusal};

use self::{
    error::{InvalidTokenSnafu, NoOrganizationSnafu, OtherIssuerSnafu, OtherLoginSnafu, UnavailableSnafu},
    provider::Provider,
    token_endpoint::{ClientCredentials, TokenResponse},
};
use crate::{
    AuthError, AuthMetrics, Caller, CallerKind, ClientError,
    cache::{DecisionCache, Expires},
    http::{Authorities, client},
    metrics::CacheKind,
    oidc::{Claims, Oidc, text},
};

/// The lifetime of a login whose provider states none.
const DEFAULT_LIFETIME: Duration = Duration::from_mins(5);

/// Claims with a name for people, the best first.
const NAME_CLAIMS: [&str; 4] = ["preferred_username", "name", "email", "sub"];

/// Logs people in at one provider.
#[derive(Debug)]
pub struct OidcLogin {
    client: Client,
    provider: Provider,
    /// Verifies id tokens, whose audience is this client.
    oidc: Oidc,
    issuer: String,
    credentials: ClientCredentials,
    scope: String,
    internal_organizations: BTreeSet<u32>,
    /// Of several requests with one refresh token, one asks the provider: it may accept a refresh token only once.
    refreshed: DecisionCache<Login>,
}

/// The browser's side of a login. All texts are random, except for the URI.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// The URI to which the provider leads back.
    pub redirect_uri: &'a str,
    /// The text that the provider passes back.
    pub state: &'a str,
    /// The text that the id token will contain.
    pub nonce: &'a str,
    /// The secret of which the provider gets a digest first (RFC 7636): 43 to 128 characters.
    pub code_verifier: &'a str,
}

/// A person who is logged in.
#[derive(Clone)]
pub struct Login {
    /// The person. `None` after a refresh without an id token: it is the same as before.
    pub caller: Option<Caller>,
    /// The name for people.
    pub name: Option<String>,
    /// The time from which the login has to be refreshed.
    pub expires_at: SystemTime,
    /// The id token, as a hint for the logout.
    pub id_token: Option<String>,
    /// The token that refreshes the login, if the provider issues one.
    pub refresh_token: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("caller", &self.caller)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl OidcLogin {
    /// Creates the login of a configuration; `None` if it has none. Files are read; the provider is not asked yet.
    pub fn new(config: &Config) -> Result<Option<Self>, ClientError> {
        let (auth, settings) = (&config.auth, &config.web.login);
        let (Some(issuer), Some(id)) = (&auth.oidc.issuer, &settings.client_id) else { return Ok(None) };
        let secret = settings.client_secret().map_err(|source| ClientError::Secret { source })?;
        Self::with_client(auth, issuer, id, secret, &settings.scopes).map(Some)
    }

    fn with_client(
        auth: &Auth,
        issuer: &str,
        id: &str,
        secret: Option<Secret>,
        scopes: &[String],
    ) -> Result<Self, ClientError> {
        let settings = ccx_config::Oidc { audiences: vec![id.to_owned()], ..auth.oidc.clone() };
        let organization = settings.organization.and_then(|number| OrgId::new(number.into()).ok());
        let client = client(Authorities::SystemAnd(settings.ca_file.as_deref()))?;
        Ok(Self {
            provider: Provider::new(client.clone(), issuer.to_owned()),
            client,
            oidc: Oidc::new(issuer, &settings, organization)?,
            issuer: issuer.to_owned(),
            credentials: ClientCredentials { id: id.to_owned(), secret },
            scope: scope(scopes),
            internal_organizations: auth.internal_organizations.iter().copied().collect(),
            refreshed: DecisionCache::new(),
        })
    }

    /// Returns this login with metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: &AuthMetrics) -> Self {
        self.refreshed.count_with(metrics.cache(CacheKind::Logins));
        self
    }

    /// Returns the URL at the provider where a person logs in.
    pub async fn authorization_url(&self, request: AuthorizationRequest<'_>) -> Result<Url, LoginError> {
        let metadata = self.provider.metadata().await?;
        let mut url = metadata.authorization_endpoint.clone();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(request.code_verifier));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.credentials.id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", &self.scope)
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Exchanges the code of a response for the person who logged in. `issuer` is the response's parameter `iss`, if it has one.
    pub async fn exchange(
        &self,
        code: &str,
        issuer: Option<&str>,
        request: AuthorizationRequest<'_>,
    ) -> Result<Login, LoginError> {
        ensure!(issuer.is_none_or(|issuer| issuer == self.issuer), OtherIssuerSnafu);
        let response = self
            .request_tokens(&[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", request.redirect_uri),
                ("code_verifier", request.code_verifier),
            ])
            .await?;
        let id_token = response.id_token.as_deref().context(InvalidTokenSnafu { reason: "it is missing" })?;
        let claims = self.claims(id_token).await?;
        ensure!(text(&claims, "nonce").as_deref() == Some(request.nonce), OtherLoginSnafu);
        self.login(Some(&claims), response)
    }

    /// Refreshes a login. The result may have another refresh token; the earlier one may not be valid any more.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Login, AuthError> {
        let refresh = async {
            let request = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
            let refreshed = async {
                let mut response = self.request_tokens(&request).await?;
                response.refresh_token.get_or_insert_with(|| refresh_token.to_owned());
                let claims = match response.id_token.as_deref() {
                    Some(id_token) => Some(self.claims(id_token).await?),
                    None => None,
                };
                self.login(claims.as_ref(), response)
            };
            refreshed.await.map_err(|error: LoginError| {
                tracing::info!(error = ccx_service::error_chain(&error), "a login was not refreshed");
                if error.is_transient() { AuthError::Unavailable } else { AuthError::InvalidToken }
            })
        };
        self.refreshed.get_or_decide(refresh_token, refresh).await
    }

    /// Returns the URL that ends the session at the provider, if it has one.
    pub async fn end_session_url(&self, id_token: Option<&str>, redirect_uri: &str) -> Option<Url> {
        let metadata = self.provider.metadata().await.ok()?;
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.credentials.id)
            .append_pair("post_logout_redirect_uri", redirect_uri);
        if let Some(id_token) = id_token {
            url.query_pairs_mut().append_pair("id_token_hint", id_token);
        }
        Some(url)
    }

    /// Returns whether an organisation may see internal rules.
    pub fn is_internal(&self, org_id: OrgId) -> bool {
        self.internal_organizations.contains(&org_id.get())
    }

    async fn request_tokens(&self, fields: &[(&str, &str)]) -> Result<TokenResponse, LoginError> {
        let metadata = self.provider.metadata().await?;
        token_endpoint::request(&self.client, &metadata, &self.credentials, fields).await
    }

    /// Verifies an id token. One with several audiences has to name this client as the one that it was issued to.
    async fn claims(&self, id_token: &str) -> Result<Claims, LoginError> {
        let claims = match self.oidc.claims(id_token).await {
            Err(AuthError::Unavailable) => UnavailableSnafu { action: "fetch the provider's keys" }.fail(),
            other => {
                other.ok().context(InvalidTokenSnafu { reason: "its signature, issuer, audience or time" })
            }
        }?;
        let authorized = text(&claims, "azp");
        let is_for_this_client = match authorized {
            Some(party) => party == self.credentials.id,
            None => claims.get("aud").and_then(|aud| aud.as_array()).is_none_or(|all| all.len() == 1),
        };
        ensure!(is_for_this_client, InvalidTokenSnafu { reason: "it was issued to another client" });
        Ok(claims)
    }

    fn login(&self, claims: Option<&Claims>, response: TokenResponse) -> Result<Login, LoginError> {
        let caller = claims.map(|claims| self.caller(claims)).transpose()?;
        let lifetime = response.expires_in.map_or(DEFAULT_LIFETIME, Duration::from_secs);
        Ok(Login {
            caller,
            name: claims.and_then(|claims| NAME_CLAIMS.iter().find_map(|name| text(claims, name))),
            expires_at: SystemTime::now().checked_add(lifetime).unwrap_or_else(SystemTime::now),
            id_token: response.id_token,
            refresh_token: response.refresh_token,
        })
    }

    fn caller(&self, claims: &Claims) -> Result<Caller, LoginError> {
        let verified = match self.oidc.verified(claims) {
            Err(AuthError::NoOrganization { .. }) => {
                let claim = self.oidc.organization_claim();
                return NoOrganizationSnafu { claim }.fail();
            }
            other => other.ok().context(InvalidTokenSnafu { reason: "its claims" })?,
        };
        ensure!(verified.kind == CallerKind::User, InvalidTokenSnafu { reason: "it is that of a program" });
        let internal = self.is_internal(verified.org_id);
        Ok(Caller { internal, ..verified.into_caller(None) })
    }
}

impl Expires for Login {
    fn expires(&self) -> Option<SystemTime> {
        Some(self.expires_at)
    }
}

fn scope(scopes: &[String]) -> String {
    let others = scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
    std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
}
