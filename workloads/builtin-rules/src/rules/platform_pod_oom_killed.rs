//! Platform containers that were recently terminated because they ran out of memory.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod, Terminated},
};

const KEY: &str = "PLATFORM_POD_OOM_KILLED";
const REASON: &str = "OOMKilled";

/// `lastState` remains until the next termination, possibly for years.
const MAX_AGE: TimeDelta = TimeDelta::days(1);

pub(super) struct PlatformPodOomKilled;

#[derive(Serialize)]
struct Details<'a> {
    containers: Vec<Killed<'a>>,
}

#[derive(Serialize)]
struct Killed<'a> {
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    restarts: i64,
    memory_limit: &'a str,
    finished: &'a str,
}

impl Rule for PlatformPodOomKilled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.platform_pod_oom_killed", KEY).requires(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pods = context.within_budget(context.platform_pods());
        let containers = non_empty(pods.flat_map(|pod| killed(pod, context)))?;
        Some(Response::hit(KEY, &Details { containers }))
    }
}

fn killed<'a>(pod: &'a Pod<'_>, context: &Context<'_>) -> impl Iterator<Item = Killed<'a>> {
    pod.containers().filter_map(|container| {
        let termination = last_kill(container, context)?;
        Some(Killed {
            namespace: &pod.metadata.namespace,
            pod: &pod.metadata.name,
            container: &container.name,
            restarts: container.restart_count.0.unwrap_or_default(),
            memory_limit: pod.memory_limit(&container.name),
            finished: &termination.finished_at,
        })
    })
}

/// Returns the latest recent termination of a container because of a lack of memory. One without a time
/// counts as recent.
fn last_kill<'c, 'a>(container: &'c Container<'a>, context: &Context<'_>) -> Option<&'c Terminated<'a>> {
    let is_recent = |termination: &Terminated<'_>| context.is_recent(&termination.finished_at, MAX_AGE);
    let terminations = [&container.state, &container.last_state].into_iter().map(|state| &*state.terminated);
    terminations.into_iter().find(|termination| &*termination.reason == REASON && is_recent(termination))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(state: &str, reason: &str) -> Answer {
        let container = json!({"name": "c", "restartCount": 3, state: {"terminated": {"reason": reason}}});
        let pod = json!({
            "metadata": {"name": "p", "namespace": "openshift-x"},
            "spec": {"containers": [{"name": "c", "resources": {"limits": {"memory": "256Mi"}}}]},
            "status": {"containerStatuses": [container]}});
        ask(PlatformPodOomKilled, &[("config/pod/openshift-x/p.json", pod)])
    }

    #[test]
    fn killed_container_is_a_hit() {
        let container = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "restarts": 3, "memory_limit": "256Mi",
            "finished": ""});
        for state in ["state", "lastState"] {
            assert_eq!(
                ask_about(state, "OOMKilled"),
                Answer::Hit(json!({"containers": [container]})),
                "{state}"
            );
        }
    }

    #[test]
    fn kill_of_long_ago_is_silent() {
        for (finished, is_hit) in [
            ("2025-11-06T03:00:00Z", false),
            ("2026-01-14T11:59:59Z", false),
            ("2026-01-14T12:00:00Z", true),
            ("2026-01-15T11:00:00Z", true),
        ] {
            let last = json!({"terminated": {"reason": "OOMKilled", "finishedAt": finished}});
            let container =
                json!({"name": "c", "restartCount": 1, "state": {"running": {}}, "lastState": last});
            let pod = json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [container]}});
            let answer = ask(PlatformPodOomKilled, &[("config/pod/openshift-x/p.json", pod)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{finished}");
        }
    }

    #[test]
    fn other_termination_is_silent() {
        assert_eq!(ask_about("lastState", "Error"), Answer::Miss);
        assert_eq!(ask(PlatformPodOomKilled, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
