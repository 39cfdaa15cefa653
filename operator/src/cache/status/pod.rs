//! The readiness of a pod, and its most severe issue.

use std::net::IpAddr;

use ccx_service::SchemaVersions;
use k8s_openapi::{
    api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, PodCondition, PodStatus},
    jiff::Timestamp,
};
use kube::core::DynamicObject;
use serde::de::IgnoredAny;

use crate::{
    cache::partial_object::{Part, PartialObject},
    model::{
        component::MIGRATION,
        names::{ROLE_LABEL, main_container_name},
    },
};

/// The limit of a stored message. A termination message has up to 4 KiB, and its end says why the process
/// exited.
const MAX_MESSAGE_CHARS: usize = 512;

/// The exit code of a process that was killed because it ran out of memory.
const KILLED: i32 = 137;

/// The decoded parts of a pod.
pub(crate) type Pod = PartialObject<DynamicObject, IgnoredAny, PodStatus>;

impl Part for PodStatus {}

/// The state of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodState {
    /// Its role.
    pub(crate) role: Box<str>,
    /// Whether it is Ready.
    pub(crate) is_ready: bool,
    /// Whether its main container is running.
    pub(crate) is_running: bool,
    /// Whether it is being deleted.
    pub(crate) is_terminating: bool,
    /// Its address.
    pub(crate) ip: Option<IpAddr>,
    /// The schema versions that a successful migration reported.
    pub(crate) schema: Option<SchemaVersions>,
    /// Its most severe issue.
    pub(crate) issue: Option<Box<PodIssue>>,
}

/// An issue of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodIssue {
    /// Its kind.
    pub(crate) kind: PodIssueKind,
    /// The message of the kubelet, the scheduler or the process.
    pub(crate) message: String,
    /// The time since which it can't be scheduled.
    pub(crate) since: Option<Timestamp>,
}

impl PodIssue {
    fn new(kind: PodIssueKind, message: String) -> Self {
        Self { kind, message, since: None }
    }
}

/// The kinds of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PodIssueKind {
    /// It can't be scheduled.
    Unschedulable,
    /// Its image can't be pulled.
    ImagePull,
    /// A Secret or ConfigMap, or a key of it, does not exist.
    MissingConfig,
    /// Its process was killed for using too much memory.
    OutOfMemory,
    /// Its process exits repeatedly.
    CrashLoop {
        /// The exit code.
        exit_code: i32,
    },
    /// Its process, which runs once, exited with an error.
    Failed {
        /// The exit code.
        exit_code: i32,
    },
    /// It is running and its readiness probe fails.
    NotReady,
}

impl From<&Pod> for PodState {
    fn from(pod: &Pod) -> Self {
        let status = &pod.status;
        let is_ready = condition(status, "Ready").is_some_and(|ready| ready.status == "True");
        let role = pod.metadata.labels.as_ref().and_then(|labels| labels.get(ROLE_LABEL));
        let main = main_container(status, role.map_or("", String::as_str));
        Self {
            schema: main.filter(|_| role.is_some_and(|role| role == MIGRATION)).and_then(schema),
            role: role.map(String::as_str).unwrap_or_default().into(),
            is_ready,
            is_running: main
                .and_then(|main| main.state.as_ref())
                .is_some_and(|state| state.running.is_some()),
            is_terminating: pod.metadata.deletion_timestamp.is_some(),
            ip: status.pod_ip.as_deref().and_then(|ip| ip.parse().ok()),
            issue: if is_ready { None } else { problem(status, main).map(Box::new) },
        }
    }
}

/// Returns the container named after the role: the kubelet sorts them by name, so that an injected one may
/// come first.
fn main_container<'a>(status: &'a PodStatus, role: &str) -> Option<&'a ContainerStatus> {
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    containers.iter().find(|container| container.name == main_container_name(role)).or(containers.first())
}

/// Returns the versions in the termination message of a process that succeeded.
fn schema(container: &ContainerStatus) -> Option<SchemaVersions> {
    let end = container.state.as_ref()?.terminated.as_ref().filter(|end| end.exit_code == 0)?;
    SchemaVersions::parse(end.message.as_deref()?)
}

fn problem(status: &PodStatus, main: Option<&ContainerStatus>) -> Option<PodIssue> {
    if let Some(scheduled) = condition(status, "PodScheduled").filter(|it| it.status == "False") {
        let message = shorten(scheduled.message.as_deref().unwrap_or_default());
        let since = scheduled.last_transition_time.as_ref().map(|time| time.0);
        return Some(PodIssue { since, ..PodIssue::new(PodIssueKind::Unschedulable, message) });
    }
    let init = status.init_container_statuses.iter().flatten();
    let others = status.container_statuses.iter().flatten();
    init.chain(main).chain(others).find_map(container_problem)
}

fn condition<'a>(status: &'a PodStatus, name: &str) -> Option<&'a PodCondition> {
    status.conditions.iter().flatten().find(|condition| condition.type_ == name)
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
        _ => PodIssue::new(PodIssueKind::NotReady, format!("{} is running and not ready", container.name)),
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
        | "ImageInspectError" => Some(PodIssue::new(PodIssueKind::ImagePull, message)),
        "CreateContainerConfigError" | "CreateContainerError" => {
            Some(PodIssue::new(PodIssueKind::MissingConfig, message))
        }
        "CrashLoopBackOff" => match ended_before {
            Some(end) => Some(ended_problem(end, PodIssueKind::CrashLoop { exit_code: end.exit_code })),
            None => Some(PodIssue::new(PodIssueKind::CrashLoop { exit_code: 0 }, message)),
        },
        _ => None,
    }
}

fn ended_problem(end: &ContainerStateTerminated, otherwise: PodIssueKind) -> PodIssue {
    let kind = if is_out_of_memory(end) { PodIssueKind::OutOfMemory } else { otherwise };
    let message = end.message.as_deref().or(end.reason.as_deref()).unwrap_or_default();
    PodIssue::new(kind, shorten(message))
}

fn is_out_of_memory(end: &ContainerStateTerminated) -> bool {
    end.reason.as_deref() == Some("OOMKilled") && (end.exit_code == KILLED || end.exit_code == 0)
}

/// Returns the end of a message: the last lines of a log say why a process exited.
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
        let labels = json!({ROLE_LABEL: "data-pipeline"});
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
    fn ready_pod_has_no_issue() {
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
    fn unscheduled_pod_has_message_of_scheduler() {
        let status = json!({"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]});
        assert_eq!(kind(&status), (PodIssueKind::Unschedulable, "0/1 nodes are available".into()));
    }

    #[test]
    fn image_pull_and_missing_configuration_are_distinct_issues() {
        let waiting =
            |reason: &str| container(&json!({"waiting": {"reason": reason, "message": "why"}}), &json!({}));
        for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
            assert_eq!(kind(&waiting(reason)), (PodIssueKind::ImagePull, "why".into()));
        }
        assert_eq!(kind(&waiting("CreateContainerConfigError")), (PodIssueKind::MissingConfig, "why".into()));
        assert_eq!(pod(&waiting("ContainerCreating")).issue, None);
    }

    #[test]
    fn crash_loop_has_last_exit_code_and_message() {
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
        let status = container(&waiting, &json!({"terminated": {"exitCode": 2, "message": "no brokers\n"}}));
        assert_eq!(kind(&status), (PodIssueKind::CrashLoop { exit_code: 2 }, "no brokers".into()));
    }

    #[test]
    fn process_out_of_memory_is_a_distinct_issue() {
        let end = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let looping = container(&json!({"waiting": {"reason": "CrashLoopBackOff"}}), &end);
        assert_eq!(kind(&looping).0, PodIssueKind::OutOfMemory);
        assert_eq!(kind(&container(&json!({"running": {}}), &end)).0, PodIssueKind::OutOfMemory);
    }

    #[test]
    fn failed_process_and_failing_probe_are_distinct_issues() {
        let failed =
            container(&json!({"terminated": {"exitCode": 1, "message": "relation exists"}}), &json!({}));
        assert_eq!(kind(&failed), (PodIssueKind::Failed { exit_code: 1 }, "relation exists".into()));
        let unready = container(&json!({"running": {}}), &json!({}));
        assert_eq!(kind(&unready), (PodIssueKind::NotReady, "main is running and not ready".into()));
    }

    #[test]
    fn schema_versions_are_read_from_successful_migrations_only() {
        let facts = |role: &str, exit_code: i32| {
            let end =
                json!({"terminated": {"exitCode": exit_code, "message": "{\"dvo\":4,\"public\":32}\n"}});
            let labels = json!({ROLE_LABEL: role});
            let object = json!({"metadata": {"labels": labels}, "status": container(&end, &json!({}))});
            PodState::from(&serde_json::from_value::<Pod>(object).unwrap()).schema
        };
        assert_eq!(facts("migration", 0), Some(SchemaVersions { public: 32, dvo: 4, postgresql: None }));
        assert_eq!([facts("migration", 1), facts("topics", 0)], [None, None]);
    }

    #[test]
    fn main_container_is_found_by_name_and_crash_of_injected_one_is_reported() {
        let state = |name: &str, state: Value, ready: bool| json!({"name": name, "image": "i", "imageID": "", "ready": ready, "restartCount": 0, "state": state});
        let waiting = |reason: &str| json!({"waiting": {"reason": reason, "message": "no istiod"}});
        let ours = state("data-pipeline", json!({"running": {}}), true);
        let healthy =
            json!({"containerStatuses": [state("a-proxy", waiting("PodInitializing"), false), ours]});
        assert!(pod(&healthy).is_running);
        let crashed =
            json!({"containerStatuses": [state("a-proxy", waiting("CrashLoopBackOff"), false), ours]});
        assert_eq!(kind(&crashed), (PodIssueKind::CrashLoop { exit_code: 0 }, "no istiod".into()));
    }

    #[test]
    fn long_message_keeps_its_end() {
        let long = format!("{}the end", "x".repeat(2 * MAX_MESSAGE_CHARS));
        let shortened = shorten(&long);
        assert!(shortened.starts_with('…') && shortened.ends_with("the end"));
        assert_eq!(shortened.chars().count(), MAX_MESSAGE_CHARS + 1);
    }
}
