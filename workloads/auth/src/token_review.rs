//! Tokens of the Kubernetes cluster that the service runs in.

use std::path::PathBuf;

use ccx_config::TokenReview as Settings;
use ccx_messages::OrgId;
use ccx_service::error_chain;
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use snafu::ResultExt;

use crate::{
    AuthError, CallerKind,
    http::{Authorities, ClientError, FetchError, OwnTokenSnafu, client, fetch, parse_url},
    verified::Verified,
};

/// Asks the API server about tokens.
#[derive(Debug)]
pub(crate) struct TokenReview {
    client: Client,
    token_reviews: Url,
    access_reviews: Url,
    token_file: PathBuf,
    organization: OrgId,
    /// The resource that a user must be allowed to list; `None` if every user is accepted.
    resource: Option<Resource>,
}

/// A resource in a group; the group of the core is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Resource {
    resource: String,
    group: String,
}

#[derive(Debug, Deserialize)]
struct Reviewed<T> {
    status: T,
}

#[derive(Debug, Deserialize)]
struct TokenStatus {
    #[serde(default)]
    authenticated: bool,
    #[serde(default)]
    user: User,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
    uid: String,
    groups: Vec<String>,
    extra: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct AccessStatus {
    #[serde(default)]
    allowed: bool,
}

impl TokenReview {
    /// Creates the verifier of the tokens of a cluster whose users belong to `organization`.
    pub(crate) fn new(settings: &Settings, organization: OrgId) -> Result<Self, ClientError> {
        let server = settings.api_server.trim_end_matches('/');
        let url = |path: &str| parse_url("auth.token_review.api_server", &format!("{server}{path}"));
        Ok(Self {
            client: client(Authorities::Only(&settings.ca_file))?,
            token_reviews: url("/apis/authentication.k8s.io/v1/tokenreviews")?,
            access_reviews: url("/apis/authorization.k8s.io/v1/subjectaccessreviews")?,
            token_file: settings.token_file.clone(),
            organization,
            resource: (!settings.resource.is_empty()).then(|| Resource::parse(&settings.resource)),
        })
    }

    /// Verifies a token, and that its user may see the whole cluster.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        let user =
            self.user_of(token).await.map_err(|error| unavailable(&error))?.ok_or(AuthError::InvalidToken)?;
        if !self.has_access(&user).await.map_err(|error| unavailable(&error))? {
            tracing::debug!(user = user.username, "user of the cluster refused: no access to the resource");
            return Err(AuthError::Forbidden);
        }
        let user_id = Some(user.username).filter(|name| !name.is_empty());
        Ok(Verified { user_id, ..Verified::new(CallerKind::KubernetesUser, self.organization) })
    }

    async fn user_of(&self, token: &str) -> Result<Option<User>, FetchError> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": { "token": token },
        });
        let TokenStatus { authenticated, user } = self.review(&self.token_reviews, &review).await?;
        Ok(authenticated.then_some(user))
    }

    async fn has_access(&self, user: &User) -> Result<bool, FetchError> {
        let Some(Resource { resource, group }) = &self.resource else { return Ok(true) };
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": user.username,
                "uid": user.uid,
                "groups": user.groups,
                "extra": user.extra,
                "resourceAttributes": { "verb": "list", "group": group, "resource": resource },
            },
        });
        let AccessStatus { allowed } = self.review(&self.access_reviews, &review).await?;
        Ok(allowed)
    }

    /// The own token is read for every review: Kubernetes replaces it.
    async fn review<T: DeserializeOwned>(&self, url: &Url, review: &Value) -> Result<T, FetchError> {
        let path = || self.token_file.display().to_string();
        let own = tokio::fs::read_to_string(&self.token_file).await;
        let own = own.with_context(|_| OwnTokenSnafu { path: path() })?;
        let request = self
            .client
            .post(url.clone())
            .bearer_auth(own.trim())
            .header("content-type", "application/json")
            .body(review.to_string());
        let reviewed: Reviewed<T> = fetch(url, request).await?;
        Ok(reviewed.status)
    }
}

impl Resource {
    /// Parses `<plural>` or `<plural>.<group>`.
    fn parse(text: &str) -> Self {
        let (resource, group) = text.split_once('.').unwrap_or((text, ""));
        Self { resource: resource.to_owned(), group: group.to_owned() }
    }
}

fn unavailable(error: &FetchError) -> AuthError {
    tracing::warn!(error = error_chain(error), "failed to review a token");
    AuthError::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_is_split_into_plural_and_group() {
        let parts = |text: &str| {
            let Resource { resource, group } = Resource::parse(text);
            (resource, group)
        };
        assert_eq!(parts("nodes"), ("nodes".into(), String::new()));
        assert_eq!(
            parts("clusterversions.config.openshift.io"),
            ("clusterversions".into(), "config.openshift.io".into())
        );
    }
}
