//! Cluster monitoring operators admitted with a security context constraint under which they cannot start.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, MONITORING_PODS, PLATFORM_PODS, Pod},
};

const KEY: &str = "CMO_CONTAINER_RUN_AS_NON_ROOT";

/// An administrator may be changing security context constraints.
const MIN_WAITING: TimeDelta = TimeDelta::minutes(10);

pub(super) struct CmoContainerRunAsNonRoot;

#[derive(Serialize)]
struct Details<'a> {
    pod: &'a str,
    container: &'a str,
    message: &'a str,
    scc: &'a str,
}

impl Rule for CmoContainerRunAsNonRoot {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.cmo_container_run_as_non_root", KEY)
            .requires(MONITORING_PODS)
            .may_read(PLATFORM_PODS)
            .for_at_least(MIN_WAITING, "refused")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pods = context.within_budget(context.monitoring_pods()).filter(|pod| is_operator(pod));
        let mut lasting = pods.filter(|pod| context.has_lasted(pod.not_ready_since(), MIN_WAITING));
        let details = lasting.find_map(refused)?;
        Some(Response::hit(KEY, &details))
    }
}

fn is_operator(pod: &Pod<'_>) -> bool {
    pod.metadata.name.starts_with("cluster-monitoring-operator-")
}

fn refused<'a>(pod: &'a Pod<'_>) -> Option<Details<'a>> {
    let container = pod.containers().find(|container| may_not_run_as_root(container))?;
    Some(Details {
        pod: &pod.metadata.name,
        container: &container.name,
        message: excerpt(&container.state.waiting.message),
        scc: &pod.metadata.annotations.scc,
    })
}

fn may_not_run_as_root(container: &Container<'_>) -> bool {
    let waiting = &container.state.waiting;
    &*waiting.reason == "CreateContainerConfigError" && waiting.message.contains("runAsNonRoot")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const MESSAGE: &str = "container has runAsNonRoot and image will run as root";

    fn ask_about(name: &str, reason: &str, message: &str) -> Answer {
        let container = json!({"name": "c", "state": {"waiting": {"reason": reason, "message": message}}});
        let annotations = json!({"openshift.io/scc": "custom", "other": "\\"});
        let metadata = json!({"name": name, "namespace": "openshift-monitoring", "annotations": annotations});
        let pod = json!({"metadata": metadata, "status": {"containerStatuses": [container]}});
        ask(CmoContainerRunAsNonRoot, &[("config/pod/openshift-monitoring/p.json", pod)])
    }

    #[test]
    fn operator_that_may_not_run_as_root_is_a_hit() {
        let details = json!({"pod": "cluster-monitoring-operator-1", "container": "c", "message": MESSAGE, "scc": "custom"});
        let answer = ask_about("cluster-monitoring-operator-1", "CreateContainerConfigError", MESSAGE);
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn refusal_of_minutes_is_silent() {
        let waiting = json!({"waiting": {"reason": "CreateContainerConfigError", "message": MESSAGE}});
        let metadata = json!({"name": "cluster-monitoring-operator-1", "namespace": "openshift-monitoring"});
        for (started, is_hit) in [("2026-01-15T11:51:00Z", false), ("2026-01-15T11:50:00Z", true)] {
            let status =
                json!({"startTime": started, "containerStatuses": [{"name": "c", "state": waiting}]});
            let pod = json!({"metadata": metadata, "status": status});
            let answer = ask(CmoContainerRunAsNonRoot, &[("config/pod/openshift-monitoring/p.json", pod)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{started}");
        }
    }

    #[test]
    fn other_pod_reason_or_message_is_silent() {
        let operator = "cluster-monitoring-operator-1";
        assert_eq!(ask_about("prometheus-k8s-0", "CreateContainerConfigError", MESSAGE), Answer::Miss);
        assert_eq!(ask_about(operator, "CrashLoopBackOff", MESSAGE), Answer::Miss);
        assert_eq!(ask_about(operator, "CreateContainerConfigError", "configmap not found"), Answer::Miss);
        assert_eq!(ask(CmoContainerRunAsNonRoot, &[]), Answer::skip_all(&["monitoring_pods"]));
    }
}
