//! Whether the pods that review tokens have the rights to, which an administrator of the cluster grants.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::{Api, Client, api::PostParams};

use crate::model::{api_error::error_text, component::Component, key::Key};

/// The requests that reviews of tokens consist of: group and resource.
const REQUESTS: [(&str, &str); 2] =
    [("authentication.k8s.io", "tokenreviews"), ("authorization.k8s.io", "subjectaccessreviews")];

/// Whether the ServiceAccounts may review tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenReviewRights {
    /// They may.
    Granted,
    /// This one may not.
    Missing {
        /// The name of the ServiceAccount.
        account: String,
    },
    /// The operator may not ask, or the API server failed to respond.
    Unknown {
        /// The error.
        error: String,
    },
}

/// Asks the API server about the rights of the ServiceAccounts of these components.
pub(crate) async fn rights(client: &Client, key: &Key, components: &[Component]) -> TokenReviewRights {
    for component in components {
        let account = component.object_name(&key.name);
        for (group, resource) in REQUESTS {
            match is_allowed(client, &key.namespace, &account, group, resource).await {
                Ok(true) => {}
                Ok(false) => return TokenReviewRights::Missing { account },
                Err(error) => return TokenReviewRights::Unknown { error: error_text(&error) },
            }
        }
    }
    TokenReviewRights::Granted
}

async fn is_allowed(
    client: &Client,
    namespace: &str,
    account: &str,
    group: &str,
    resource: &str,
) -> kube::Result<bool> {
    let attributes = ResourceAttributes {
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        verb: Some("create".into()),
        ..ResourceAttributes::default()
    };
    let groups = [
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".into(),
    ];
    let spec = SubjectAccessReviewSpec {
        user: Some(format!("system:serviceaccount:{namespace}:{account}")),
        groups: Some(groups.into()),
        resource_attributes: Some(attributes),
        ..SubjectAccessReviewSpec::default()
    };
    let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
    let answer = Api::all(client.clone()).create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
