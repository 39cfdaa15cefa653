//! The generated certificate of the managed database.

use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::Secret,
};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::test_env::TestEnv;

const SECRET: &str = "ccx-data-pipeline-db-tls";
const RENEWAL: &str = "ccx.openshift.io/renew-after";

async fn value(env: &TestEnv, key: &str) -> Option<Vec<u8>> {
    Some(env.get::<Secret>(SECRET).await?.data?.get(key)?.0.clone())
}

async fn generations(env: &TestEnv) -> [Option<i64>; 2] {
    let database = env.get::<StatefulSet>("ccx-data-pipeline-db").await.unwrap();
    let writer = env.get::<Deployment>("ccx-insights-results-db-writer").await.unwrap();
    [database.metadata.generation, writer.metadata.generation]
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn certificate_is_renewed_when_it_is_due_without_a_restart() {
    let env = TestEnv::up_to_date(json!({})).await;
    let (before, running) = (env.get::<Secret>(SECRET).await.unwrap(), generations(&env).await);
    let due = Patch::Merge(json!({"metadata": {"annotations": {RENEWAL: "2026-01-01T00:00:00Z"}}}));
    env.api::<Secret>().patch(SECRET, &PatchParams::default(), &due).await.unwrap();
    let old = before.data.unwrap();
    eventually_async("a renewed certificate", async || {
        (value(&env, "tls.crt").await? != old["tls.crt"].0).then_some(())
    })
    .await;
    assert_eq!(value(&env, "ca.crt").await.as_ref(), Some(&old["ca.crt"].0));
    env.until_up_to_date().await;
    let after = env.get::<Secret>(SECRET).await.unwrap();
    let renewal = &after.metadata.annotations.unwrap()[RENEWAL];
    assert!(*renewal >= before.metadata.annotations.unwrap()[RENEWAL], "240 days from now: {renewal}");
    assert_eq!(generations(&env).await, running, "no pod is replaced");
    assert_eq!(env.notes("CertificateRenewed").await.len(), 1);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_certificate_is_replaced_and_its_clients_restart() {
    let env = TestEnv::up_to_date(json!({})).await;
    let (authority, [database, writer]) = (value(&env, "ca.crt").await, generations(&env).await);
    env.api::<Secret>().delete(SECRET, &DeleteParams::default()).await.unwrap();
    eventually_async("another authority", async || {
        let now = value(&env, "ca.crt").await;
        (now.is_some() && now != authority).then_some(())
    })
    .await;
    eventually_async("clients that trust it", async || (generations(&env).await[1] > writer).then_some(()))
        .await;
    env.until_ready().await;
    assert_eq!(generations(&env).await[0], database, "the server reads it again");
    env.end().await;
}
