//! Two operators for one resource: one of them claims it, and the other writes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Instant,
};

use ccx_crds::CcxPipeline;
use ccx_test_support::eventually_async;
use futures::StreamExt as _;
use k8s_openapi::{
    api::{coordination::v1::Lease, core::v1::ServiceAccount},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, ResourceExt as _,
    api::{Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::json;

use crate::test_env::{Operator, RESYNC, TAKEOVER, TestEnv};

/// The number of resources that two operators claim at the same time.
const RESOURCES: usize = 12;

/// The identities that have claimed each resource so far.
type Claimants = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

/// Records every claim.
fn follow_claims(env: &TestEnv) -> (Claimants, tokio::task::JoinHandle<()>) {
    let claimants = Claimants::default();
    let recorded = Arc::clone(&claimants);
    let pipelines = watcher(env.api::<CcxPipeline>(), watcher::Config::default()).applied_objects();
    let task = tokio::spawn(pipelines.for_each(move |pipeline| {
        let pipeline = pipeline.unwrap();
        let claim = pipeline.status.as_ref().and_then(|status| status.controller.clone());
        recorded.lock().unwrap().entry(pipeline.name_any()).or_default().extend(claim);
        std::future::ready(())
    }));
    (claimants, task)
}

/// Returns the number of ServiceAccounts that an operator has written.
fn written_service_accounts(operator: &Operator) -> usize {
    let writes = operator.writes();
    let lines = writes.iter().filter(|line| line.contains("\"serviceaccounts\""));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resources_that_two_operators_see_at_once_are_claimed_by_one_each() {
    let env = TestEnv::empty().await;
    let identities = [format!("{}/one", env.namespace), format!("{}/other", env.namespace)];
    let leases = env.api::<Lease>();
    let renewing = tokio::spawn(async move {
        loop {
            renew(&leases, "one").await;
            renew(&leases, "other").await;
            tokio::time::sleep(RESYNC).await;
        }
    });
    let (claimants, following) = follow_claims(&env);
    let operators = identities.each_ref().map(|identity| env.start_rival(identity));
    for number in 0..RESOURCES {
        let mut manifest = env.manifest(json!({"suspend": true}));
        manifest["metadata"]["name"] = format!("p{number}").into();
        let pipeline = serde_json::from_value(manifest).unwrap();
        env.api::<CcxPipeline>().create(&PostParams::default(), &pipeline).await.unwrap();
    }
    let refused = async || {
        let notes = env.notes("ClaimedByOther").await;
        (notes.len() == RESOURCES).then_some(()).ok_or_else(|| format!("{notes:?}"))
    };
    eventually_async("one operator reports the claim of the other one for each resource", refused).await;
    let reported = async || {
        let pipelines = env.list::<CcxPipeline>().await;
        pipelines.iter().all(|it| !it.status.clone().unwrap_or_default().conditions.is_empty())
    };
    eventually_async("each resource has a status", reported).await;
    following.abort();
    renewing.abort();
    let claimants = claimants.lock().unwrap().clone();
    assert!(claimants.len() == RESOURCES && claimants.values().all(|it| it.len() == 1), "{claimants:?}");
    let accounts = env.list::<ServiceAccount>().await;
    let ours = accounts.iter().filter(|account| account.name_any().starts_with('p')).count();
    let written: usize = operators.iter().map(written_service_accounts).sum();
    assert!(ours > RESOURCES);
    assert_eq!(written, ours, "each child is written once");
    for operator in operators {
        operator.stop().await;
    }
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resource_of_another_operator_is_left_alone_until_it_is_released() {
    let mut env = TestEnv::up_to_date(json!({})).await;
    let claimed = env.pipeline().await.status.unwrap().controller;
    assert_eq!(claimed.as_deref(), Some("operators/ccx-operator"));
    env.stop_operator().await;
    env.controller = "operators/other".into();
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    let note = async || env.notes("ClaimedByOther").await.into_iter().next();
    let note = eventually_async("the claim is reported", note).await;
    assert!(note.contains("the operator operators/ccx-operator manages this resource"), "{note}");
    tokio::time::sleep(RESYNC * 3).await;
    let others = env.writes().into_iter().filter(|write| !write.contains("\"events\""));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<String>::new());
    let release = Patch::Merge(json!({"status": {"controller": null}}));
    env.api::<CcxPipeline>().patch_status("ccx", &PatchParams::default(), &release).await.unwrap();
    env.until_ready().await;
    assert_eq!(env.pipeline().await.status.unwrap().controller.as_deref(), Some("operators/other"));
    env.end().await;
}

/// Renews the Lease of an operator.
async fn renew(leases: &Api<Lease>, name: &str) {
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
        "spec": {"holderIdentity": "pod", "renewTime": MicroTime(Timestamp::now())}});
    leases.patch(name, &PatchParams::apply("test").force(), &Patch::Apply(lease)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn claim_is_taken_over_when_its_operator_no_longer_renews_its_lease() {
    let mut env = TestEnv::empty().await;
    let (old, new) = (format!("{}/old", env.namespace), format!("{}/new", env.namespace));
    env.controller.clone_from(&old);
    renew(&env.api(), "old").await;
    env.start_operator();
    env.apply(json!({})).await;
    env.until_ready().await;
    env.stop_operator().await;
    env.controller.clone_from(&new);
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    let claimed = async || env.pipeline().await.status.unwrap().controller.unwrap();
    let running = Instant::now();
    while running.elapsed() < TAKEOVER * 2 {
        renew(&env.api(), "old").await;
        assert_eq!(claimed().await, old, "it is running");
        tokio::time::sleep(RESYNC).await;
    }
    eventually_async("another claim", async || claimed().await == new).await;
    env.until_ready().await;
    let notes = env.notes("ClaimTakenOver").await;
    assert!(notes.len() == 1 && notes[0].contains(&old), "{notes:?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn claim_of_an_operator_without_a_lease_is_taken_over() {
    let mut env = TestEnv::empty().await;
    env.controller = format!("{}/uninstalled", env.namespace);
    env.start_operator();
    env.apply(json!({})).await;
    env.until_ready().await;
    env.stop_operator().await;
    env.controller = format!("{}/new", env.namespace);
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    eventually_async("another claim", async || {
        env.pipeline().await.status.unwrap().controller.is_some_and(|claim| claim.ends_with("/new"))
    })
    .await;
    env.until_ready().await;
    env.end().await;
}
