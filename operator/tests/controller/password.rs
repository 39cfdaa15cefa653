//! The generated password of the managed database.

use ccx_test_support::eventually_async;
use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::Secret,
    },
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ObjectMeta, PostParams},
};
use serde_json::json;

use crate::test_env::TestEnv;

const DATABASE: &str = "ccx-data-pipeline-db";
const WRITER: &str = "ccx-insights-results-db-writer";

async fn generation(env: &TestEnv) -> Option<i64> {
    env.get::<Deployment>(WRITER).await.unwrap().metadata.generation
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_password_is_not_regenerated_while_the_volume_exists() {
    let env = TestEnv::up_to_date(json!({})).await;
    let before = generation(&env).await;
    env.api::<Secret>().delete(DATABASE, &DeleteParams::default()).await.unwrap();
    let condition = env.until_condition("Ready", "False", "SecretMissing").await;
    assert!(condition.message.contains("restore the Secret"), "{}", condition.message);
    assert_eq!(env.get::<Secret>(DATABASE).await.map(|secret| secret.name_any()), None);
    assert_eq!(generation(&env).await, before, "the pods that work are not restarted");

    let secret = Secret {
        metadata: ObjectMeta { name: Some(DATABASE.into()), ..ObjectMeta::default() },
        data: Some([("password".into(), ByteString(b"another".to_vec()))].into()),
        ..Secret::default()
    };
    env.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
    env.until_ready().await;
    let adopted = eventually_async("an adopted Secret", async || {
        let secret = env.get::<Secret>(DATABASE).await?;
        secret.labels().contains_key("ccx.openshift.io/pipeline").then_some(secret)
    });
    assert_eq!(adopted.await.data.unwrap()["password"].0, b"another");
    let database = env.get::<StatefulSet>(DATABASE).await.unwrap();
    assert_eq!(database.metadata.generation, Some(2), "it sets the new password at its start");
    eventually_async("a writer with the new password", async || {
        (generation(&env).await > before).then_some(())
    })
    .await;
    env.end().await;
}
