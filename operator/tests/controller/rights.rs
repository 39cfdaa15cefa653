//! The operator's rights in a test: exactly those that the chart grants.

use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject},
};
use kube::{
    Api, Client, Config,
    api::{ObjectMeta, PostParams},
};
use serde_json::json;

/// The name of the role with these rights, and of the account that has it in a test's namespace.
pub(crate) const ROLE: &str = "ccx-operator-test";

/// The name of the role for kinds without a namespace.
pub(crate) const CLUSTER_ROLE: &str = "ccx-operator-test-cluster";

/// Returns a configuration that impersonates the operator's account in a test's namespace.
pub(crate) fn as_operator(config: &Config, namespace: &str) -> Config {
    let mut config = config.clone();
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{namespace}:{ROLE}"));
    config
}

/// Binds the role, and waits until the API server grants its rights, so that the first request of the
/// operator is not refused.
pub(crate) async fn grant(config: &Config, namespace: &str) {
    let client = Client::try_from(config.clone()).unwrap();
    Api::namespaced(client.clone(), namespace)
        .create(&PostParams::default(), &binding(namespace))
        .await
        .unwrap();
    bind_in_cluster(&client, &cluster_binding(namespace), CLUSTER_ROLE, namespace, ROLE).await;
    let reviews =
        Api::<SelfSubjectAccessReview>::all(Client::try_from(as_operator(config, namespace)).unwrap());
    eventually_async("the operator's rights are known", async || {
        let answer = reviews.create(&PostParams::default(), &may_watch(namespace)).await.unwrap();
        answer.status.filter(|status| status.allowed)
    })
    .await;
}

/// Returns the name of the binding of the operator of a test in the whole cluster.
pub(crate) fn cluster_binding(namespace: &str) -> String {
    format!("{CLUSTER_ROLE}-{namespace}")
}

/// Binds a cluster role to a ServiceAccount in the whole cluster.
pub(crate) async fn bind_in_cluster(client: &Client, name: &str, role: &str, namespace: &str, account: &str) {
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": account}],
    }))
    .unwrap();
    Api::all(client.clone()).create(&PostParams::default(), &binding).await.unwrap();
}

fn binding(namespace: &str) -> RoleBinding {
    let metadata = ObjectMeta { name: Some(ROLE.into()), ..ObjectMeta::default() };
    let role_ref = RoleRef {
        api_group: "rbac.authorization.k8s.io".into(),
        kind: "ClusterRole".into(),
        name: ROLE.into(),
    };
    let account = Subject {
        kind: "ServiceAccount".into(),
        name: ROLE.into(),
        namespace: Some(namespace.to_owned()),
        ..Subject::default()
    };
    RoleBinding { metadata, role_ref, subjects: Some(vec![account]) }
}

fn may_watch(namespace: &str) -> SelfSubjectAccessReview {
    let action = ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        group: Some("ccx.openshift.io".into()),
        resource: Some("ccxpipelines".into()),
        verb: Some("watch".into()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(action),
        ..SelfSubjectAccessReviewSpec::default()
    };
    SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() }
}
