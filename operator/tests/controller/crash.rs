//! The controller may die at any instant: after every single write of its, another one gets there all the same.

use std::{collections::BTreeMap, time::Duration};

use ccx_operator::model::{kind::Kind, names::PIPELINE_LABEL};
use k8s_openapi::api::{batch::v1::Job, core::v1::Secret};
use kube::{Api, ResourceExt as _, api::ListParams, core::DynamicObject};
use serde_json::{Value, json};

use crate::{kill_after_writes::Life, test_env::TestEnv};

/// A life without a write for so long was not needed, if all is as it should be; otherwise the machine is slow.
const QUIET: Duration = Duration::from_secs(3);

/// More than a resource can need.
const MAX_LIVES: usize = 200;

/// Lets controllers live for one write each, until all is as in `other` and one had nothing to write. How many died.
async fn live_and_die(env: &mut TestEnv, other: &TestEnv) -> usize {
    let mut deaths = 0;
    for _ in 0..MAX_LIVES {
        let life = Life::with_writes(1);
        env.start_mortal_operator(&life);
        let is_dead = tokio::time::timeout(QUIET, life.ended.cancelled()).await.is_ok();
        env.kill_operator().await;
        deaths += usize::from(is_dead);
        if !is_dead && children(env).await == children(other).await {
            return deaths;
        }
    }
    panic!("{:#?} is not {:#?} after {MAX_LIVES} lives", children(env).await, children(other).await);
}

/// All children, without what is different in every namespace.
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
            found.insert((kind, stem(&object.name_any())), essence(&object, &env.namespace));
        }
    }
    found
}

/// A Job's name ends with a fingerprint of what it runs on, the password included.
fn stem(name: &str) -> String {
    let (stem, end) = name.rsplit_once('-').unwrap_or((name, ""));
    if end.len() == 10 && end.chars().all(|digit| digit.is_ascii_hexdigit()) {
        stem.into()
    } else {
        name.into()
    }
}

fn essence(object: &DynamicObject, namespace: &str) -> Value {
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
async fn controller_that_dies_after_every_write_leaves_what_an_undisturbed_one_does() {
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
        let deaths = live_and_die(&mut env, &undisturbed).await;
        eprintln!("step {step}: {deaths} controllers died");
        passwords.push(env.get::<Secret>("ccx-data-pipeline-db").await.unwrap().data);
        assert_eq!(env.list::<Job>().await.len(), 2);
    }
    assert!(passwords.iter().all(|password| *password == passwords[0]), "the password is made up once");
    env.end().await;
    undisturbed.end().await;
}
