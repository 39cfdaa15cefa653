//! A controller that is killed after any of its writes is replaced by another one, which reaches the same
//! state.

use std::{collections::BTreeMap, time::Duration};

use ccx_operator::model::{kind::Kind, names::PIPELINE_LABEL};
use k8s_openapi::api::{batch::v1::Job, core::v1::Secret};
use kube::{Api, ResourceExt as _, api::ListParams, core::DynamicObject};
use serde_json::{Value, json};

use crate::{kill_after_writes::WriteLimit, test_env::TestEnv};

/// The time without a write after which the controller has nothing to write, if the state is complete;
/// otherwise the machine is slow.
const QUIET: Duration = Duration::from_secs(3);

/// The limit of runs, more than a resource can need.
const MAX_RUNS: usize = 200;

/// Runs controllers that are killed after one write each, until the children equal those of `other` and a
/// controller had nothing to write. Returns the number of killed ones.
async fn run_until_undisturbed_state(env: &mut TestEnv, other: &TestEnv) -> usize {
    let mut kills = 0;
    for _ in 0..MAX_RUNS {
        let limit = WriteLimit::with_writes(1);
        env.start_limited_operator(&limit);
        let was_killed = tokio::time::timeout(QUIET, limit.ended.cancelled()).await.is_ok();
        env.kill_operator().await;
        kills += usize::from(was_killed);
        if !was_killed && children(env).await == children(other).await {
            return kills;
        }
    }
    panic!("{:#?} is not {:#?} after {MAX_RUNS} runs", children(env).await, children(other).await);
}

/// Returns all children, without the parts that differ between namespaces.
async fn children(env: &TestEnv) -> BTreeMap<(Kind, String), Value> {
    let mut found = BTreeMap::new();
    let always = Kind::ALL
        .into_iter()
        .filter(|kind| kind.availability() == ccx_operator::model::kind::Availability::Always);
    for kind in always {
        let api: Api<DynamicObject> =
            Api::namespaced_with(env.client.clone(), &env.namespace, &kind.api_resource());
        let ours = ListParams::default().labels(PIPELINE_LABEL);
        for object in api.list(&ours).await.unwrap() {
            found.insert((kind, stem(&object.name_any())), comparable(&object, &env.namespace));
        }
    }
    found
}

/// Returns the name without the digest of its inputs with which a Job's name ends: it depends on the
/// password.
fn stem(name: &str) -> String {
    let (stem, end) = name.rsplit_once('-').unwrap_or((name, ""));
    if end.len() == 10 && end.chars().all(|digit| digit.is_ascii_hexdigit()) {
        stem.into()
    } else {
        name.into()
    }
}

fn comparable(object: &DynamicObject, namespace: &str) -> Value {
    let spec = &object.data["spec"];
    let kept = json!({
        "labels": object.labels(),
        "owners": object.owner_references().len(),
        "replicas": spec["replicas"],
        "data": if object.data["type"] == "Opaque" { Value::Null } else { object.data["data"].clone() },
        "image": spec["template"]["spec"]["containers"][0]["image"],
    });
    let text = kept.to_string().replace(namespace, "NAMESPACE");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn controller_killed_after_every_write_reaches_the_same_state() {
    let mut env = TestEnv::empty().await;
    let undisturbed = TestEnv::new().await;
    let changed = json!({"image": "registry.example.com/ccx:2", "dataPipeline": {"replicas": 2}});
    let mut suspended = changed.clone();
    suspended["suspend"] = json!(true);
    let steps = [
        (json!({}), "AsExpected"),
        (changed.clone(), "AsExpected"),
        (suspended, "Suspended"),
        (changed, "AsExpected"),
    ];
    let mut passwords = Vec::new();
    for (step, (spec, reason)) in steps.into_iter().enumerate() {
        undisturbed.apply(spec.clone()).await;
        let status = if reason == "Suspended" { "False" } else { "True" };
        undisturbed.until_condition("Ready", status, reason).await;
        env.apply(spec).await;
        let kills = run_until_undisturbed_state(&mut env, &undisturbed).await;
        eprintln!("step {step}: {kills} controllers were killed");
        passwords.push(env.get::<Secret>("ccx-data-pipeline-db").await.unwrap().data);
        assert_eq!(env.list::<Job>().await.len(), 2);
    }
    assert!(passwords.iter().all(|password| *password == passwords[0]), "the password is generated once");
    env.end().await;
    undisturbed.end().await;
}
