//! The generated secret of the Advisor page.

use ccx_operator::rbac;
use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::Secret,
    rbac::v1::{Role, RoleBinding},
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ObjectMeta, PostParams},
};
use serde_json::json;

use crate::test_env::TestEnv;

const API: &str = "ccx-insights-results-smart-proxy";
const SECRET: &str = "ccx-page";

/// The account of an operator that may not create Secrets.
const RESTRICTED: &str = "restricted";

async fn value(env: &TestEnv) -> Option<Vec<u8>> {
    Some(env.get::<Secret>(SECRET).await?.data?.remove("secret")?.0)
}

/// Returns the number of pod templates that the API has had.
async fn revision(env: &TestEnv) -> Option<u32> {
    let deployment = env.get::<Deployment>(API).await?;
    deployment.annotations().get("deployment.kubernetes.io/revision")?.parse().ok()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn secret_of_the_page_exists_before_its_pods_and_is_replaced_when_deleted() {
    let env = TestEnv::up_to_date(json!({"publicApi": {}})).await;
    let first = value(&env).await.unwrap();
    assert_eq!((first.len(), revision(&env).await), (32, Some(1)), "no rollout after its creation");

    env.api::<Secret>().delete(SECRET, &DeleteParams::default()).await.unwrap();
    let replaced = async || value(&env).await.filter(|value| *value != first);
    eventually_async("another secret", replaced).await;
    eventually_async("pods with it", async || revision(&env).await > Some(1)).await;

    env.apply(json!({"publicApi": null})).await;
    eventually_async("no secret", async || env.get::<Secret>(SECRET).await.is_none()).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn page_runs_without_its_secret_if_the_operator_may_not_create_it() {
    let mut env = TestEnv::empty().await;
    let metadata = || ObjectMeta { name: Some(RESTRICTED.into()), ..ObjectMeta::default() };
    let role = Role { metadata: metadata(), rules: Some(rbac::rules().without_managed_databases) };
    env.api::<Role>().create(&PostParams::default(), &role).await.unwrap();
    let binding: RoleBinding = serde_json::from_value(json!({
        "metadata": {"name": RESTRICTED},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": RESTRICTED},
        "subjects": [{"kind": "ServiceAccount", "namespace": env.namespace, "name": RESTRICTED}],
    }))
    .unwrap();
    env.api::<RoleBinding>().create(&PostParams::default(), &binding).await.unwrap();
    let user = Secret {
        metadata: ObjectMeta { name: Some("user".into()), ..ObjectMeta::default() },
        string_data: Some(["username", "password"].map(|key| (key.into(), "ccx".into())).into()),
        ..Secret::default()
    };
    env.api::<Secret>().create(&PostParams::default(), &user).await.unwrap();
    let mut config = env.config();
    config.auth_info.impersonate = Some(format!("system:serviceaccount:{}:{RESTRICTED}", env.namespace));
    env.start_operator_as(config);
    let external = json!({"host": "db", "credentialsSecretRef": {"name": "user"}});
    let database = json!({"type": "External", "external": external});
    env.apply(json!({"database": database, "publicApi": {}})).await;
    eventually_async("the API", async || revision(&env).await).await;
    let condition = env.until_condition("Degraded", "True", "Forbidden").await;
    assert!(condition.message.contains(SECRET), "{}", condition.message);

    let given = json!({"pageSecretRef": {"name": "user", "key": "password"}});
    env.apply(json!({"database": database, "publicApi": given})).await;
    env.until_condition("Degraded", "False", "AsExpected").await;
    eventually_async("pods with the given secret", async || revision(&env).await > Some(1)).await;
    env.end().await;
}
