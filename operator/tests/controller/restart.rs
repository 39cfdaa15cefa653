//! Pods restart if and only if an input that they read at their start has changed.

use ccx_test_support::eventually_async;
use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::{apps::v1::Deployment, batch::v1::Job, core::v1::Secret},
};
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::test_env::TestEnv;

const PIPELINE: &str = "ccx-data-pipeline";
const OTHERS: [&str; 2] = ["ccx-insights-results-db-writer", "ccx-insights-results-aggregator"];

/// Credentials of the object storage, which only the pipeline uses.
fn spec() -> Value {
    json!({"objectStorage": {"credentials": {"type": "Secret", "secretRef": {"name": "uploads"}}}})
}

fn credentials(key: &str) -> Secret {
    let data: BTreeMap<String, ByteString> = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", key)]
        .map(|(name, value)| (name.into(), ByteString(value.into())))
        .into();
    let metadata = ObjectMeta { name: Some("uploads".into()), ..ObjectMeta::default() };
    Secret { metadata, data: Some(data), ..Secret::default() }
}

/// Returns the pod template, with the digest annotations of its inputs.
async fn template(env: &TestEnv, name: &str) -> Value {
    serde_json::to_value(env.get::<Deployment>(name).await.unwrap().spec.unwrap().template).unwrap()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn missing_secret_is_reported_until_it_is_created() {
    let env = TestEnv::new().await;
    env.apply(spec()).await;
    let condition = env.until_condition("Ready", "False", "SecretMissing").await;
    assert!(condition.message.contains("uploads"), "{condition:?}");
    env.api::<Secret>().create(&PostParams::default(), &credentials("key")).await.unwrap();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn secret_that_is_recreated_with_the_same_data_restarts_no_pod_and_repeats_no_job() {
    let env = TestEnv::new().await;
    let secrets = env.api::<Secret>();
    secrets.create(&PostParams::default(), &credentials("key")).await.unwrap();
    let mut login = credentials("key");
    login.metadata.name = Some("login".into());
    login.data = Some(
        [("username", "u"), ("password", "p")].map(|(key, it)| (key.into(), ByteString(it.into()))).into(),
    );
    secrets.create(&PostParams::default(), &login).await.unwrap();
    let external = json!({"host": "db", "name": "d", "credentialsSecretRef": {"name": "login"}});
    let mut spec = spec();
    spec["database"] = json!({"type": "External", "external": external});
    env.apply(spec).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let templates = async || {
        [template(&env, PIPELINE).await, template(&env, OTHERS[0]).await, template(&env, OTHERS[1]).await]
    };
    let jobs =
        async || env.list::<Job>().await.iter().map(|job| job.metadata.uid.clone()).collect::<Vec<_>>();
    let before = (templates().await, jobs().await);
    for secret in [credentials("key"), login] {
        secrets.delete(secret.metadata.name.as_deref().unwrap(), &DeleteParams::default()).await.unwrap();
        secrets.create(&PostParams::default(), &secret).await.unwrap();
    }
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!((templates().await, jobs().await), before);
    assert_eq!(env.notes("SecretChanged").await, [""; 0]);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_secret_restarts_only_its_users_with_an_event() {
    let env = TestEnv::new().await;
    env.api::<Secret>().create(&PostParams::default(), &credentials("key")).await.unwrap();
    env.apply(spec()).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let (before, others) =
        (template(&env, PIPELINE).await, [template(&env, OTHERS[0]).await, template(&env, OTHERS[1]).await]);
    let changed = std::time::Instant::now();
    let patch = json!({"stringData": {"AWS_SECRET_ACCESS_KEY": "other"}});
    env.api::<Secret>().patch("uploads", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    let note = eventually_async("an event", async || env.notes("SecretChanged").await.pop()).await;
    assert!(changed.elapsed() < std::time::Duration::from_secs(5), "{:?}", changed.elapsed());
    assert_eq!(note, format!("replacing the pods of {PIPELINE}: credentials have changed in Secret uploads"));
    assert_ne!(template(&env, PIPELINE).await, before);
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!([template(&env, OTHERS[0]).await, template(&env, OTHERS[1]).await], others);
    assert_eq!(env.notes("SecretChanged").await.len(), 1);
    env.end().await;
}
