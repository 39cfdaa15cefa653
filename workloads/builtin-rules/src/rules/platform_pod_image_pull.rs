//! Platform images that nodes fail to pull.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod},
};

const KEY: &str = "PLATFORM_POD_IMAGE_PULL_FAILED";
const REASONS: [&str; 6] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// The kubelet retries with a back-off of up to five minutes; registries are temporarily unavailable.
const MIN_WAITING: TimeDelta = TimeDelta::minutes(15);

pub(super) struct PlatformPodImagePull;

#[derive(Serialize)]
struct Details<'a> {
    containers: Vec<WithoutImage<'a>>,
}

#[derive(Serialize)]
struct WithoutImage<'a> {
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    image: &'a str,
    message: &'a str,
}

impl Rule for PlatformPodImagePull {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.platform_pod_image_pull", KEY)
            .requires(PLATFORM_PODS)
            .for_at_least(MIN_WAITING, "waiting for an image")
            .adapts_to(ClusterKind::Disconnected, "the text names the mirror registry")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_lasting = |pod: &&Pod<'_>| context.has_lasted(pod.not_ready_since(), MIN_WAITING);
        let pods = context.within_budget(context.platform_pods()).filter(is_lasting);
        let containers = non_empty(pods.flat_map(without_image))?;
        Some(Response::hit(KEY, &Details { containers }))
    }
}

fn without_image<'a>(pod: &'a Pod<'_>) -> impl Iterator<Item = WithoutImage<'a>> {
    let waits_for_image = |container: &&Container<'_>| REASONS.contains(&&*container.state.waiting.reason);
    pod.containers().filter(waits_for_image).map(|container| WithoutImage {
        namespace: &pod.metadata.namespace,
        pod: &pod.metadata.name,
        container: &container.name,
        image: &container.image,
        message: excerpt(&container.state.waiting.message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(list: &str, reason: &str) -> Answer {
        let container = json!({"name": "c", "image": "quay.io/x", "state": {"waiting": {"reason": reason, "message": "M"}}});
        let metadata = json!({"name": "p", "namespace": "openshift-x"});
        let pod = json!({"metadata": metadata, "status": {list: [container]}});
        ask(PlatformPodImagePull, &[("config/pod/openshift-x/p.json", pod)])
    }

    #[test]
    fn container_without_its_image_is_a_hit() {
        let container = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "image": "quay.io/x", "message": "M"});
        let hit = Answer::Hit(json!({"containers": [container]}));
        for reason in REASONS {
            assert_eq!(ask_about("containerStatuses", reason), hit, "{reason}");
        }
        assert_eq!(ask_about("initContainerStatuses", "ErrImagePull"), hit);
    }

    #[test]
    fn pull_of_minutes_is_silent() {
        let container = json!({"name": "c", "state": {"waiting": {"reason": "ErrImagePull"}}});
        for (started, unready_since, is_hit) in [
            ("2026-01-15T11:46:00Z", "", false),
            ("2026-01-15T11:45:00Z", "", true),
            // The pod has been running for days; one of its images is pulled again.
            ("2025-01-15T11:45:00Z", "2026-01-15T11:58:00Z", false),
            ("2025-01-15T11:45:00Z", "2026-01-15T11:00:00Z", true),
        ] {
            let condition =
                json!({"type": "ContainersReady", "status": "False", "lastTransitionTime": unready_since});
            let status =
                json!({"startTime": started, "conditions": [condition], "containerStatuses": [container]});
            let pod = json!({"metadata": {"name": "p", "namespace": "openshift-x"}, "status": status});
            let answer = ask(PlatformPodImagePull, &[("config/pod/openshift-x/p.json", pod)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{started} {unready_since}");
        }
    }

    #[test]
    fn container_that_waits_for_something_else_is_silent() {
        assert_eq!(ask_about("containerStatuses", "ContainerCreating"), Answer::Miss);
        assert_eq!(ask(PlatformPodImagePull, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
