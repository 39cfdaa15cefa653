//! `spec.publicApi.authentication`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, LocalRef,
    schema::field::{http_url, resource_name},
};

/// Authentication of the callers of the public API, the page and uploads. Several kinds can be accepted at once; without any,
/// every request is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CallerAuthentication {
    /// Whether the header `x-rh-identity` is trusted. A gateway in front has to set or remove it.
    pub trust_identity_header: bool,
    /// The bearer tokens of clusters: a Secret with a key for each organisation, named by its id. A token may stand as `sha256:`
    /// and its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_tokens_secret_ref: Option<LocalRef>,
    /// Tokens of people and programs, signed by an OIDC provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
    /// Tokens of the cluster's users, such as those of its console. The ServiceAccounts need `system:auth-delegator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_review: Option<TokenReview>,
    /// The organisation of callers without credentials; absent means that they are refused. Example: `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub anonymous_organization: Option<u32>,
    /// The organisations that may see internal rules. Example: `[1]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub internal_organizations: Vec<u32>,
}

/// Tokens that an OIDC provider signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Oidc {
    /// URL of the issuer, exactly as in its tokens.
    ///
    /// Example: `https://sso.example.com/realms/ccx`.
    #[schemars(transform = http_url)]
    pub issuer: String,
    /// The audiences, one of which a token must have. Example: `[ccx]`.
    #[schemars(length(min = 1, max = 16), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 255)))]
    pub audiences: Vec<String>,
    /// The claim with the organisation; dots lead into objects, as in `organization.id`.
    #[serde(default = "organization_claim")]
    #[schemars(length(min = 1, max = 255))]
    pub organization_claim: String,
    /// The organisation of tokens without that claim; absent means that they are refused. Example: `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub organization: Option<u32>,
    /// The authorities that sign the issuer's certificate; absent means the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
}

/// Tokens that the API server of the cluster verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenReview {
    /// The organisation of the cluster's users. Example: `1`.
    #[schemars(range(min = 1))]
    pub organization: u32,
    /// The resource that a user must be allowed to list in the whole cluster, as `plural` or `plural.group`; empty accepts every user.
    #[serde(default = "resource")]
    #[schemars(transform = resource_name)]
    pub resource: String,
}

fn resource() -> String {
    "nodes".into()
}

fn organization_claim() -> String {
    "org_id".into()
}
