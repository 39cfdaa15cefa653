//! The Helm chart: checked by helm, and its objects by a real API server.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use ccx_test_support::{assert_generated, needs};
use serde_json::{Value, json};

/// Every setting of the chart, different from its default.
const EVERYTHING: &[&str] = &[
    "--set=replicas=3,crd.keep=false,log=debug,priorityClassName=system-cluster-critical",
    "--set=rbac.managedDatabases=false,rbac.cluster=false,authDelegators[0].namespace=insights,authDelegators[0].name=ccx",
    "--set=strimziNamespaces={kafka},workloadImages.postgresql=registry.example.com/postgres:17",
    "--set=image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "--set=imagePullSecrets[0].name=registry-login,workloadImages.ccx=registry.example.com/ccx:1",
    "--set=serviceAccount.name=other,serviceAccount.annotations.a=b,podLabels.team=insights,podAnnotations.c=d",
    "--set=networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.team=monitoring,networkPolicy.apiServerPorts={8443}",
    "--set=nodeSelector.disk=fast,tolerations[0].key=infra,tolerations[0].operator=Exists",
    "--set=extraEnv[0].name=HTTPS_PROXY,extraEnv[0].value=http://proxy.example.com:3128",
];

const IN_TWO_NAMESPACES: &[&str] = &["--set=watchNamespaces={default,kube-public}"];

const NOTHING_OPTIONAL: &[&str] = &[
    "--set=crd.install=false,rbac.create=false,serviceAccount.create=false,serviceAccount.name=theirs,replicas=1",
    "--set=networkPolicy.enabled=false,podDisruptionBudget.enabled=false",
];

/// Overrides the Kubernetes version that helm was built with.
const KUBERNETES: &str = "--kube-version=1.34.0";

const VARIANTS: [&[&str]; 4] = [&[], EVERYTHING, IN_TWO_NAMESPACES, NOTHING_OPTIONAL];

#[test]
#[ignore = "needs helm"]
fn chart_passes_helm_lint() {
    let helm = helm();
    for values in VARIANTS {
        let output = helm.run("lint", &[&["--strict", "--quiet"], values].concat());
        assert!(output.status.success(), "{values:?}: {}", text(&output));
    }
}

#[test]
#[ignore = "needs helm"]
fn invalid_value_is_refused() {
    let helm = helm();
    let mistakes = [
        "replica=1",
        "replicas=many",
        "monitor.type=podmonitor",
        "watchNamespaces={Upper}",
        "image.digest=latest",
    ];
    for value in mistakes {
        let output = helm.run("lint", &["--set", value]);
        assert!(!output.status.success(), "{value} was accepted");
        assert!(
            text(&output).contains("values don't meet the specifications of the schema"),
            "{value}: {}",
            text(&output)
        );
    }
}

#[test]
#[ignore = "needs Kubernetes, helm"]
fn rendered_objects_are_accepted_by_the_api_server() {
    let helm = helm();
    let kubectl = kubectl();
    for values in VARIANTS {
        // An existing namespace.
        let objects = helm.template(&[values, &["--namespace=default"]].concat());
        let output =
            kubectl.run_with(&objects, &["apply", "--dry-run=server", "--validate=strict", "--filename=-"]);
        assert!(output.status.success(), "{values:?}: {}", text(&output));
    }
}

#[test]
#[ignore = "needs Kubernetes, helm"]
fn pods_are_admitted_to_a_restricted_namespace() {
    let helm = helm();
    let kubectl = kubectl();
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "chart-restricted", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    });
    let created = kubectl.run_with(&namespace.to_string(), &["apply", "--filename=-"]);
    assert!(created.status.success(), "{}", text(&created));
    let deployment = helm.objects(&[]).into_iter().find(|object| object["kind"] == "Deployment").unwrap();
    let mut spec = deployment["spec"]["template"]["spec"].clone();
    spec.as_object_mut().unwrap().remove("serviceAccountName");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator", "namespace": "chart-restricted"}, "spec": spec,
    });

    // The service account of the namespace may not exist yet.
    let mut tries =
        (0..100).map(|_| kubectl.run_with(&pod.to_string(), &["create", "--dry-run=server", "--filename=-"]));
    let output = tries.find(|output| !text(output).contains("error looking up service account")).unwrap();

    assert!(output.status.success(), "{}", text(&output));
    kubectl.run_with("", &["delete", "namespace", "chart-restricted", "--wait=false"]);
}

#[test]
#[ignore = "needs helm"]
fn watched_namespaces_limit_the_rights_to_them() {
    let helm = helm();
    let objects = helm.objects(IN_TWO_NAMESPACES);
    let is_aggregated = |object: &Value| {
        object["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-edit"] == "true"
    };
    let of_kind =
        |kind| objects.iter().filter(move |object| object["kind"] == kind && !is_aggregated(object));
    assert_eq!(of_kind("ClusterRole").count() + of_kind("ClusterRoleBinding").count(), 0);
    let namespaces: Vec<_> =
        of_kind("Role").map(|role| role["metadata"]["namespace"].as_str().unwrap()).collect();
    assert_eq!(namespaces, ["default", "kube-public", "ccx-operator"]);
    let rules: Vec<_> = of_kind("Role").map(|role| &role["rules"]).collect();
    assert_eq!(rules[0], rules[1]);
    assert_ne!(rules[0], rules[2], "the operator's own namespace has the Lease only");
}

#[test]
#[ignore = "needs helm"]
fn rights_in_the_cluster_and_on_tokens_are_granted_when_asked_for() {
    let helm = helm();
    let bindings = |values: &[&str]| -> Vec<(String, String)> {
        let objects = helm.objects(values);
        let bindings = objects.iter().filter(|object| object["kind"] == "ClusterRoleBinding");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        bindings.map(|it| (text(&it["roleRef"]["name"]), text(&it["subjects"][0]["name"]))).collect()
    };
    let own = ("ccx-operator-cluster".to_owned(), "ccx-operator".to_owned());
    assert!(bindings(&[]).contains(&own) && !bindings(&["--set=rbac.cluster=false"]).contains(&own));
    assert!(bindings(&[IN_TWO_NAMESPACES[0], "--set=rbac.cluster=true"]).contains(&own));
    let delegated = ("system:auth-delegator".to_owned(), "ccx-insights-results-smart-proxy".to_owned());
    assert!(!bindings(&[]).contains(&delegated));
    let values = "--set=authDelegators[0].namespace=insights,authDelegators[0].name=ccx";
    assert!(bindings(&[values]).contains(&delegated));
}

#[test]
#[ignore = "needs helm"]
fn definition_is_upgraded_with_the_chart_and_retained() {
    let helm = helm();
    let definition =
        |values| helm.objects(values).into_iter().find(|object| object["kind"] == "CustomResourceDefinition");
    let kept = definition(&[]).unwrap();
    assert_eq!(kept["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    assert_eq!(kept["metadata"]["name"], "ccxpipelines.ccx.openshift.io");
    let mut released = definition(&["--set=crd.keep=false"]).unwrap();
    released["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
    assert_eq!(kept, released, "nothing else depends on it");
    assert_eq!(definition(&["--set=crd.install=false"]), None);
}

/// Helm refuses to install an object that exists outside of the release.
#[test]
#[ignore = "needs Kubernetes, helm"]
fn definition_that_exists_is_left_while_it_is_the_same_and_taken_over_by_take_ownership() {
    let kubeconfig = needs::kubeconfig().display().to_string();
    let helm = Program { path: "helm".into(), environment: vec![("KUBECONFIG", kubeconfig)] };
    let kubectl = kubectl();
    let definition = ccx_crds::crd_yaml();
    let applied =
        kubectl.run_with(&definition, &["apply", "--server-side", "--force-conflicts", "--filename=-"]);
    assert!(applied.status.success(), "{}", text(&applied));
    let target = ["--dry-run=server", "--namespace=default"];
    let install = |values: &[&str]| helm.run_named("install", "other", &[&target, values].concat());

    let same = install(&[]);
    assert!(same.status.success(), "{}", text(&same));
    assert!(text(&same).contains("it was left") && !text(&same).contains("kind: CustomResourceDefinition"));

    let annotation = "ccx.openshift.io/definition-digest";
    let name = "customresourcedefinition/ccxpipelines.ccx.openshift.io";
    kubectl.run_with("", &["annotate", "--overwrite", name, &format!("{annotation}=older")]);
    let older = install(&[]);
    assert!(
        !older.status.success() && text(&older).contains("invalid ownership metadata"),
        "{}",
        text(&older)
    );
    for way in ["--take-ownership", "--set=crd.install=false"] {
        let output = install(&[way]);
        assert!(output.status.success(), "{way}: {}", text(&output));
    }
    kubectl.run_with(&definition, &["apply", "--server-side", "--force-conflicts", "--filename=-"]);
}

#[test]
#[ignore = "needs helm"]
fn cluster_roles_view_edit_and_admin_include_the_resource() {
    let helm = helm();
    let roles = |values: &[&str]| -> Vec<String> {
        let objects = helm.objects(values);
        let aggregated = objects
            .iter()
            .filter(|it| it["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-admin"] == "true");
        aggregated.map(|role| role["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(roles(&[]), ["ccx-operator-view", "ccx-operator-edit"]);
    assert_eq!(roles(&["--set=rbac.aggregate=false"]), [""; 0]);
}

#[test]
#[ignore = "needs helm"]
fn monitor_selects_the_operators_own_port() {
    let helm = helm();
    for (kind, endpoints) in [("PodMonitor", "podMetricsEndpoints"), ("ServiceMonitor", "endpoints")] {
        let objects =
            helm.objects(&["--set", &format!("monitor.type={kind},monitor.labels.release=prometheus")]);
        let monitor = objects.iter().find(|object| object["kind"] == kind).unwrap();
        assert_eq!(
            monitor["spec"][endpoints],
            json!([{"port": "http", "path": "/metrics", "interval": "30s"}])
        );
        assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    }
}

#[test]
#[ignore = "needs helm"]
fn plain_yaml_of_the_chart_is_up_to_date() {
    let helm = helm();
    let header = "# Generated from charts/ccx-operator; `make generate` writes this file.\n";
    let is_about_helm = |line: &&str| line.starts_with("# Source: ") || line.contains("managed-by: Helm");
    let template = helm.template(&["--set=crd.install=false"]);
    let lines: Vec<&str> = template.lines().filter(|line| !is_about_helm(line)).collect();
    assert_generated("deploy/operator.yaml", &format!("{header}{}\n", lines.join("\n")));
}

#[test]
#[ignore = "needs Kubernetes"]
fn plain_yaml_is_applied_with_the_definition() {
    let kubectl = kubectl();
    let output = kubectl.run_with("", &["kustomize", &path("deploy").display().to_string()]);
    assert!(output.status.success(), "{}", text(&output));
    let yaml = text(&output);
    let kinds: Vec<_> = yaml.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "CustomResourceDefinition").count(), 1);
    assert!(kinds.contains(&"Namespace") && kinds.contains(&"Deployment"), "{kinds:?}");
}

/// A program with the arguments of every call.
struct Program {
    path: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Program {
    fn run_with(&self, input: &str, arguments: &[&str]) -> Output {
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs `helm COMMAND CHART ARGUMENTS...`.
    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        let chart = path("charts/ccx-operator").display().to_string();
        self.run_with("", &[&[command, &chart, KUBERNETES], arguments].concat())
    }

    /// Runs `helm COMMAND NAME CHART ARGUMENTS...` against the cluster.
    fn run_named(&self, command: &str, name: &str, arguments: &[&str]) -> Output {
        let chart = path("charts/ccx-operator").display().to_string();
        self.run_with("", &[&[command, name, &chart], arguments].concat())
    }

    /// Returns all rendered objects as text.
    fn template(&self, values: &[&str]) -> String {
        let output = self.run(
            "template",
            &[&["--name-template=ccx-operator", "--namespace=ccx-operator"], values].concat(),
        );
        assert!(output.status.success(), "{values:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn objects(&self, values: &[&str]) -> Vec<Value> {
        let text = self.template(values);
        let documents = text.split("\n---\n").filter(|document| document.contains("kind:"));
        documents.map(|document| serde_saphyr::from_str(document).unwrap()).collect()
    }
}

fn helm() -> Program {
    Program { path: "helm".into(), environment: Vec::new() }
}

fn kubectl() -> Program {
    let kubeconfig = needs::kubeconfig().display().to_string();
    Program { path: "kubectl".into(), environment: vec![("KUBECONFIG", kubeconfig)] }
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

#[test]
#[ignore = "needs helm"]
fn invalid_value_is_refused_with_its_name_and_the_form() {
    let cases = [
        ("--set=replica=1", "additional properties 'replica' not allowed"),
        ("--set=replicas=abc", "'/replicas': got string, want integer"),
        ("--set=log=verbose", "log: write error, warn, info, debug, trace or off"),
        ("--set=log=info\\,ccx_operator=verbos", "log: write error"),
        (
            "--set=image.repository=quay.io/ccx/ccx-operator:1",
            "image.repository: write an image without scheme, tag and digest",
        ),
        ("--set=image.repository=https://quay.io/ccx", "image.repository: write an image without scheme"),
        ("--set=image.tag=a b", "image.tag: write a tag of letters"),
        ("--set=workloadImages.ccx=https://quay.io/ccx/ccx", "workloadImages.ccx: write an image such as"),
        ("--set=workloadImages.postgresql=post gres", "workloadImages.postgresql: write an image such as"),
        ("--set=serviceAccount.name=Bad_Name", "serviceAccount.name: write a name of lower-case letters"),
        ("--set=resources.limits.memory=abc", "resources.limits.memory: write a quantity such as"),
        ("--set=resources.limit.memory=1Gi", "additional properties 'limit' not allowed"),
        (
            "--set=podLabels.app\\.kubernetes\\.io/name=x",
            "podLabels: choose another label than app.kubernetes.io/name",
        ),
        ("--set=extraEnv[0].name=A,extraEnv[0].value=1", "'/extraEnv/0/value': got number, want string"),
        ("--set=tolerations[0].kei=x", "additional properties 'kei' not allowed"),
        ("--set=affinity.nodes=x", "additional properties 'nodes' not allowed"),
        ("--set=image=null", "missing property 'image'"),
    ];
    let helm = helm();
    for (value, expected) in cases {
        let output =
            helm.run("template", &["--name-template=ccx-operator", "--namespace=ccx-operator", value]);
        assert!(!output.status.success() && text(&output).contains(expected), "{value}: {}", text(&output));
    }
    for value in [
        "--set=watchNamespaces=null",
        "--set=log=INFO",
        "--set=resources.limits.cpu=0.5",
        "--set=image.repository=localhost:5000/ccx",
    ] {
        let output =
            helm.run("template", &["--name-template=ccx-operator", "--namespace=ccx-operator", value]);
        assert!(output.status.success(), "{value}: {}", text(&output));
    }
}
