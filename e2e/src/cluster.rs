//! A Kubernetes cluster with nodes, used by kubectl and helm.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// The namespace and the Helm release of the operator.
pub const OPERATOR: &str = "ccx-operator";

/// A cluster, and the address of this machine for its pods.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: String,
    host: String,
    audit_log: Option<PathBuf>,
}

impl Cluster {
    /// Returns the cluster that `e2e/cluster/cluster.sh env` names: its kubeconfig, the address of this
    /// machine for its pods, and the audit log of its API server, if it has one.
    ///
    /// # Panics
    /// Without one: such a test is run by `make e2e-cluster`.
    pub fn find() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let kubeconfig = variable("CCX_E2E_KUBECONFIG")
            .expect("CCX_E2E_KUBECONFIG: a cluster with pods; `make e2e-cluster` starts one");
        let host = variable("CCX_E2E_HOST")
            .expect("CCX_E2E_HOST: the address of this machine for the cluster's pods");
        Self { kubeconfig, host, audit_log: variable("CCX_E2E_AUDIT_LOG").map(PathBuf::from) }
    }

    /// Returns the address of this machine for the pods of the cluster.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the audit log of the API server.
    pub fn audit_log(&self) -> Option<&Path> {
        self.audit_log.as_deref()
    }

    /// Runs kubectl, and returns its output.
    ///
    /// # Panics
    /// If it fails.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.try_kubectl(arguments, "").unwrap_or_else(|error| panic!("kubectl {arguments:?}: {error}"))
    }

    /// Runs kubectl with an input, and returns its output or its error.
    pub fn try_kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        run("kubectl", &self.kubeconfig, arguments, input)
    }

    /// Installs the operator, or upgrades it, with these settings (`key=value`) of the chart; waits until it
    /// runs.
    pub fn install_operator(&self, settings: &[&str]) {
        let chart =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/ccx-operator").display().to_string();
        let mut arguments =
            vec!["upgrade", "--install", OPERATOR, &chart, "--namespace", OPERATOR, "--create-namespace"];
        arguments.extend(["--wait", "--timeout", "3m"]);
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        run("helm", &self.kubeconfig, &arguments, "")
            .unwrap_or_else(|error| panic!("helm {arguments:?}: {error}"));
    }

    /// Returns objects as JSON; the arguments are those of `kubectl get`.
    pub fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "--output=json"], arguments].concat());
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// Returns the command of a `kubectl` process that keeps running.
    pub(crate) fn kubectl_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(arguments).env("KUBECONFIG", &self.kubeconfig).stdin(Stdio::null());
        command
    }
}

fn run(program: &str, kubeconfig: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).env("KUBECONFIG", kubeconfig);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kubectl and helm are in PATH");
    // A program may terminate without reading its input.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("our own child");
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
