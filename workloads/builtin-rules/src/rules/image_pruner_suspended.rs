//! An image pruner that is suspended, or whose jobs keep failing.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::IMAGE_PRUNER};

const KEY: &str = "IMAGE_PRUNER_NOT_RUNNING";

/// The pruner runs once a day: a failure that persists for longer concerns more than one job.
const MIN_FAILED: TimeDelta = TimeDelta::days(1);

pub(super) struct ImagePrunerSuspended;

#[derive(Serialize)]
struct Details<'a> {
    suspended: bool,
    message: &'a str,
}

impl Rule for ImagePrunerSuspended {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.image_pruner_suspended", KEY)
            .requires(IMAGE_PRUNER)
            .for_at_least(MIN_FAILED, "failing")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pruner = context.image_pruner()?;
        let suspended = pruner.spec.suspend.0 == Some(true);
        let failed = pruner.status.conditions.find_true("Failed");
        let failed = failed.filter(|failed| context.has_lasted(&failed.last_transition_time, MIN_FAILED));
        let message = failed.map_or("", |condition| excerpt(&condition.message));
        (suspended || failed.is_some()).then(|| Response::hit(KEY, &Details { suspended, message }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(suspended: bool, failed: &str) -> Answer {
        let condition = json!({"type": "Failed", "status": failed, "message": "M"});
        let pruner = json!({"spec": {"suspend": suspended}, "status": {"conditions": [condition]}});
        let path = "config/clusteroperator/imageregistry.operator.openshift.io/imagepruner/cluster.json";
        ask(ImagePrunerSuspended, &[(path, pruner)])
    }

    #[test]
    fn suspended_or_failing_pruner_is_a_hit() {
        assert_eq!(ask_about(true, "False"), Answer::Hit(json!({"suspended": true, "message": ""})));
        assert_eq!(ask_about(false, "True"), Answer::Hit(json!({"suspended": false, "message": "M"})));
    }

    #[test]
    fn one_failed_job_is_silent() {
        let path = "config/clusteroperator/imageregistry.operator.openshift.io/imagepruner/cluster.json";
        for (since, is_hit) in [("2026-01-15T00:00:00Z", false), ("2026-01-14T00:00:00Z", true)] {
            let condition = json!({"type": "Failed", "status": "True", "lastTransitionTime": since});
            let pruner = json!({"spec": {"suspend": false}, "status": {"conditions": [condition]}});
            assert_eq!(
                matches!(ask(ImagePrunerSuspended, &[(path, pruner)]), Answer::Hit(_)),
                is_hit,
                "{since}"
            );
        }
    }

    #[test]
    fn working_pruner_is_silent() {
        assert_eq!(ask_about(false, "False"), Answer::Miss);
        assert_eq!(ask(ImagePrunerSuspended, &[]), Answer::skip_all(&["image_pruner"]));
    }
}
