//! Reviews of tokens, for which an administrator grants rights to the pods.

use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::{Api, api::DeleteParams};
use serde_json::json;

use crate::{rights::bind_in_cluster, test_env::TestEnv};

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn missing_right_to_review_tokens_is_reported_until_it_is_granted() {
    let env = TestEnv::new().await;
    let authentication = json!({"tokenReview": {"organization": 1}});
    env.apply(json!({"publicApi": {"authentication": authentication}})).await;
    env.until_ready().await;
    let condition = env.until_condition("TokenReviewAllowed", "False", "TokenReviewForbidden").await;
    let account = "ccx-insights-results-smart-proxy";
    assert!(condition.message.contains(account), "{}", condition.message);
    env.until_condition("Degraded", "True", "TokenReviewForbidden").await;
    let name = format!("tokens-{}", env.namespace);
    bind_in_cluster(&env.client, &name, "system:auth-delegator", &env.namespace, account).await;
    env.until_condition("TokenReviewAllowed", "True", "AsExpected").await;
    env.until_condition("Degraded", "False", "AsExpected").await;
    let bindings = Api::<ClusterRoleBinding>::all(env.client.clone());
    bindings.delete(&name, &DeleteParams::default()).await.unwrap();
    env.end().await;
}
