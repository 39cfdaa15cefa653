//! Containers of the platform that were killed because they needed more memory than there was.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod},
};

const KEY: &str = "PLATFORM_POD_OOM_KILLED";
const REASON: &str = "OOMKilled";

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
}

impl Rule for PlatformPodOomKilled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.platform_pod_oom_killed", KEY).requires(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let containers = non_empty(context.within_budget(context.platform_pods()).flat_map(killed))?;
        Some(Response::hit(KEY, &Details { containers }))
    }
}

fn killed<'a>(pod: &'a Pod<'_>) -> impl Iterator<Item = Killed<'a>> {
    pod.containers().filter(|container| was_killed(container)).map(|container| Killed {
        namespace: &pod.metadata.namespace,
        pod: &pod.metadata.name,
        container: &container.name,
        restarts: container.restart_count.0.unwrap_or_default(),
        memory_limit: pod.memory_limit(&container.name),
    })
}

fn was_killed(container: &Container<'_>) -> bool {
    [&container.state, &container.last_state].iter().any(|state| &*state.terminated.reason == REASON)
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
    fn a_container_that_is_or_was_killed_is_a_hit() {
        let container = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "restarts": 3, "memory_limit": "256Mi"});
        for state in ["state", "lastState"] {
            assert_eq!(
                ask_about(state, "OOMKilled"),
                Answer::Hit(json!({"containers": [container]})),
                "{state}"
            );
        }
    }

    #[test]
    fn a_container_that_ended_otherwise_is_none() {
        assert_eq!(ask_about("lastState", "Error"), Answer::Miss);
        assert_eq!(ask(PlatformPodOomKilled, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
