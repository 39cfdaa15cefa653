//! Samples whose images could not be fetched.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, SAMPLES_OPERATOR},
};

const KEY: &str = "SAMPLES_FAILED_IMAGE_IMPORT_ERR";
const OPERATOR: &str = "openshift-samples";
const CONDITION: &str = "Degraded";

pub(super) struct SamplesOpFailedImageImportCheck;

#[derive(Serialize)]
struct Details<'a> {
    info: Failure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    name: &'static str,
    condition: &'static str,
    reason: &'a str,
    message: &'a str,
    last_transition_time: &'a str,
}

impl Rule for SamplesOpFailedImageImportCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.samples_op_failed_image_import_check", KEY)
            .requires(SAMPLES_OPERATOR)
            .may_read(CLUSTER_OPERATORS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let degraded = context.cluster_operator(OPERATOR)?.status.conditions.find_true(CONDITION)?;
        let info = Failure {
            name: OPERATOR,
            condition: CONDITION,
            reason: &degraded.reason,
            message: excerpt(&degraded.message),
            last_transition_time: &degraded.last_transition_time,
        };
        (info.reason == "FailedImageImports").then(|| Response::hit(KEY, &Details { info }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(status: &str, reason: &str) -> Answer {
        let condition = json!({"type": "Degraded", "status": status, "reason": reason, "message": "M", "lastTransitionTime": "T"});
        let operator = json!({"status": {"conditions": [condition]}});
        ask(SamplesOpFailedImageImportCheck, &[("config/clusteroperator/openshift-samples.json", operator)])
    }

    #[test]
    fn images_that_could_not_be_fetched_are_a_hit() {
        let info = json!({"name": "openshift-samples", "condition": "Degraded", "reason": "FailedImageImports",
            "message": "M", "lastTransitionTime": "T"});
        assert_eq!(ask_about("True", "FailedImageImports"), Answer::Hit(json!({"info": info})));
    }

    #[test]
    fn an_operator_that_is_well_or_fails_otherwise_is_none() {
        assert_eq!(ask_about("False", "FailedImageImports"), Answer::Miss);
        assert_eq!(ask_about("True", "APIServerServiceUnavailableError"), Answer::Miss);
        assert_eq!(ask(SamplesOpFailedImageImportCheck, &[]), Answer::skip_all(&["samples_operator"]));
    }
}
