//! Stands in for a kubelet: sets the status of pods without running them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// The label with a pod's role.
const ROLE: &str = "app.kubernetes.io/component";

/// The role of pods that migrate the schema.
const MIGRATION: &str = "migration";

/// The status of pods by their role. Pods of other roles run, and those of Jobs succeed.
pub(crate) struct Kubelet {
    statuses: PodStatuses,
    client: Client,
    namespace: String,
    task: JoinHandle<()>,
}

type PodStatuses = Arc<Mutex<BTreeMap<String, Value>>>;

impl Kubelet {
    pub(crate) fn start(client: Client, namespace: &str) -> Self {
        let statuses = PodStatuses::default();
        let task = tokio::spawn(run(client.clone(), namespace.to_owned(), Arc::clone(&statuses)));
        Self { statuses, client, namespace: namespace.to_owned(), task }
    }

    /// Sets the status of pods of this role; null leaves them unchanged.
    pub(crate) async fn set(&self, role: &str, status: Value) {
        self.statuses.lock().unwrap().insert(role.into(), status);
        self.touch(role).await;
    }

    /// Sets the status of pods of this role that are created from now on.
    pub(crate) fn set_new(&self, role: &str, status: Value) {
        self.statuses.lock().unwrap().insert(role.into(), status);
    }

    /// Resets the status of pods of this role to the default.
    pub(crate) async fn reset(&self, role: &str) {
        self.statuses.lock().unwrap().remove(role);
        self.touch(role).await;
    }

    async fn touch(&self, role: &str) {
        let api = Api::<Pod>::namespaced(self.client.clone(), &self.namespace);
        let pods =
            api.list(&kube::api::ListParams::default().labels(&format!("{ROLE}={role}"))).await.unwrap();
        for pod in pods {
            update_status(&api, &pod, &self.statuses).await;
        }
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(client: Client, namespace: String, statuses: PodStatuses) {
    let api = Api::<Pod>::namespaced(client, &namespace);
    let pods = watcher(api.clone(), watcher::Config::default()).default_backoff().touched_objects();
    pods.for_each(async |pod| {
        if let Ok(pod) = pod {
            update_status(&api, &pod, &statuses).await;
        }
    })
    .await;
}

async fn update_status(api: &Api<Pod>, pod: &Pod, statuses: &PodStatuses) {
    let name = pod.name_any();
    if pod.metadata.deletion_timestamp.is_some() {
        let _ = api.delete(&name, &DeleteParams::default().grace_period(0)).await;
        return;
    }
    let role = pod.labels().get(ROLE).cloned().unwrap_or_default();
    let configured = statuses.lock().unwrap().get(&role).cloned();
    let status = configured.unwrap_or_else(|| usual(pod));
    let is_current = status.is_null() || is_contained(&status, &serde_json::to_value(&pod.status).unwrap());
    if !is_current {
        // A pod that was deleted meanwhile needs no status.
        let _ =
            api.patch_status(&name, &PatchParams::default(), &Patch::Merge(json!({"status": status}))).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn usual(pod: &Pod) -> Value {
    match pod.labels().get(ROLE).map(String::as_str) {
        Some(MIGRATION) => migrated(32, 4),
        _ if pod.labels().contains_key("batch.kubernetes.io/job-name") => succeeded(""),
        _ => ready(),
    }
}

/// Returns the status of a ready pod.
pub(crate) fn ready() -> Value {
    json!({"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [container(&json!({"running": {}}), true)]})
}

/// Returns the status of a pod that runs and is not ready.
pub(crate) fn unready() -> Value {
    json!({"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container(&json!({"running": {}}), false)]})
}

/// Returns the status of a pod whose container waits for this reason.
pub(crate) fn waiting(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container(&json!({"waiting": {"reason": reason, "message": message}}), false)]})
}

/// Returns the status of a pod whose container exits repeatedly, the last time with this code and message.
pub(crate) fn crash_loop(exit_code: i32, reason: &str, message: &str) -> Value {
    let mut status = waiting("CrashLoopBackOff", "back-off 10s restarting failed container");
    status["containerStatuses"][0]["lastState"] =
        json!({"terminated": {"exitCode": exit_code, "reason": reason, "message": message}});
    status
}

/// Returns the status of a pod of a Job that exited with this code and message.
pub(crate) fn failed(exit_code: i32, message: &str) -> Value {
    json!({"phase": "Failed", "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container(&json!({"terminated": {"exitCode": exit_code, "message": message}}), false)]})
}

/// Returns the status of a pod that migrated the schema to these versions.
pub(crate) fn migrated(public: u16, dvo: u16) -> Value {
    succeeded(&format!("{}\n", json!({"public": public, "dvo": dvo})))
}

/// Returns the status of a pod of a Job that succeeded with this message.
pub(crate) fn succeeded(message: &str) -> Value {
    json!({"phase": "Succeeded", "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [container(&json!({"terminated": {"exitCode": 0, "message": message}}), false)]})
}

fn container(state: &Value, is_ready: bool) -> Value {
    json!({"name": "main", "image": "i", "imageID": "", "ready": is_ready, "restartCount": 0, "state": state})
}

/// Whether `whole` contains `part`, so that no write is needed.
fn is_contained(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| is_contained(value, whole.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(part, whole)| is_contained(part, whole))
        }
        (Value::Object(part), Value::Null) => part.is_empty(),
        (Value::String(part), Value::Null) => part.is_empty(),
        _ => part == whole,
    }
}
