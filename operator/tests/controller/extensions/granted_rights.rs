//! The rights that the chart grants are needed. That they suffice is shown by every other test.

use ccx_test_support::eventually_async;
use std::collections::BTreeSet;

use ccx_crds::CcxPipeline;
use ccx_operator::{
    model::kind::Kind,
    rbac::{PERMISSIONS, Reach},
};
use k8s_openapi::api::{core::v1::Service, networking::v1::NetworkPolicy};
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::{
    installed,
    life_cycle::{api, make_user},
    strimzi,
};
use crate::test_env::TestEnv;

/// Suffixes of rights that no request shows, since the server checks them in addition to the right of the
/// request.
const UNSEEN: [&str; 7] = [
    // For creating an object that blocks the deletion of its owner.
    " ccx.openshift.io/ccxpipelines/finalizers",
    // For setting the host of a Route, on OpenShift's own server; the definition alone does not check it.
    " route.openshift.io/routes/custom-host",
    // For changing the owner of an existing object. Other kinds are also deleted for other reasons.
    "delete /secrets",
    "delete /persistentvolumeclaims",
    "delete policy/poddisruptionbudgets",
    "delete apps/statefulsets",
    "delete apps/deployments",
];

/// Formats a right as `verb group/resource`.
fn right(verb: &str, group: &str, resource: &str) -> String {
    format!("{verb} {group}/{resource}")
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn every_granted_right_is_used_in_the_life_cycle() {
    let env = installed::env().await;
    make_user(&env).await;
    let kafkas = strimzi::kafkas(&env, "v1");
    strimzi::make(&kafkas).await;
    strimzi::set_ready(&kafkas, "events:9093", "PEM").await;
    env.apply(everything()).await;
    env.until_ready().await;
    // The claim of an operator that was uninstalled.
    let claim = json!({"status": {"controller": format!("{}/uninstalled", env.namespace)}});
    env.api::<CcxPipeline>()
        .patch_status("ccx", &PatchParams::default(), &Patch::Merge(claim))
        .await
        .unwrap();
    // Two equal corrections are two occurrences of one Event.
    for _ in 0..2 {
        env.api::<Service>().delete("ccx-data-pipeline-db", &DeleteParams::default()).await.unwrap();
        eventually_async("it is recreated", async || env.get::<Service>("ccx-data-pipeline-db").await).await;
        env.until_up_to_date().await;
    }
    for (exposure, kind) in [
        (
            json!({"type": "Gateway", "host": "ccx.example.com", "gateway": {"parentRefs": [{"name": "public"}]}}),
            Kind::HttpRoute,
        ),
        (json!({"type": "Ingress", "host": "ccx.example.com"}), Kind::Ingress),
    ] {
        env.apply(json!({"aggregator": {"exposure": exposure}, "monitoring": {"scrape": "ServiceMonitor"}}))
            .await;
        eventually_async(kind.name(), async || {
            api(&env, kind).get_opt("ccx-insights-results-aggregator").await.unwrap()
        })
        .await;
    }
    env.until_ready().await;
    env.apply(json!({
        "kafka": {"topicManagement": {"policy": "External"}},
        "monitoring": {"scrape": "Disabled", "alerts": "Disabled"},
        "networkPolicy": {"mode": "Disabled"},
    }))
    .await;
    env.until_ready().await;
    let granted = PERMISSIONS.iter().filter(|it| it.reach == Reach::Watched);
    let granted = granted.flat_map(|it| it.verbs.iter().map(|verb| right(verb, it.group, it.resource)));
    let granted: BTreeSet<String> =
        granted.filter(|right| !UNSEEN.iter().any(|end| right.ends_with(end))).collect();
    let policies = async || env.list::<NetworkPolicy>().await.is_empty().then_some(());
    eventually_async("no policy is left, not even the database's", policies).await;
    // The last deletions may be in progress.
    env.until_up_to_date().await;
    assert_eq!(used(&env), granted);
    env.end().await;
}

fn used(env: &TestEnv) -> BTreeSet<String> {
    env.recorder.requests().iter().map(|it| right(it.verb, &it.group, &it.resource)).collect()
}

fn everything() -> Value {
    json!({
        "kafka": {
            "bootstrapServers": null,
            "strimzi": {"name": "events", "listener": "tls"},
            "securityProtocol": "SASL_SSL",
            "sasl": {"credentialsSecretRef": {"name": "user"}},
        },
        "cleaner": {},
        "dataPipeline": {"autoscaling": {"type": "KafkaLag"}},
        "aggregator": {"autoscaling": {"type": "Cpu"}, "exposure": {"type": "Route"}},
        "monitoring": {"scrape": "PodMonitor", "alerts": "Enabled", "dashboards": {"presence": "Enabled"}},
    })
}
