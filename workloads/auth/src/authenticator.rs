//! The decision which credentials of a request count.

use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

use axum::http::HeaderMap;
use ccx_config::Auth;
use ccx_messages::{IdError, OrgId};
use snafu::{ResultExt, Snafu};

use crate::{
    AuthError, AuthMetrics, Caller, CallerKind, ClientError, ClusterTokensError, IDENTITY_HEADER,
    bearer::{bearer_token, cluster_in_user_agent},
    cache::{DecisionCache, Expires},
    caller_of_identity,
    cluster_tokens::{ClusterTokens, TokenOwner},
    metrics::CacheKind,
    oidc::Oidc,
    rbac::Rbac,
    token_review::TokenReview,
    verified::Verified,
};

/// The configuration can't be used.
#[derive(Debug, Snafu)]
pub enum AuthenticatorError {
    /// An organisation is out of range.
    #[snafu(display("failed to read {key}"))]
    Organization {
        /// The key of the configuration.
        key: &'static str,
        /// The cause.
        source: IdError,
    },
    /// The tokens of clusters can't be used.
    #[snafu(display("failed to load auth.cluster_tokens"))]
    ClusterTokens {
        /// The cause.
        source: ClusterTokensError,
    },
    /// A service that verifies credentials can't be set up.
    #[snafu(display("failed to set up [{section}]"))]
    Service {
        /// The section of the configuration.
        section: &'static str,
        /// The cause.
        source: ClientError,
    },
}

/// Authenticates the callers of one service, as `[auth]` configures it.
#[derive(Debug)]
pub struct Authenticator {
    trust_identity_header: bool,
    anonymous: Option<OrgId>,
    internal_organizations: BTreeSet<u32>,
    cluster_tokens: Option<Arc<ClusterTokens>>,
    oidc: Option<Oidc>,
    token_review: Option<TokenReview>,
    rbac: Option<Rbac>,
    verified: DecisionCache<Verified>,
    metrics: Option<AuthMetrics>,
}

impl Authenticator {
    /// Creates the authenticator of a configuration. Files are read; no other service is asked yet.
    pub fn new(settings: &Auth) -> Result<Self, AuthenticatorError> {
        let tokens = settings.cluster_tokens.as_deref().map(ClusterTokens::load).transpose();
        let default = organization("auth.oidc.organization", settings.oidc.organization)?;
        let oidc = settings.oidc.issuer.as_deref();
        let oidc = oidc.map(|issuer| Oidc::new(issuer, &settings.oidc, default)).transpose();
        let rbac = settings.rbac.url.as_deref().map(|url| Rbac::new(url, &settings.rbac)).transpose();
        Ok(Self {
            trust_identity_header: settings.trust_identity_header,
            anonymous: organization("auth.anonymous_organization", settings.anonymous_organization)?,
            internal_organizations: settings.internal_organizations.iter().copied().collect(),
            cluster_tokens: tokens.context(ClusterTokensSnafu)?.map(Arc::new),
            oidc: oidc.context(ServiceSnafu { section: "auth.oidc" })?,
            token_review: token_review(settings)?,
            rbac: rbac.context(ServiceSnafu { section: "auth.rbac" })?,
            verified: DecisionCache::new(),
            metrics: None,
        })
    }

    /// Returns this authenticator with metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: AuthMetrics) -> Self {
        self.verified.count_with(metrics.cache(CacheKind::Tokens));
        if let Some(rbac) = &mut self.rbac {
            rbac.count_with(metrics.cache(CacheKind::Permissions));
        }
        Self { metrics: Some(metrics), ..self }
    }

    /// Returns the metrics, for other parts of the same process that authenticate.
    pub fn metrics(&self) -> Option<&AuthMetrics> {
        self.metrics.as_ref()
    }

    /// Returns the caller with these headers.
    ///
    /// If the configuration trusts `x-rh-identity` and the request has one, it alone counts; else the bearer token.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let outcome = self.caller(headers).await;
        if let Some(metrics) = &self.metrics {
            metrics.count(&outcome);
        }
        outcome
    }

    /// Returns the identity that a gateway has set, if the configuration trusts it.
    pub fn gateway_identity<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(IDENTITY_HEADER).filter(|_| self.trust_identity_header)?.to_str().ok()
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let gateway_headers = Some(headers)
            .filter(|headers| self.trust_identity_header && headers.contains_key(IDENTITY_HEADER));
        let caller = match gateway_headers {
            Some(headers) => caller_of_identity(headers)?,
            None => self.caller_without_gateway(headers).await?,
        };
        if caller.kind == CallerKind::ServiceAccount {
            self.check_permission(&caller, gateway_headers).await?;
        }
        let internal = self.internal_organizations.contains(&caller.org_id.get());
        Ok(Caller { internal, ..caller })
    }

    async fn caller_without_gateway(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let cluster_id = cluster_in_user_agent(headers);
        let anonymous = self.anonymous.map(|org_id| Verified::new(CallerKind::Anonymous, org_id));
        let verified = match bearer_token(headers)? {
            Some(token) if self.has_verifier() => self.verify(token).await,
            Some(_) => anonymous.ok_or(AuthError::InvalidToken),
            None if headers.contains_key(IDENTITY_HEADER) => anonymous.ok_or(AuthError::UntrustedHeader),
            None => anonymous.ok_or(AuthError::Missing),
        };
        verified.map(|verified| verified.into_caller(cluster_id))
    }

    fn has_verifier(&self) -> bool {
        self.cluster_tokens.is_some() || self.oidc.is_some() || self.token_review.is_some()
    }

    async fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        if let Some(tokens) = &self.cluster_tokens
            && let Some(TokenOwner { org_id, cluster_id }) = tokens.owner(token).await
        {
            return Ok(Verified { cluster_id, ..Verified::new(CallerKind::Cluster, org_id) });
        }
        match (&self.oidc, &self.token_review) {
            (Some(oidc), _) if oidc.is_issuer_of(token) => {
                self.verified.get_or_decide(token, oidc.verify(token)).await
            }
            (_, Some(review)) => self.verified.get_or_decide(token, review.verify(token)).await,
            _ => Err(AuthError::InvalidToken),
        }
    }

    async fn check_permission(
        &self,
        caller: &Caller,
        gateway_headers: Option<&HeaderMap>,
    ) -> Result<(), AuthError> {
        let Some(rbac) = &self.rbac else { return Ok(()) };
        let outcome = rbac.check(caller, gateway_headers).await;
        if let Some(metrics) = &self.metrics {
            metrics.count_permission(&outcome);
        }
        outcome.map(|_| ())
    }
}

impl Expires for Verified {
    fn expires(&self) -> Option<SystemTime> {
        self.expires
    }
}

fn token_review(settings: &Auth) -> Result<Option<TokenReview>, AuthenticatorError> {
    let settings = &settings.token_review;
    let organization = organization("auth.token_review.organization", settings.organization)?;
    let review = organization.map(|org_id| TokenReview::new(settings, org_id)).transpose();
    review.context(ServiceSnafu { section: "auth.token_review" })
}

fn organization(key: &'static str, number: Option<u32>) -> Result<Option<OrgId>, AuthenticatorError> {
    let organization = number.map(|number| OrgId::new(number.into())).transpose();
    organization.context(OrganizationSnafu { key })
}
