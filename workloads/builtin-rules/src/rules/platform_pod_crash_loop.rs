//! Platform containers that keep crashing.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod, Terminated},
    parse_time,
};

const KEY: &str = "PLATFORM_POD_CRASH_LOOPING";

/// Restarts before a container in back-off is reported. A few are normal while the dependencies of a
/// container start; the fifth comes after about five minutes.
const MIN_RESTARTS_IN_BACK_OFF: i64 = 5;

/// The kubelet resets the back-off of a container that has run for this long: the next crash does not belong
/// to the same loop.
const RESETS_BACK_OFF: TimeDelta = TimeDelta::minutes(10);

/// Restarts before a container that is running again is reported.
const MAX_RESTARTS: i64 = 50;

/// Minimum rate: the restart count covers the lifetime of the pod, possibly years, and some containers
/// restart once a day by design.
const MAX_RESTARTS_PER_DAY: i64 = 5;

/// Time after which a running container has recovered.
const RECOVERED_AFTER: TimeDelta = TimeDelta::days(1);

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
    last_finished: &'a str,
}

impl Rule for PlatformPodCrashLoop {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.platform_pod_crash_loop", KEY).requires(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pods = context.within_budget(context.platform_pods());
        let crashing = |pod| move |container| crashing(pod, container, context);
        let containers = non_empty(pods.flat_map(|pod| pod.containers().filter_map(crashing(pod))))?;
        Some(Response::hit(KEY, &Details { containers }))
    }
}

fn crashing<'a>(
    pod: &'a Pod<'_>,
    container: &'a Container<'_>,
    context: &Context<'_>,
) -> Option<Crashing<'a>> {
    let restarts = container.restart_count.0.unwrap_or_default();
    let last = &container.last_state.terminated;
    let is_crashing = if &*container.state.waiting.reason == "CrashLoopBackOff" {
        restarts >= MIN_RESTARTS_IN_BACK_OFF && !has_run_for_long(last)
    } else {
        restarts > MAX_RESTARTS
            && has_not_recovered(container, context)
            && restarts_often(pod, restarts, context)
    };
    is_crashing.then(|| Crashing {
        namespace: &pod.metadata.namespace,
        pod: &pod.metadata.name,
        container: &container.name,
        restarts,
        last_reason: &last.reason,
        last_exit_code: last.exit_code.0,
        last_finished: &last.finished_at,
    })
}

/// Returns whether a container ran for longer than in a crash loop before it terminated.
fn has_run_for_long(run: &Terminated<'_>) -> bool {
    let times = parse_time(&run.started_at).zip(parse_time(&run.finished_at));
    times.is_some_and(|(started, finished)| finished - started > RESETS_BACK_OFF)
}

/// Returns whether a container was restarted recently; true when its times are unknown.
fn has_not_recovered(container: &Container<'_>, context: &Context<'_>) -> bool {
    let times = [&container.state.running.started_at, &container.last_state.terminated.finished_at];
    let mut known = times.into_iter().filter(|time| parse_time(time).is_some()).peekable();
    known.peek().is_none() || known.any(|time| context.is_recent(time, RECOVERED_AFTER))
}

/// Returns whether a container restarts more often than by design, on average over the lifetime of the pod.
fn restarts_often(pod: &Pod<'_>, restarts: i64, context: &Context<'_>) -> bool {
    let days = context.age(pod.started_at()).map_or(1, |age| age.num_days().max(1));
    restarts > days.saturating_mul(MAX_RESTARTS_PER_DAY)
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
    fn container_in_back_off_is_a_hit() {
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let last_state = json!({"terminated": {"reason": "Error", "exitCode": 255}});
        let container = json!({"name": "c", "restartCount": 9, "state": waiting, "lastState": last_state});
        let listed = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "restarts": 9,
            "last_reason": "Error", "last_exit_code": 255, "last_finished": ""});
        assert_eq!(
            ask_about(&json!({"containerStatuses": [container]})),
            Answer::Hit(json!({"containers": [listed]}))
        );
    }

    #[test]
    fn init_container_that_restarts_often_is_a_hit() {
        let container = json!({"name": "i", "restartCount": 51, "state": {"running": {}}});
        let listed = json!({"namespace": "openshift-x", "pod": "p", "container": "i", "restarts": 51,
            "last_reason": "", "last_exit_code": null, "last_finished": ""});
        assert_eq!(
            ask_about(&json!({"initContainerStatuses": [container]})),
            Answer::Hit(json!({"containers": [listed]}))
        );
    }

    #[test]
    fn first_restarts_are_silent() {
        for (restarts, is_hit) in [(4, false), (5, true)] {
            let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            let container = json!({"name": "c", "restartCount": restarts, "state": waiting});
            let answer = ask_about(&json!({"containerStatuses": [container]}));
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{restarts}");
        }
    }

    #[test]
    fn first_crash_after_a_long_run_is_silent() {
        for (started, is_hit) in [("2025-10-12T03:00:10Z", false), ("2026-01-15T11:55:00Z", true)] {
            let last = json!({"terminated": {"startedAt": started, "finishedAt": "2026-01-15T11:59:00Z"}});
            let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            let container = json!({"name": "c", "restartCount": 64, "state": waiting, "lastState": last});
            let answer = ask_about(&json!({"containerStatuses": [container]}));
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{started}");
        }
    }

    #[test]
    fn restarts_of_long_ago_or_of_a_long_life_are_silent() {
        for (pod_started, restarts, running_since, is_hit) in [
            // The last restart was three months ago.
            ("2024-12-01T08:00:00Z", 64, "2025-10-12T03:00:10Z", false),
            // The last restart was an hour ago, but they happen once a week.
            ("2024-12-01T08:00:00Z", 64, "2026-01-15T11:00:00Z", false),
            ("2026-01-10T12:00:00Z", 64, "2026-01-15T11:00:00Z", true),
            ("2026-01-10T12:00:00Z", 64, "2026-01-14T11:00:00Z", false),
            ("", 64, "2026-01-15T11:00:00Z", true),
            ("", 64, "", true),
        ] {
            let container = json!({"name": "c", "restartCount": restarts, "state": {"running": {"startedAt": running_since}}});
            let answer = ask_about(&json!({"startTime": pod_started, "containerStatuses": [container]}));
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{pod_started} {running_since}");
        }
    }

    #[test]
    fn container_that_restarts_at_times_is_silent() {
        let container =
            json!({"name": "c", "restartCount": 50, "state": {"waiting": {"reason": "ContainerCreating"}}});
        assert_eq!(ask_about(&json!({"containerStatuses": [container]})), Answer::Miss);
        assert_eq!(ask(PlatformPodCrashLoop, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
