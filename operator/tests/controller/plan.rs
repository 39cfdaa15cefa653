//! The plan of a change: from `ccx-operator plan`, and in the status of a resource in mode `Plan`.

use ccx_test_support::eventually_async;
use std::{
    env,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use ccx_crds::ChangeAction;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Secret, ServiceAccount},
};
use kube::api::{ObjectMeta, PostParams};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::test_env::{IMAGE, TestEnv};

const PIPELINE: &str = "ccx-data-pipeline";

/// Runs `ccx-operator plan` for the resource `ccx` with this spec.
async fn plan(env: &TestEnv, spec: Value) -> Output {
    let manifest = env.manifest(spec).to_string();
    let program = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ccx-operator"));
        command
            .args(["plan", "-f", "-", "--image", IMAGE])
            .env("KUBECONFIG", env::var_os("CCX_TEST_KUBECONFIG").unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    spawn_blocking(program).await.unwrap()
}

/// Returns the plan of a resource for which `ccx-operator plan` succeeds.
async fn plan_of(env: &TestEnv, spec: Value) -> String {
    let output = plan(env, spec).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_of_a_new_resource_lists_all_children_and_creates_none() {
    let env = TestEnv::empty().await;
    let text = plan_of(&env, json!({})).await;
    for part in
        ["+ Deployment ccx-data-pipeline\n", "+ StatefulSet ccx-data-pipeline-db\n", "+ Job ccx-migration-"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.lines().all(|line| !line.starts_with(['~', '-'])), "{text}");
    assert!(text.ends_with("\n\nno pods would restart\n"), "{text}");
    assert!(env.list::<Deployment>().await.is_empty() && env.list::<Secret>().await.is_empty());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_of_an_unchanged_resource_is_empty() {
    let env = TestEnv::up_to_date(json!({})).await;
    assert_eq!(plan_of(&env, json!({})).await, "nothing would change\n");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_of_a_changed_setting_has_values_and_restarts() {
    let env = TestEnv::up_to_date(json!({})).await;
    let text =
        plan_of(&env, json!({"dataPipeline": {"replicas": 7, "archiveLimits": {"maxEntries": 17}}})).await;
    let objects: Vec<&str> = text.lines().filter(|line| line.starts_with(['+', '~', '-'])).collect();
    let [config, deployment] = objects[..] else { panic!("{objects:?}") };
    assert!(config.starts_with("~ ConfigMap ccx-data-pipeline-"), "{config}");
    assert_eq!(deployment, "~ Deployment ccx-data-pipeline");
    assert!(
        text.contains("    data[\"ccx.toml\"]:\n") && text.contains("        + max_entries = 17\n"),
        "{text}"
    );
    assert!(!text.contains("bootstrap_servers"), "only lines that differ: {text}");
    assert!(text.contains("    spec.replicas: 8 -> 7\n"), "{text}");
    assert!(
        text.ends_with("\n\ndata-pipeline would restart: the configuration has changed in ccx.toml\n"),
        "{text}"
    );
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_lists_orphans_as_deletions() {
    let exposed = json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}});
    let env = TestEnv::up_to_date(exposed).await;
    assert_eq!(
        plan_of(&env, json!({})).await,
        "- Ingress ccx-insights-results-aggregator\n\nno pods would restart\n"
    );
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_reports_a_conflict_with_an_unmanaged_object() {
    let env = TestEnv::empty().await;
    let metadata = ObjectMeta { name: Some(PIPELINE.into()), ..ObjectMeta::default() };
    let theirs = ServiceAccount { metadata, ..ServiceAccount::default() };
    env.api::<ServiceAccount>().create(&PostParams::default(), &theirs).await.unwrap();
    let output = plan(&env, json!({})).await;
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("ServiceAccount ccx-data-pipeline exists and is not managed by this resource"),
        "{text}"
    );
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_with_a_missing_secret_omits_its_users() {
    let env = TestEnv::empty().await;
    let credentials = json!({"type": "Secret", "secretRef": {"name": "uploads"}});
    let text = plan_of(&env, json!({"objectStorage": {"credentials": credentials}})).await;
    assert!(text.contains("+ Deployment ccx-insights-results-aggregator\n"), "{text}");
    assert!(!text.contains("Deployment ccx-data-pipeline\n"), "{text}");
    let end = "\nchildren that need these references stay unchanged until they exist:\n    Secret uploads, which \
               spec.objectStorage.credentials.secretRef names, does not exist; create it in the same namespace\n";
    assert!(text.ends_with(end), "{text}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_of_the_program_equals_that_of_the_status() {
    let env = TestEnv::up_to_date(json!({})).await;
    let change = json!({"image": "registry.example.com/ccx:2", "aggregator": {"exposure": {"type": "Ingress", "host": "a.b"}}});
    let text = plan_of(&env, change.clone()).await;
    let mut planned = change;
    planned["mode"] = json!("Plan");
    env.apply(planned).await;
    let plan = eventually_async("a plan", async || env.pipeline().await.status?.plan).await;
    let sign = |action| match action {
        ChangeAction::Create => '+',
        ChangeAction::Update => '~',
        ChangeAction::Delete => '-',
    };
    let changes = plan.changes.iter().map(|it| format!("{} {} {}", sign(it.action), it.kind, it.name));
    let restarts = plan.restarts.iter().map(|it| format!("{} would restart: {}", it.component, it.reason));
    let by_status: Vec<String> = changes.chain(restarts).collect();
    let by_program: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect();
    assert_eq!(by_program, by_status);
    assert_eq!(plan.restarts.len(), 3);
    let fields =
        plan.changes.iter().flat_map(|change| &change.fields).cloned().collect::<Vec<_>>().join("\n");
    assert!(
        fields.contains("image: \"registry.example.com/ccx:1\" -> \"registry.example.com/ccx:2\""),
        "{fields}"
    );
    env.end().await;
}
