//! The order of the stages: the database, its schema, then its clients.

use std::collections::BTreeSet;

use ccx_crds::{CcxPipeline, SchemaVersion};
use ccx_test_support::eventually_async;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{apps::v1::Deployment, batch::v1::Job, core::v1::Pod},
    jiff::Timestamp,
};
use kube::{
    Resource, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    kubelet::{failed, migrated},
    test_env::TestEnv,
};

/// A label of every child.
const PART_OF: &str = "app.kubernetes.io/part-of";

const DATABASE: &str = "data-pipeline-db";
const MIGRATION: &str = "migration";

async fn names<K>(env: &TestEnv) -> Vec<String>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    env.list::<K>().await.iter().map(K::name_any).collect()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_waits_for_the_database() {
    let env = TestEnv::new().await;
    env.kubelet.set(DATABASE, Value::Null).await;
    env.apply(json!({})).await;
    let condition = env.until_condition("SchemaMigrated", "False", "Waiting").await;
    assert!(condition.message.contains("StatefulSet ccx-data-pipeline-db is not ready"), "{condition:?}");
    env.until_up_to_date().await;
    assert_eq!(names::<Job>(&env).await.iter().filter(|name| name.contains(MIGRATION)).count(), 0);
    eventually_async("the pipeline, which does not use the database", async || {
        (names::<Deployment>(&env).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    env.kubelet.reset(DATABASE).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn failed_migration_holds_back_workloads_and_reports_its_output() {
    let env = TestEnv::new().await;
    env.kubelet.set(MIGRATION, failed(1, "relation \"report\" exists")).await;
    env.apply(json!({})).await;
    let condition = env.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert!(condition.message.contains("relation \"report\" exists"), "{condition:?}");
    env.until_condition("Degraded", "True", "MigrationFailed").await;
    eventually_async("the pipeline, which does not use the schema", async || {
        (names::<Deployment>(&env).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_runs_once() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let names = async || env.list::<Job>().await.iter().map(Job::uid).collect::<Vec<_>>();
    let before = names().await;
    env.apply(json!({"dataPipeline": {"replicas": 2}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!(names().await, before);
    eventually_async("the Jobs are left", async || (names().await.len() == 2).then_some(())).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn succeeded_job_whose_template_changes_is_not_repeated() {
    let env = TestEnv::up_to_date(json!({})).await;
    let uids = async || env.list::<Job>().await.into_iter().map(|job| job.uid()).collect::<Vec<_>>();
    let before = uids().await;
    env.apply(json!({"dbWriter": {"podTemplate": {"labels": {"team": "insights"}}}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!(uids().await, before);
    env.end().await;
}

/// The pod template of a Job is immutable, and may be what an admission webhook has made of it: applying the desired one is refused.
#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn succeeded_job_that_admission_changed_gets_its_label_back_and_holds_back_nothing() {
    let mut env = TestEnv::up_to_date(json!({})).await;
    env.stop_operator().await;
    let jobs = env.api::<Job>();
    for job in env.list::<Job>().await {
        let mut changed = job.clone();
        jobs.delete(&job.name_any(), &DeleteParams::background()).await.unwrap();
        eventually_async("it is gone", async || {
            jobs.get_opt(&job.name_any()).await.unwrap().is_none().then_some(())
        })
        .await;
        (
            changed.metadata.uid,
            changed.metadata.resource_version,
            changed.metadata.managed_fields,
            changed.status,
        ) = (None, None, None, None);
        let spec = changed.spec.as_mut().unwrap();
        spec.selector = None;
        let labels = spec.template.metadata.as_mut().unwrap().labels.as_mut().unwrap();
        labels.retain(|key, _| !key.contains("controller-uid") && !key.contains("job-name"));
        spec.template.spec.as_mut().unwrap().containers[0].image_pull_policy = Some("Always".into());
        changed.metadata.labels.as_mut().unwrap().insert(PART_OF.into(), "other".into());
        jobs.create(&PostParams::default(), &changed).await.unwrap();
        eventually_async("it succeeds", async || jobs.get(&job.name_any()).await.unwrap().status?.succeeded)
            .await;
    }
    let jobs: BTreeSet<_> = env.list::<Job>().await.iter().map(Job::uid).collect();
    env.start_operator();
    env.apply(json!({"aggregator": {"replicas": 3}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!(env.notes("Rejected").await, [""; 0]);
    assert_eq!(
        env.list::<Job>().await.iter().map(Job::uid).collect::<BTreeSet<_>>(),
        jobs,
        "none is repeated"
    );
    for job in env.list::<Job>().await {
        assert_eq!(job.labels()[PART_OF], "ccx", "{}", job.name_any());
        let template = job.spec.unwrap().template.spec.unwrap();
        assert_eq!(template.containers[0].image_pull_policy.as_deref(), Some("Always"));
    }
    env.end().await;
}

/// As a TTL controller does.
#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn succeeded_migration_is_not_repeated_when_its_job_is_deleted() {
    let mut env = TestEnv::up_to_date(json!({})).await;
    let history = async || env.pipeline().await.status.unwrap().jobs;
    let migration = history().await.into_iter().find(|job| job.name == MIGRATION).unwrap();
    assert!(migration.succeeded && migration.volume.is_some(), "{migration:?}");
    env.api::<Job>().delete(&migration.job, &DeleteParams::background()).await.unwrap();
    env.until_up_to_date().await;
    // A later change of its clients is applied, also by another operator.
    env.stop_operator().await;
    env.start_operator();
    env.apply(json!({"aggregator": {"replicas": 3}})).await;
    env.until_ready().await;
    assert_eq!(names::<Job>(&env).await.iter().filter(|name| name.contains(MIGRATION)).count(), 0);
    let condition = env.until_condition("SchemaMigrated", "True", "AsExpected").await;
    assert!(condition.message.ends_with("has succeeded and was deleted"), "{condition:?}");

    let annotation = json!({"metadata": {"annotations": {"ccx.openshift.io/run-jobs": "1"}}});
    env.api::<CcxPipeline>().patch("ccx", &PatchParams::default(), &Patch::Merge(annotation)).await.unwrap();
    eventually_async("it is repeated on request", async || {
        names::<Job>(&env).await.iter().any(|name| name.contains(MIGRATION)).then_some(())
    })
    .await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn failed_job_is_repeated_after_a_pause_and_counted_until_it_succeeds() {
    let env = TestEnv::new().await;
    env.kubelet.set(MIGRATION, Value::Null).await;
    env.apply(json!({})).await;
    let job = eventually_async("the Job runs", async || {
        let jobs = env.list::<Job>().await;
        jobs.into_iter().find(|job| {
            job.name_any().contains(MIGRATION) && job.status.as_ref().is_some_and(|it| it.active == Some(1))
        })
    })
    .await;
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": "BackoffLimitExceeded", "message": "too often",
        "lastTransitionTime": Timestamp::now().to_string()})
    };
    let status = json!({"status": {"active": 0, "ready": 0, "failed": 7, "conditions": [condition("FailureTarget"), condition("Failed")]}});
    let jobs = env.api::<Job>();
    jobs.patch_status(&job.name_any(), &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    let failed = env.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert!(failed.message.contains("failure 1, repeated at "), "{failed:?}");

    let again = eventually_async("it is repeated", async || {
        jobs.get_opt(&job.name_any()).await.unwrap().filter(|it| it.uid() != job.uid())
    })
    .await;
    assert_eq!(again.name_any(), job.name_any());
    let count = async || env.pipeline().await.status?.jobs.into_iter().find(|it| it.name == MIGRATION);
    eventually_async("the failure is counted", async || {
        count().await.filter(|it| it.failures == 1 && !it.succeeded)
    })
    .await;
    env.kubelet.reset(MIGRATION).await;
    env.until_ready().await;
    eventually_async("and forgotten", async || count().await.filter(|it| it.failures == 0 && it.succeeded))
        .await;
    assert_eq!(env.notes("JobRepeated").await.len(), 1);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn schema_version_is_kept_until_another_migration_succeeds() {
    let env = TestEnv::new().await;
    env.kubelet.set(MIGRATION, migrated(31, 3)).await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let known =
        async || eventually_async("a version", async || env.pipeline().await.status?.schema_version).await;
    let first = known().await;
    assert_eq!((first.public, first.dvo), (31, 3));

    let of_migration = ListParams::default().labels("app.kubernetes.io/component=migration");
    env.api::<Pod>().delete_collection(&DeleteParams::default(), &of_migration).await.unwrap();
    env.until_up_to_date().await;
    assert_eq!(known().await, first, "its pod is gone");

    env.kubelet.set(MIGRATION, failed(5, "{\"public\":32,\"dvo\":4}")).await;
    env.apply(json!({"image": "registry.example.com/ccx:2"})).await;
    env.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert_eq!(known().await, first, "the next one has failed");

    env.kubelet.set(MIGRATION, migrated(32, 4)).await;
    env.until_ready().await;
    let is_another = |it: &SchemaVersion| it.job != first.job;
    let second =
        eventually_async("another", async || env.pipeline().await.status?.schema_version.filter(is_another))
            .await;
    assert_eq!((second.public, second.dvo), (32, 4));
    env.end().await;
}
