//! Each problem has a reason of its own, and its message names the object.

use ccx_crds::{CcxPipeline, CcxPipelineStatus};
use ccx_operator::runtime::probe::READINESS_PATH;
use ccx_service::{Dependency, Readiness};
use ccx_test_support::eventually_async;
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, PersistentVolumeClaim, ResourceQuota, ResourceQuotaSpec, ServiceAccount},
        rbac::v1::{ClusterRole, PolicyRule, RoleBinding, RoleRef, Subject},
    },
    apimachinery::pkg::api::resource::Quantity,
    jiff::Timestamp,
};
use kube::{
    Api,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams},
};
use prometheus::TextEncoder;
use serde_json::{Value, json};

use crate::{
    kubelet::{crash_loop, ready, unready, waiting},
    test_env::TestEnv,
};

const PIPELINE: &str = "data-pipeline";
const WRITER: &str = "insights-results-db-writer";

fn dependency(name: &str, cause: &str) -> Dependency {
    Dependency { name: name.into(), ok: false, cause: Some(cause.into()), connecting: false }
}

/// Returns the readiness report of a pod that can't use a dependency.
fn unmet(name: &str, cause: &str) -> String {
    serde_json::to_string(&Readiness { dependencies: vec![dependency(name, cause)] }).unwrap()
}

async fn env_with(role: &str, status: Value) -> TestEnv {
    let env = TestEnv::new().await;
    env.kubelet.set(role, status).await;
    env.apply(json!({"dataPipeline": {"replicas": 1}})).await;
    env
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn failed_image_pull_is_reported_until_it_succeeds() {
    let trouble = waiting("ImagePullBackOff", "manifest unknown");
    let env = env_with(PIPELINE, trouble).await;
    let condition = env.until_condition("PipelineReady", "False", "ImagePullFailed").await;
    assert!(
        condition.message.contains("pod ccx-data-pipeline-")
            && condition.message.contains(": manifest unknown; correct the image")
    );
    env.until_condition("Ready", "False", "ImagePullFailed").await;
    env.until_condition("Degraded", "True", "ImagePullFailed").await;
    env.kubelet.reset(PIPELINE).await;
    env.until_ready().await;
    env.until_condition("Degraded", "False", "AsExpected").await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn crash_loop_is_reported_with_exit_code_and_last_output() {
    let env = env_with(WRITER, crash_loop(3, "Error", "failed to read the configuration")).await;
    let condition = env.until_condition("WriterReady", "False", "CrashLooping").await;
    assert!(
        condition.message.contains("exited with code 3: failed to read the configuration"),
        "{condition:?}"
    );
    env.kubelet.set(WRITER, crash_loop(137, "OOMKilled", "")).await;
    env.until_condition("WriterReady", "False", "OutOfMemory").await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn unschedulable_pod_is_reported_with_the_message_of_the_scheduler() {
    let message = "0/3 nodes are available: 3 Insufficient cpu.";
    let status = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]});
    let env = env_with(PIPELINE, status).await;
    let condition = env.until_condition("PipelineReady", "False", "Unschedulable").await;
    assert!(
        condition.message.contains(": 3 Insufficient cpu; add nodes, or correct resources"),
        "{condition:?}"
    );
    // A pod that has just begun to wait is no problem yet.
    let now = Timestamp::now().to_string();
    let status = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastTransitionTime": now}]});
    env.kubelet.set(PIPELINE, status).await;
    env.until_condition("PipelineReady", "False", "WaitingForNode").await;
    env.until_condition("Progressing", "True", "WaitingForNode").await;
    env.until_condition("Degraded", "False", "AsExpected").await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn rollout_with_connecting_pods_is_progressing_and_never_degraded() {
    let env = TestEnv::up_to_date(json!({"dataPipeline": {"replicas": 2}})).await;
    let dependency =
        Dependency { connecting: true, ..dependency(Dependency::KAFKA, "the consumer is connecting") };
    let connecting = Readiness { dependencies: vec![dependency] };
    env.prober.set(READINESS_PATH, serde_json::to_string(&connecting).unwrap());
    env.kubelet.set_new(PIPELINE, unready());
    let statuses = env.follow().await;
    env.apply(json!({"dataPipeline": {"replicas": 2, "podTemplate": {"annotations": {"changed": "yes"}}}}))
        .await;
    env.until_condition("Progressing", "True", "RollingOut").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    env.until_condition("Progressing", "True", "RollingOut").await;
    env.kubelet.reset(PIPELINE).await;
    env.until_ready().await;
    let is_degraded = |status: &CcxPipelineStatus| {
        status.conditions.iter().any(|it| it.type_ == "Degraded" && it.status == "True")
    };
    let seen = statuses.seen();
    assert!(!seen.iter().any(is_degraded), "{seen:#?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_problem_of_the_observed_state_has_one_warning_event() {
    let env = env_with("migration", waiting("ImagePullBackOff", "manifest unknown")).await;
    let condition = env.until_condition("SchemaMigrated", "False", "ImagePullFailed").await;
    let told =
        ": manifest unknown; correct the image, or the registry's credentials in spec.imagePullSecrets";
    assert!(condition.message.ends_with(told), "{condition:?}");
    env.until_condition("Degraded", "True", "ImagePullFailed").await;
    env.until_up_to_date().await;
    let notes = env.notes("ImagePullFailed").await;
    assert!(notes.len() == 1 && notes[0].ends_with(told), "{notes:?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn unbound_claim_of_the_database_is_reported() {
    let env = env_with("data-pipeline-db", Value::Null).await;
    // The control plane of the tests has no default storage class.
    let condition = env.until_condition("DatabaseReady", "False", "ProvisioningFailed").await;
    for part in
        ["ccx-data-pipeline-db", "no storage class is set", "spec.database.managed.storage.storageClassName"]
    {
        assert!(condition.message.contains(part), "{condition:?}");
    }
    env.until_condition("Degraded", "True", "ProvisioningFailed").await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn storage_class_is_corrected_while_the_claim_has_no_volume() {
    let with_class = |name: &str| json!({"database": {"managed": {"storage": {"storageClassName": name}}}});
    let env = TestEnv::new().await;
    env.kubelet.set("data-pipeline-db", Value::Null).await;
    env.apply(with_class("no-such-class")).await;
    let condition = env.until_condition("DatabaseReady", "False", "ProvisioningFailed").await;
    assert!(condition.message.contains("\"no-such-class\" not found"), "{condition:?}");
    env.apply(with_class("other-class")).await;
    let class = async || {
        let claim = env.get::<PersistentVolumeClaim>("ccx-data-pipeline-db").await?;
        claim.spec?.storage_class_name.filter(|class| class == "other-class")
    };
    eventually_async("the claim is recreated", class).await;
    env.kubelet.reset("data-pipeline-db").await;
    env.until_ready().await;
    assert_eq!(env.notes("DriftCorrected").await, Vec::<String>::new());
    let (by, third) = (PatchParams::apply("test").force(), env.manifest(with_class("third-class")));
    let refused = env.api::<CcxPipeline>().patch("ccx", &by, &Patch::Apply(third)).await;
    let refused = refused.expect_err("the database is ready").to_string();
    assert!(refused.contains("leave storageClassName as it is"), "{refused}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn unreachable_dependency_is_reported_with_the_message_of_the_pod() {
    let env = TestEnv::new().await;
    env.prober.set(READINESS_PATH, unmet(Dependency::KAFKA, "no broker: connection refused"));
    env.kubelet.set(PIPELINE, unready()).await;
    env.apply(json!({"dataPipeline": {"replicas": 1}})).await;
    let condition = env.until_condition("KafkaReachable", "False", "KafkaUnreachable").await;
    assert_eq!(condition.message, "data-pipeline reports: no broker: connection refused");
    env.until_condition("Degraded", "True", "KafkaUnreachable").await;
    env.prober.set(READINESS_PATH, unmet(Dependency::OBJECT_STORAGE, "access denied"));
    env.until_condition("ObjectStorageReachable", "False", "ObjectStorageUnreachable").await;
    env.kubelet.set(PIPELINE, ready()).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn invalid_rules_are_reported_with_their_location_until_fixed() {
    let env = TestEnv::new().await;
    let rules =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "our-rules"}, "data": {}});
    env.api::<ConfigMap>()
        .patch("our-rules", &PatchParams::apply("test"), &Patch::Apply(&rules))
        .await
        .unwrap();
    let error =
        json!({"file": "/etc/ccx/rules-0/mine.yaml", "line": 3, "column": 7, "message": "no such key"});
    env.prober.set("/rules", json!({"digest": "d", "rules": 25, "builtin": 86, "error": error}).to_string());
    let sources = json!({"configMapRefs": [{"name": "our-rules"}]});
    env.apply(json!({"dataPipeline": {"replicas": 1, "rules": sources}})).await;
    let condition = env.until_condition("RulesLoaded", "False", "RulesRejected").await;
    assert_eq!(condition.message, "ConfigMap our-rules: mine.yaml:3:7: no such key");
    // No object changes when a pod loads new rules.
    env.prober.set("/rules", r#"{"digest": "e", "rules": 26, "builtin": 86, "error": null}"#);
    let condition = env.until_condition("RulesLoaded", "True", "AsExpected").await;
    assert_eq!(condition.message, "112 rules are loaded");
    let unknown = r#"{"digest": "e", "rules": 26, "builtin": 86, "error": null, "unknown_disabled": ["etcd_slow_dsk"]}"#;
    env.prober.set("/rules", unknown);
    let condition = env.until_condition("RulesLoaded", "True", "UnknownRules").await;
    assert!(condition.message.ends_with("do not exist: etcd_slow_dsk"), "{condition:?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn exceeded_quota_is_reported() {
    let mut env = TestEnv::empty().await;
    let metadata = ObjectMeta { name: Some("small".into()), ..ObjectMeta::default() };
    let hard = Some([("count/services".to_owned(), Quantity("0".into()))].into());
    let quota = ResourceQuota {
        metadata,
        spec: Some(ResourceQuotaSpec { hard, ..ResourceQuotaSpec::default() }),
        status: None,
    };
    env.api::<ResourceQuota>().create(&PostParams::default(), &quota).await.unwrap();
    env.start_operator();
    env.apply(json!({})).await;
    let condition = env.until_condition("Degraded", "True", "QuotaExceeded").await;
    assert!(condition.message.contains("exceeded quota: small"), "{condition:?}");
    env.api::<ResourceQuota>().delete("small", &DeleteParams::default()).await.unwrap();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn refused_budget_is_reported_and_holds_back_no_workload() {
    let mut env = TestEnv::empty().await;
    let metadata = ObjectMeta { name: Some("no-budgets".into()), ..ObjectMeta::default() };
    let hard = Some([("count/poddisruptionbudgets.policy".to_owned(), Quantity("0".into()))].into());
    let spec = Some(ResourceQuotaSpec { hard, ..ResourceQuotaSpec::default() });
    let quota = ResourceQuota { metadata, spec, status: None };
    env.api::<ResourceQuota>().create(&PostParams::default(), &quota).await.unwrap();
    env.start_operator();
    env.apply(json!({})).await;
    let condition = env.until_condition("Degraded", "True", "QuotaExceeded").await;
    assert!(condition.message.contains("PodDisruptionBudget"), "{condition:?}");
    for condition in ["DatabaseReady", "PipelineReady", "WriterReady", "ApiReady"] {
        env.until_condition(condition, "True", "AsExpected").await;
    }
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn unlistable_namespace_holds_back_no_other_and_is_in_the_metrics() {
    let mut env = TestEnv::empty().await;
    env.further_namespaces = vec!["kube-public".into()];
    env.start_operator();
    env.apply(json!({})).await;
    env.until_ready().await;
    let text = TextEncoder::new().encode_to_string(&env.metrics().registry.gather()).unwrap();
    assert!(
        text.contains("ccx_operator_watch_failures_total{kind=\"Deployment\",namespace=\"kube-public\"}"),
        "{text}"
    );
    env.end().await;
}

/// Returns a quota for this number of pods.
fn pod_quota(pods: &str) -> ResourceQuota {
    let metadata = ObjectMeta { name: Some("few".into()), ..ObjectMeta::default() };
    let hard = Some([("pods".to_owned(), Quantity(pods.into()))].into());
    ResourceQuota {
        metadata,
        spec: Some(ResourceQuotaSpec { hard, ..ResourceQuotaSpec::default() }),
        status: None,
    }
}

/// Only Events of the StatefulSet and the Job have the reason.
#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn refused_pods_of_database_and_job_are_reported_in_the_words_of_the_event() {
    let mut env = TestEnv::empty().await;
    let quotas = env.api::<ResourceQuota>();
    quotas.create(&PostParams::default(), &pod_quota("0")).await.unwrap();
    env.start_operator();
    env.apply(json!({})).await;
    let condition = env.until_condition("DatabaseReady", "False", "QuotaExceeded").await;
    assert!(condition.message.contains("exceeded quota: few"), "{condition:?}");
    env.until_condition("Ready", "False", "QuotaExceeded").await;

    let one = json!({"spec": {"hard": {"pods": "1"}}});
    quotas.patch("few", &PatchParams::default(), &Patch::Merge(one)).await.unwrap();
    let condition = env.until_condition("SchemaMigrated", "False", "QuotaExceeded").await;
    assert!(condition.message.contains("the pod of Job ccx-migration-"), "{condition:?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn missing_priority_class_of_the_database_is_reported() {
    let env = TestEnv::new().await;
    env.apply(json!({"database": {"managed": {"podTemplate": {"priorityClassName": "no-such-class"}}}}))
        .await;
    let condition = env.until_condition("DatabaseReady", "False", "PodsRefused").await;
    assert!(condition.message.contains("no PriorityClass with name no-such-class"), "{condition:?}");
    env.end().await;
}

/// The operator may read everything, and write only its status, Events and ServiceAccounts.
#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn missing_right_is_reported() {
    let mut env = TestEnv::empty().await;
    let name = env.namespace.clone();
    let metadata = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
    let any = || Some(vec!["*".to_owned()]);
    let reads = PolicyRule {
        api_groups: any(),
        resources: any(),
        verbs: ["get", "list", "watch"].map(String::from).into(),
        ..PolicyRule::default()
    };
    let writes = PolicyRule {
        api_groups: any(),
        resources: Some(
            ["ccxpipelines/status", "ccxpipelines/finalizers", "serviceaccounts", "events"]
                .map(String::from)
                .into(),
        ),
        verbs: vec!["*".into()],
        ..PolicyRule::default()
    };
    let role = ClusterRole {
        metadata: metadata.clone(),
        rules: Some(vec![reads, writes]),
        ..ClusterRole::default()
    };
    let roles: Api<ClusterRole> = Api::all(env.client.clone());
    roles.create(&PostParams::default(), &role).await.unwrap();
    let role_ref = RoleRef {
        api_group: "rbac.authorization.k8s.io".into(),
        kind: "ClusterRole".into(),
        name: name.clone(),
    };
    let subject = Subject { kind: "User".into(), name: "limited".into(), ..Subject::default() };
    let binding = RoleBinding { metadata, role_ref, subjects: Some(vec![subject]) };
    env.api::<RoleBinding>().create(&PostParams::default(), &binding).await.unwrap();

    let mut config = env.config();
    config.auth_info.impersonate = Some("limited".into());
    env.start_operator_as(config);
    env.apply(json!({})).await;
    let condition = env.until_condition("Degraded", "True", "Forbidden").await;
    assert!(condition.message.contains("cannot patch resource"), "{condition:?}");
    assert!(!env.list::<ServiceAccount>().await.is_empty(), "children with the needed rights are applied");
    roles.delete(&name, &DeleteParams::default()).await.unwrap();
    env.end().await;
}
