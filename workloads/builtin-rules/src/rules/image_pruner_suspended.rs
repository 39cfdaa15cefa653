//! Images that nobody uses and nobody removes.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::IMAGE_PRUNER};

const KEY: &str = "IMAGE_PRUNER_NOT_RUNNING";

pub(super) struct ImagePrunerSuspended;

#[derive(Serialize)]
struct Details<'a> {
    suspended: bool,
    message: &'a str,
}

impl Rule for ImagePrunerSuspended {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.image_pruner_suspended", KEY).requires(IMAGE_PRUNER)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pruner = context.image_pruner()?;
        let suspended = pruner.spec.suspend.0 == Some(true);
        let failed = pruner.status.conditions.find_true("Failed");
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
    fn a_pruner_that_is_off_or_fails_is_a_hit() {
        assert_eq!(ask_about(true, "False"), Answer::Hit(json!({"suspended": true, "message": ""})));
        assert_eq!(ask_about(false, "True"), Answer::Hit(json!({"suspended": false, "message": "M"})));
    }

    #[test]
    fn a_pruner_that_works_is_none() {
        assert_eq!(ask_about(false, "False"), Answer::Miss);
        assert_eq!(ask(ImagePrunerSuspended, &[]), Answer::skip_all(&["image_pruner"]));
    }
}
