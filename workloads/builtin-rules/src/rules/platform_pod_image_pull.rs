//! Images of the platform that nodes can't get.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Container, PLATFORM_PODS, Pod},
};

const KEY: &str = "PLATFORM_POD_IMAGE_PULL_FAILED";
const REASONS: [&str; 3] = ["ImagePullBackOff", "ErrImagePull", "InvalidImageName"];

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
        meta("ccx_rules.external.platform_pod_image_pull", KEY).requires(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let containers = non_empty(context.within_budget(context.platform_pods()).flat_map(without_image))?;
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
    fn a_container_without_its_image_is_a_hit() {
        let container = json!({"namespace": "openshift-x", "pod": "p", "container": "c", "image": "quay.io/x", "message": "M"});
        let hit = Answer::Hit(json!({"containers": [container]}));
        for reason in REASONS {
            assert_eq!(ask_about("containerStatuses", reason), hit, "{reason}");
        }
        assert_eq!(ask_about("initContainerStatuses", "ErrImagePull"), hit);
    }

    #[test]
    fn a_container_that_waits_for_something_else_is_none() {
        assert_eq!(ask_about("containerStatuses", "ContainerCreating"), Answer::Miss);
        assert_eq!(ask(PlatformPodImagePull, &[]), Answer::skip_all(&["platform_pods"]));
    }
}
