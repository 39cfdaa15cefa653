//! `spec.publicApi.login` and `spec.publicApi.pageSecretRef`: the Advisor page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration,
    schema::field::{data_key, duration_between, https_origin, object_name},
};

/// Login of people on the Advisor page, at the OIDC provider of `authentication.oidc`. The redirect URI to register there is the page's
/// address and `/openshift/insights/advisor/login/callback`; the one for logout ends in `/logged-out`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageLogin {
    /// The id of the page's client at the provider.
    ///
    /// Example: `advisor`.
    #[schemars(length(min = 1, max = 255))]
    pub client_id: String,
    /// The secret of that client; absent for a public client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_ref: Option<ClientSecretRef>,
    /// The address of the page in browsers, without a path; absent means `https://` and `exposure.host`.
    ///
    /// Example: `https://advisor.example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = https_origin)]
    pub url: Option<String>,
    /// The scopes to request; `openid` is always among them.
    #[serde(default = "scopes")]
    #[schemars(
        length(max = 16),
        extend("x-kubernetes-list-type" = "set"),
        inner(length(min = 1, max = 255), regex(pattern = r"^[!#-\[\]-~]+$"))
    )]
    pub scopes: Vec<String>,
    /// The longest time until a user has to log in again, however often the provider renews the session.
    #[serde(default = "max_session")]
    #[schemars(transform = duration_between("1m", "720h"))]
    pub max_session: GoDuration,
}

/// The secret of a client at an OIDC provider, in a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretRef {
    /// The Secret's name.
    ///
    /// Example: `advisor-client`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key of the client's secret.
    #[serde(default = "client_secret_key")]
    #[schemars(transform = data_key)]
    pub key: String,
}

/// A random text of 32 characters or more that protects the forms and sessions of the page, in a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageSecretRef {
    /// The Secret's name.
    ///
    /// Example: `advisor-sessions`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key of the text.
    #[serde(default = "page_secret_key")]
    #[schemars(transform = data_key)]
    pub key: String,
}

fn scopes() -> Vec<String> {
    vec!["openid".into(), "profile".into()]
}

fn max_session() -> GoDuration {
    GoDuration::from_hours(12)
}

fn client_secret_key() -> String {
    "client-secret".into()
}

fn page_secret_key() -> String {
    "secret".into()
}
