//! The namespace of one test, and its objects.

use std::thread;

use serde_json::{Value, json};

use crate::{Cluster, cluster::OPERATOR};

/// A namespace that is deleted when it is dropped. If the test fails, its objects are printed.
#[derive(Debug)]
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: &'static str,
}

/// A run of the containers of a pod: another pod, or a restart in place, is another run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
    /// The number of restarts of its containers.
    pub restarts: u64,
    /// Whether it is ready and not being deleted.
    pub is_ready: bool,
}

impl<'a> Namespace<'a> {
    /// Creates an empty namespace with the pod security level `restricted`.
    pub fn new(cluster: &'a Cluster, name: &'static str) -> Self {
        // An interrupted run may have left it.
        cluster.kubectl(&["delete", "namespace", name, "--ignore-not-found", "--timeout=120s"]);
        let namespace = Self { cluster, name };
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        namespace.apply(
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}),
        );
        namespace
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Creates or changes an object.
    ///
    /// # Panics
    /// If the API server refuses it.
    pub fn apply(&self, object: &Value) {
        let arguments =
            ["apply", "--server-side", "--force-conflicts", "--namespace", self.name, "--filename=-"];
        self.cluster
            .try_kubectl(&arguments, &object.to_string())
            .unwrap_or_else(|error| panic!("{object}: {error}"));
    }

    /// Runs kubectl in the namespace, and returns its output.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.cluster.kubectl(&[&["--namespace", self.name], arguments].concat())
    }

    /// Changes fields of an object.
    pub fn patch(&self, object: &str, fields: &Value) {
        self.kubectl(&["patch", object, "--type=merge", "--patch", &fields.to_string()]);
    }

    /// Returns objects as JSON; the arguments are those of `kubectl get`.
    pub fn get(&self, arguments: &[&str]) -> Value {
        self.cluster.get(&[&["--namespace", self.name], arguments].concat())
    }

    /// Returns the names of all objects of these kinds.
    pub fn names(&self, kinds: &str) -> Vec<String> {
        self.kubectl(&["get", kinds, "--output=name"]).lines().map(str::to_owned).collect()
    }

    /// Returns the pods of a component that are not finished, by name.
    pub fn pods(&self, component: &str) -> Vec<Pod> {
        let selector = format!("app.kubernetes.io/component={component}");
        let pods = self.get(&["pods", "--selector", &selector]);
        let mut pods: Vec<Pod> =
            items(&pods).filter(|pod| pod["status"]["phase"] != "Succeeded").map(read_pod).collect();
        pods.sort();
        pods
    }

    /// Returns the messages of Events with this reason.
    pub fn events(&self, reason: &str) -> Vec<String> {
        let events = self.get(&["events"]);
        let events = items(&events).filter(|event| event["reason"] == reason);
        events.filter_map(|event| event["message"].as_str().map(str::to_owned)).collect()
    }

    fn show(&self) {
        let kubectl =
            |arguments: &[&str]| self.cluster.try_kubectl(arguments, "").unwrap_or_else(|error| error);
        let here = ["--namespace", self.name];
        eprintln!("--- namespace {} ---", self.name);
        eprintln!(
            "{}",
            kubectl(&[&here[..], &["get", "ccxpipelines,deployments,statefulsets,jobs,pvc,pods"]].concat())
        );
        eprintln!("{}", kubectl(&[&here[..], &["describe", "ccxpipelines"]].concat()));
        eprintln!(
            "{}",
            kubectl(&[&here[..], &["get", "events", "--sort-by=.metadata.creationTimestamp"]].concat())
        );
        let logs =
            ["logs", "--namespace", OPERATOR, "--selector=app.kubernetes.io/name=ccx-operator", "--tail=60"];
        eprintln!("--- the operator's log ---\n{}", kubectl(&logs));
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show();
        } else {
            let _ = self.cluster.try_kubectl(&["delete", "namespace", self.name, "--wait=false"], "");
        }
    }
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
}

fn read_pod(pod: &Value) -> Pod {
    let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
    let containers = pod["status"]["containerStatuses"].as_array();
    let restarts =
        containers.into_iter().flatten().filter_map(|container| container["restartCount"].as_u64());
    let conditions = pod["status"]["conditions"].as_array();
    let mut ready = conditions.into_iter().flatten().filter(|condition| condition["type"] == "Ready");
    let is_terminating = !pod["metadata"]["deletionTimestamp"].is_null();
    Pod {
        name: text("name"),
        uid: text("uid"),
        restarts: restarts.sum(),
        is_ready: !is_terminating && ready.any(|condition| condition["status"] == "True"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pod_that_is_being_deleted_is_not_ready() {
        let mut pod = json!({
            "metadata": {"name": "a", "uid": "1"},
            "status": {
                "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}],
                "containerStatuses": [{"restartCount": 1}, {"restartCount": 2}],
            },
        });
        let expected = Pod { name: "a".into(), uid: "1".into(), restarts: 3, is_ready: true };
        assert_eq!(read_pod(&pod), expected);
        pod["metadata"]["deletionTimestamp"] = "2026-01-15T12:00:00Z".into();
        assert!(!read_pod(&pod).is_ready);
    }
}
