//! Pods: whether one is ready, and the one thing that is most wrong with it.

use std::net::IpAddr;

use ccx_service::SchemaVersions;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, PodStatus};
use kube::core::DynamicObject;
use serde::de::IgnoredAny;

use crate::{
    cache::partial_object::{Part, PartialObject},
    model::component::MIGRATION,
};

/// What is kept of a message. A termination message has 4 KiB at most, and its end says why the process ended.
const MAX_MESSAGE_CHARS: usize = 512;

/// The code of a process that the kernel killed for its memory.
const KILLED: i32 = 137;

/// A pod, as far as it is decoded.
pub(crate) type Pod = PartialObject<DynamicObject, IgnoredAny, PodStatus>;

impl Part for PodStatus {}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodState {
    /// The value of `app.kubernetes.io/component`.
    pub(crate) role: Box<str>,
    /// Whether it takes traffic.
    pub(crate) is_ready: bool,
    /// Whether its main process runs.
    pub(crate) is_running: bool,
    /// Whether it is going away.
    pub(crate) is_terminating: bool,
    /// Where it is reached.
    pub(crate) ip: Option<IpAddr>,
    /// What it has brought the database to, when it was a migration and has succeeded.
    pub(crate) schema: Option<SchemaVersions>,
    /// What is most wrong with it.
    pub(crate) issue: Option<Box<PodIssue>>,
}

/// What is wrong with a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodIssue {
    /// What it is.
    pub(crate) kind: PodIssueKind,
    /// The kubelet's, the scheduler's or the process' own words.
    pub(crate) message: String,
}

/// What can be wrong with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodIssueKind {
    /// No node takes it.
    Unschedulable,
    /// Its image can't be pulled.
    ImagePull,
    /// A Secret or ConfigMap, or a key of it, does not exist.
    MissingConfig,
    /// Its process was killed for using too much memory.
    OutOfMemory,
    /// Its process ends again and again.
    CrashLoop {
        /// The code it ended with.
        exit_code: i32,
    },
    /// Its process ended with an error, and that was all it had to do.
    Failed {
        /// The code it ended with.
        exit_code: i32,
    },
    /// It runs and its probe fails.
    NotReady,
}

impl From<&Pod> for PodState {
    fn from(pod: &Pod) -> Self {
        let status = &pod.status;
        let is_ready = condition(status, "Ready").is_some_and(|(status, _)| status == "True");
        let main = status.container_statuses.iter().flatten().next();
        let role = pod.metadata.labels.as_ref().and_then(|labels| labels.get("app.kubernetes.io/component"));
        Self {
            schema: main.filter(|_| role.is_some_and(|role| role == MIGRATION)).and_then(schema),
            role: role.map(String::as_str).unwrap_or_default().into(),
            is_ready,
            is_running: main
                .and_then(|main| main.state.as_ref())
                .is_some_and(|state| state.running.is_some()),
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
            ip: status.pod_ip.as_deref().and_then(|ip| ip.parse().ok()),
            issue: if is_ready { None } else { problem(status).map(Box::new) },
        }
    }
}

/// Words of a process that failed count for nothing.
fn schema(container: &ContainerStatus) -> Option<SchemaVersions> {
    let end = container.state.as_ref()?.terminated.as_ref().filter(|end| end.exit_code == 0)?;
    SchemaVersions::parse(end.message.as_deref()?)
}

fn problem(status: &PodStatus) -> Option<PodIssue> {
    if let Some(("False", message)) = condition(status, "PodScheduled") {
        return Some(PodIssue { kind: PodIssueKind::Unschedulable, message: shorten(message) });
    }
    let init = status.init_container_statuses.iter().flatten();
    init.chain(status.container_statuses.iter().flatten()).find_map(container_problem)
}

fn condition<'a>(status: &'a PodStatus, name: &str) -> Option<(&'a str, &'a str)> {
    let condition = status.conditions.iter().flatten().find(|condition| condition.type_ == name)?;
    Some((condition.status.as_str(), condition.message.as_deref().unwrap_or_default()))
}

fn container_problem(container: &ContainerStatus) -> Option<PodIssue> {
    let state = container.state.as_ref()?;
    let ended = state.terminated.as_ref().filter(|end| end.exit_code != 0);
    let ended_before = container.last_state.as_ref().and_then(|last| last.terminated.as_ref());
    if let Some(problem) = waiting_problem(state, ended_before) {
        return Some(problem);
    }
    if let Some(end) = ended {
        return Some(ended_problem(end, PodIssueKind::Failed { exit_code: end.exit_code }));
    }
    let is_unready = state.running.is_some() && !container.ready;
    is_unready.then(|| match ended_before {
        Some(end) if is_out_of_memory(end) => ended_problem(end, PodIssueKind::OutOfMemory),
        _ => PodIssue {
            kind: PodIssueKind::NotReady,
            message: format!("{} runs and is not ready", container.name),
        },
    })
}

fn waiting_problem(
    state: &ContainerState,
    ended_before: Option<&ContainerStateTerminated>,
) -> Option<PodIssue> {
    let waiting = state.waiting.as_ref()?;
    let message = shorten(waiting.message.as_deref().unwrap_or_default());
    match waiting.reason.as_deref()? {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull"
        | "ImageInspectError" => Some(PodIssue { kind: PodIssueKind::ImagePull, message }),
        "CreateContainerConfigError" | "CreateContainerError" => {
            Some(PodIssue { kind: PodIssueKind::MissingConfig, message })
        }
        "CrashLoopBackOff" => match ended_before {
            Some(end) => Some(ended_problem(end, PodIssueKind::CrashLoop { exit_code: end.exit_code })),
            None => Some(PodIssue { kind: PodIssueKind::CrashLoop { exit_code: 0 }, message }),
        },
        _ => None,
    }
}

fn ended_problem(end: &ContainerStateTerminated, otherwise: PodIssueKind) -> PodIssue {
    let kind = if is_out_of_memory(end) { PodIssueKind::OutOfMemory } else { otherwise };
    let message = end.message.as_deref().or(end.reason.as_deref()).unwrap_or_default();
    PodIssue { kind, message: shorten(message) }
}

fn is_out_of_memory(end: &ContainerStateTerminated) -> bool {
    end.reason.as_deref() == Some("OOMKilled") && (end.exit_code == KILLED || end.exit_code == 0)
}

/// The end of a message: the last lines of a log say why.
fn shorten(message: &str) -> String {
    let message = message.trim();
    let surplus = message.chars().count().saturating_sub(MAX_MESSAGE_CHARS);
    if surplus == 0 {
        message.into()
    } else {
        format!("…{}", message.chars().skip(surplus).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> PodState {
        let labels = json!({"app.kubernetes.io/component": "data-pipeline"});
        let object = json!({"metadata": {"labels": labels}, "status": status});
        PodState::from(&serde_json::from_value::<Pod>(object).unwrap())
    }

    fn container(state: &Value, last_state: &Value) -> Value {
        json!({"containerStatuses": [{"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 1,
            "state": state, "lastState": last_state}]})
    }

    fn kind(status: &Value) -> (PodIssueKind, String) {
        let problem = *pod(status).issue.unwrap();
        (problem.kind, problem.message)
    }

    #[test]
    fn a_ready_pod_has_no_problem_whatever_happened_before() {
        let mut status = container(&json!({"running": {}}), &json!({"terminated": {"exitCode": 1}}));
        status["conditions"] = json!([{"type": "Ready", "status": "True"}]);
        status["podIP"] = json!("10.0.0.7");
        let expected = PodState {
            role: "data-pipeline".into(),
            is_ready: true,
            is_running: true,
            is_terminating: false,
            ip: Some([10, 0, 0, 7].into()),
            schema: None,
            issue: None,
        };
        assert_eq!(pod(&status), expected);
    }

    #[test]
    fn a_pod_without_a_node_repeats_what_the_scheduler_says() {
        let status = json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]});
        assert_eq!(kind(&status), (PodIssueKind::Unschedulable, "0/1 nodes are available".into()));
    }

    #[test]
    fn an_image_that_is_not_pulled_is_told_from_missing_configuration() {
        let waiting =
            |reason: &str| container(&json!({"waiting": {"reason": reason, "message": "why"}}), &json!({}));
        for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
            assert_eq!(kind(&waiting(reason)), (PodIssueKind::ImagePull, "why".into()));
        }
        assert_eq!(kind(&waiting("CreateContainerConfigError")), (PodIssueKind::MissingConfig, "why".into()));
        assert_eq!(pod(&waiting("ContainerCreating")).issue, None);
    }

    #[test]
    fn a_crash_loop_has_the_last_exit_code_and_message() {
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
        let status = container(&waiting, &json!({"terminated": {"exitCode": 2, "message": "no brokers\n"}}));
        assert_eq!(kind(&status), (PodIssueKind::CrashLoop { exit_code: 2 }, "no brokers".into()));
    }

    #[test]
    fn a_process_killed_for_its_memory_is_no_mere_crash() {
        let end = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let looping = container(&json!({"waiting": {"reason": "CrashLoopBackOff"}}), &end);
        assert_eq!(kind(&looping).0, PodIssueKind::OutOfMemory);
        assert_eq!(kind(&container(&json!({"running": {}}), &end)).0, PodIssueKind::OutOfMemory);
    }

    #[test]
    fn a_failed_process_and_a_failing_probe_are_told_apart() {
        let failed =
            container(&json!({"terminated": {"exitCode": 1, "message": "relation exists"}}), &json!({}));
        assert_eq!(kind(&failed), (PodIssueKind::Failed { exit_code: 1 }, "relation exists".into()));
        let unready = container(&json!({"running": {}}), &json!({}));
        assert_eq!(kind(&unready), (PodIssueKind::NotReady, "main runs and is not ready".into()));
    }

    #[test]
    fn a_migration_that_succeeded_says_what_it_has_reached_and_nobody_else_is_listened_to() {
        let facts = |role: &str, exit_code: i32| {
            let end =
                json!({"terminated": {"exitCode": exit_code, "message": "{\"dvo\":4,\"public\":32}\n"}});
            let labels = json!({"app.kubernetes.io/component": role});
            let object = json!({"metadata": {"labels": labels}, "status": container(&end, &json!({}))});
            PodState::from(&serde_json::from_value::<Pod>(object).unwrap()).schema
        };
        assert_eq!(facts("migration", 0), Some(SchemaVersions { public: 32, dvo: 4 }));
        assert_eq!([facts("migration", 1), facts("topics", 0)], [None, None]);
    }

    #[test]
    fn the_end_of_a_long_message_is_kept() {
        let long = format!("{}the end", "x".repeat(2 * MAX_MESSAGE_CHARS));
        let shortened = shorten(&long);
        assert!(shortened.starts_with('…') && shortened.ends_with("the end"));
        assert_eq!(shortened.chars().count(), MAX_MESSAGE_CHARS + 1);
    }
}
