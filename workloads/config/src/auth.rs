//! `[auth]`

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, formats::HTTP_URL};

/// Authentication of the callers of the public API, of uploads and of the web page. The aggregator has a key of its own,
/// `aggregator.authentication`.
///
/// Several kinds of credentials can be accepted at once; without any key, every request is refused.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Whether the header `x-rh-identity` is trusted as it is. Set it only behind a gateway that removes the header from
    /// outside: anyone who can send it can pose as any organisation.
    pub trust_identity_header: bool,
    /// The organisation of callers without credentials; absent means that they are refused. For one machine, or a network in
    /// which everyone may see everything. Where no kind of bearer token is configured, a caller with any token counts as one
    /// without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_organization: Option<u32>,
    /// The organisations that may see internal rules.
    pub internal_organizations: Vec<u32>,
    /// The bearer tokens of clusters: a directory with a file per organisation, named by its id, as a mounted Secret is; or a
    /// file with `<organisation> <token>` on each line. A token may stand as `sha256:` and its digest in hexadecimal. The id of a
    /// cluster behind the token makes it the token of that cluster alone; otherwise a cluster's id is believed only within its
    /// organisation. Read again when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_tokens: Option<PathBuf>,
    /// Tokens of people and programs, signed by an OIDC provider.
    pub oidc: Oidc,
    /// Tokens of the Kubernetes cluster that the service runs in.
    pub token_review: TokenReview,
    /// The permissions of service accounts.
    pub rbac: Rbac,
}

/// Tokens of people and programs, signed by an OIDC provider.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// URL of the issuer, exactly as in its tokens; absent means that such tokens are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// URL of the issuer's public keys; absent means the one in `<issuer>/.well-known/openid-configuration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// The audiences, one of which a token must have.
    pub audiences: Vec<String>,
    /// The accepted algorithms of signatures.
    pub algorithms: Vec<JwtAlgorithm>,
    /// Allowed difference between the clocks of the issuer and of this machine.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub clock_skew: Duration,
    /// The claim with the organisation; dots lead into objects, as in `organization.id`.
    pub organization_claim: String,
    /// The organisation of tokens without that claim; absent means that they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<u32>,
    /// The claim with the user's id, under which votes and acknowledgements are stored.
    pub user_claim: String,
    /// PEM file of the authorities that sign the issuer's certificate, in addition to the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// An algorithm of signatures with a public key. Those with a shared secret are not among them: a public key would be that secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are those of RFC 7518")]
pub enum JwtAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// Tokens of the Kubernetes cluster that the service runs in: those of its console's users, and of its service accounts.
///
/// The API server verifies a token (`TokenReview`), and decides whether its user may list a resource (`SubjectAccessReview`). The
/// service's own account needs the cluster role `system:auth-delegator`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenReview {
    /// The organisation of the cluster's users; absent means that such tokens are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<u32>,
    /// The resource that a user must be allowed to list in the whole cluster, as `<plural>` or `<plural>.<group>`; empty means
    /// that every user of the cluster is accepted.
    pub resource: String,
    /// URL of the API server.
    pub api_server: String,
    /// File with the service's own token.
    pub token_file: PathBuf,
    /// PEM file of the authorities that sign the API server's certificate.
    pub ca_file: PathBuf,
}

/// The permissions of service accounts, from the RBAC service of console.redhat.com or a compatible one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rbac {
    /// Base URL of the service, such as `https://rbac:8000/api/rbac/v1`; absent means that every service account has access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether a service account without permission is refused; otherwise it is only counted.
    pub enforce: bool,
    /// PEM file of the authorities that sign the service's certificate, in addition to the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            jwks_url: None,
            audiences: Vec::new(),
            algorithms: vec![JwtAlgorithm::RS256, JwtAlgorithm::PS256, JwtAlgorithm::ES256],
            clock_skew: Duration::from_secs(30),
            organization_claim: "org_id".into(),
            organization: None,
            user_claim: "sub".into(),
            ca_file: None,
        }
    }
}

impl Default for TokenReview {
    fn default() -> Self {
        let account = PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount");
        Self {
            organization: None,
            resource: "nodes".into(),
            api_server: "https://kubernetes.default.svc".into(),
            token_file: account.join("token"),
            ca_file: account.join("ca.crt"),
        }
    }
}

impl Default for Rbac {
    fn default() -> Self {
        Self { url: None, enforce: true, ca_file: None }
    }
}

impl Auth {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        check_organization("auth.anonymous_organization", self.anonymous_organization, problems);
        check_organization("auth.oidc.organization", self.oidc.organization, problems);
        check_organization("auth.token_review.organization", self.token_review.organization, problems);
        for number in &self.internal_organizations {
            check_organization("auth.internal_organizations", Some(*number), problems);
        }
        self.oidc.check(problems);
        check_url("auth.token_review.api_server", Some(&self.token_review.api_server), problems);
        check_url("auth.rbac.url", self.rbac.url.as_ref(), problems);
    }
}

impl Oidc {
    fn check(&self, problems: &mut Vec<Problem>) {
        check_url("auth.oidc.issuer", self.issuer.as_ref(), problems);
        check_url("auth.oidc.jwks_url", self.jwks_url.as_ref(), problems);
        if self.issuer.is_none() {
            return;
        }
        if self.audiences.is_empty() {
            let reason = "is empty; name the audience of this service, else tokens for other services would be accepted";
            problems.push(Problem::new("auth.oidc.audiences", reason));
        }
        if self.algorithms.is_empty() {
            problems.push(Problem::new("auth.oidc.algorithms", "is empty; name at least one algorithm"));
        }
        let max = Duration::from_mins(10);
        if self.clock_skew > max {
            problems
                .push(Problem::new("auth.oidc.clock_skew", "is longer than 10m; correct the clocks instead"));
        }
    }
}

fn check_organization(key: &str, number: Option<u32>, problems: &mut Vec<Problem>) {
    let is_valid = |number| (1..=i32::MAX.cast_unsigned()).contains(&number);
    if number.is_some_and(|number| !is_valid(number)) {
        problems.push(Problem::new(key, "is not an organisation id (1 to 2147483647)"));
    }
}

fn check_url(key: &str, url: Option<&String>, problems: &mut Vec<Problem>) {
    if url.is_some_and(|url| !HTTP_URL.matches(url)) {
        problems.push(Problem::new(key, format!("is invalid: {}", HTTP_URL.advice)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Auth)) -> Vec<String> {
        let mut auth = Auth::default();
        change(&mut auth);
        let mut problems = Vec::new();
        auth.check(&mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn organisation_out_of_range_is_a_problem() {
        let found = problems(|auth| {
            auth.anonymous_organization = Some(0);
            auth.internal_organizations = vec![1, u32::MAX];
            auth.token_review.organization = Some(7);
        });
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "auth.anonymous_organization is not an organisation id (1 to 2147483647)");
    }

    #[test]
    fn issuer_without_an_audience_is_a_problem() {
        let issuer = Some("https://sso.example/realms/ccx".to_owned());
        let found = problems(|auth| auth.oidc.issuer = issuer.clone());
        assert!(found.len() == 1 && found[0].starts_with("auth.oidc.audiences is empty"), "{found:?}");
        let complete = Oidc { issuer, audiences: vec!["ccx".into()], ..Oidc::default() };
        assert_eq!(problems(|auth| auth.oidc = complete.clone()), [""; 0]);
        let lenient = Oidc { clock_skew: Duration::from_hours(1), algorithms: Vec::new(), ..complete };
        assert_eq!(problems(|auth| auth.oidc = lenient).len(), 2);
    }

    #[test]
    fn url_with_credentials_or_another_scheme_is_a_problem() {
        for url in ["ldap://x", "https://user:hunter2@host", "https://host/?a", "host"] {
            let found = problems(|auth| auth.rbac.url = Some(url.into()));
            assert!(found.len() == 1 && found[0].starts_with("auth.rbac.url is invalid"), "{url}: {found:?}");
            assert!(!found[0].contains("hunter2"));
        }
        assert_eq!(problems(|auth| auth.rbac.url = Some("http://rbac:8000/api/rbac/v1/".into())), [""; 0]);
    }
}
