//! Tokens of people and programs, signed by an OIDC provider.

use std::time::{Duration, SystemTime};

use ccx_config::{JwtAlgorithm, Oidc as Settings};
use ccx_messages::{AccountNumber, OrgId};
use jsonwebtoken::{Algorithm, Validation, dangerous::insecure_decode_claims, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    AuthError, CallerKind,
    http::{Authorities, ClientError, client, parse_url},
    keys::Keys,
    verified::Verified,
};

/// How the user names of service accounts begin, in Keycloak and in Red Hat's single sign-on.
const SERVICE_ACCOUNT_PREFIX: &str = "service-account-";

/// Verifies the tokens of one issuer.
#[derive(Debug)]
pub(crate) struct Oidc {
    issuer: String,
    keys: Keys,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    clock_skew: Duration,
    organization_claim: String,
    organization: Option<OrgId>,
    user_claim: String,
}

/// The claims of a token whose signature, issuer, audience and times are verified.
pub(crate) type Claims = Map<String, Value>;

impl Oidc {
    /// Creates the verifier of an issuer's tokens; `organization` is that of tokens which name none.
    pub(crate) fn new(
        issuer: &str,
        settings: &Settings,
        organization: Option<OrgId>,
    ) -> Result<Self, ClientError> {
        let jwks_url =
            settings.jwks_url.as_deref().map(|url| parse_url("auth.oidc.jwks_url", url)).transpose()?;
        let client = client(Authorities::SystemAnd(settings.ca_file.as_deref()))?;
        Ok(Self {
            issuer: issuer.to_owned(),
            keys: Keys::new(client, issuer.to_owned(), jwks_url),
            audiences: settings.audiences.clone(),
            algorithms: settings.algorithms.iter().copied().map(algorithm).collect(),
            clock_skew: settings.clock_skew,
            organization_claim: settings.organization_claim.clone(),
            organization,
            user_claim: settings.user_claim.clone(),
        })
    }

    /// Returns whether a token says that it is one of this issuer. Nothing is verified.
    pub(crate) fn is_issuer_of(&self, token: &str) -> bool {
        #[derive(Deserialize)]
        struct Issuer {
            iss: String,
        }
        insecure_decode_claims::<Issuer>(token).is_ok_and(|claims| claims.iss == self.issuer)
    }

    /// Verifies a token: its signature, issuer, audience and times. Returns its sender.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        self.verified(&self.claims(token).await?)
    }

    /// Verifies a token: its signature, issuer, audience and times. Returns its claims.
    pub(crate) async fn claims(&self, token: &str) -> Result<Claims, AuthError> {
        let header = decode_header(token).map_err(|_| AuthError::Malformed)?;
        if !self.algorithms.contains(&header.alg) {
            tracing::debug!(algorithm = ?header.alg, "token refused: algorithm not allowed");
            return Err(AuthError::InvalidToken);
        }
        let key = self.keys.key_for(&header).await?;
        let decoded = decode::<Claims>(token, &key, &self.validation(header.alg));
        let token = decoded.map_err(|error| {
            tracing::debug!(reason = ?error.kind(), "token refused");
            AuthError::InvalidToken
        })?;
        Ok(token.claims)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = self.clock_skew.as_secs();
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&self.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation
    }

    /// Returns the sender that verified claims name.
    pub(crate) fn verified(&self, claims: &Claims) -> Result<Verified, AuthError> {
        let client_id = text(claims, "client_id").or_else(|| text(claims, "clientId"));
        let is_service_account = client_id.is_some()
            && text(claims, "preferred_username")
                .is_some_and(|name| name.starts_with(SERVICE_ACCOUNT_PREFIX));
        let user_id = if is_service_account { client_id } else { text(claims, &self.user_claim) };
        let account_number = text(claims, "account_number");
        let Some(org_id) = self.organization_in(claims) else {
            return Err(AuthError::NoOrganization {
                account_number: account_number.unwrap_or_default(),
                user_id: user_id.unwrap_or_default(),
            });
        };
        let expires = claims.get("exp").and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
        Ok(Verified {
            org_id,
            account_number: account_number.and_then(|number| number.parse().ok()).map(AccountNumber),
            user_id: user_id.filter(|id| !id.is_empty()),
            display_name: text(claims, "preferred_username").filter(|name| !name.is_empty()),
            cluster_id: None,
            kind: if is_service_account { CallerKind::ServiceAccount } else { CallerKind::User },
            expires: expires.and_then(|seconds| {
                SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
            }),
        })
    }

    /// Returns the path of the claim with the organisation.
    pub(crate) fn organization_claim(&self) -> &str {
        &self.organization_claim
    }

    /// A claim that is there counts, also if it is not an organisation.
    fn organization_in(&self, claims: &Claims) -> Option<OrgId> {
        match text(claims, &self.organization_claim) {
            Some(number) => number.parse().ok(),
            None => self.organization,
        }
    }
}

/// Returns the text or number at a path with dots; a claim may also have dots in its name.
pub(crate) fn text(claims: &Claims, path: &str) -> Option<String> {
    let value = claims.get(path).or_else(|| {
        let (name, rest) = path.split_once('.')?;
        rest.split('.').try_fold(claims.get(name)?, |value, name| value.get(name))
    })?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        // A claim of another kind is present but can not be read.
        _ => Some(String::new()),
    }
}

fn algorithm(configured: JwtAlgorithm) -> Algorithm {
    match configured {
        JwtAlgorithm::RS256 => Algorithm::RS256,
        JwtAlgorithm::RS384 => Algorithm::RS384,
        JwtAlgorithm::RS512 => Algorithm::RS512,
        JwtAlgorithm::PS256 => Algorithm::PS256,
        JwtAlgorithm::PS384 => Algorithm::PS384,
        JwtAlgorithm::PS512 => Algorithm::PS512,
        JwtAlgorithm::ES256 => Algorithm::ES256,
        JwtAlgorithm::ES384 => Algorithm::ES384,
        JwtAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}
