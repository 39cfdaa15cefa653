//! Containers of the platform that crash again and again.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod},
};

const KEY: &str = "PLATFORM_POD_CRASH_LOOPING";

/// Some containers start again once a day by design, and a pod may live for weeks.
const MAX_RESTARTS: i64 = 50;

pub(super) struct PlatformPodCrashLoop;

#[derive(Serialize)]
struct Details<'a> {
    containers: Vec<Crashing<'a>>,
}

#[derive(Serialize)]
struct Crashing<'a> {
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    restarts: i64,
    last_reason: &'a str,
    last_exit_code: Option<i64>,
}

impl Rule for PlatformPodCrashLoop {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.platform_pod_crash_loop", KEY).requires(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pods = context.within_budget(context.platform_pods());
        let containers =
            pods.flat_map(|pod| pod.containers().filter_map(move |container| crashing(pod, container)));
        let containers = non_empty(containers)?;
        Some(Response::hit(KEY, &Details { containers }))
    }
}

fn crashing<'a>(pod: &'a Pod<'_>, container: &'a Container<'_>) -> Option<Crashing<'a>> {
    let restarts = container.restart_count.0.unwrap_or_default();
    let is_waiting = &*container.state.waiting.reason == "CrashLoopBackOff";
    let last = &container.last_state.terminated;
    (is_waiting || restarts > MAX_RESTARTS).then(|| Crashing {
        namespace: &pod.metadata.namespace,
        pod: &pod.metadata.name,
        container: &container.name,
        restarts,
        last_reason: &last.reason,
        last_exit_code: last.exit_code.0,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(status: &Value) -> Answer {
        let pod = json!({"metadata": {"name": "p", "namespace": "openshift-x"}, "status": status});
        ask(PlatformPodCrashLoop, &[("config/pod/openshift-x/p.json", pod)])
    }

    #[test]
    fn a_container_that_backs_off_is_a_hit() {
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let last_state = json!({"terminated": {"reason": "Error", "exitCode": 255}});
        let container = json!({"name": "c", "restartCount": 9, "state": waiting, "lastState": last_state});
        let listed = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "restarts": 9,
            "last_reason": "Error", "last_exit_code": 255});
        assert_eq!(
            ask_about(&json!({"containerStatuses": [container]})),
            Answer::Hit(json!({"containers": [listed]}))
        );
    }

    #[test]
    fn an_init_container_that_restarts_often_is_a_hit() {
        let container = json!({"name": "i", "restartCount": 51, "state": {"running": {}}});
        let listed = json!({"namespace": "openshift-x", "pod": "p", "container": "i", "restarts": 51,
            "last_reason": "", "last_exit_code": null});
        assert_eq!(
            ask_about(&json!({"initContainerStatuses": [container]})),
            Answer::Hit(json!({"containers": [listed]}))
        );
    }

    #[test]
    fn a_container_that_restarts_at_times_is_none() {
        let container =
            json!({"name": "c", "restartCount": 50, "state": {"waiting": {"reason": "ContainerCreating"}}});
        assert_eq!(ask_about(&json!({"containerStatuses": [container]})), Answer::Miss);
        assert_eq!(ask(PlatformPodCrashLoop, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
