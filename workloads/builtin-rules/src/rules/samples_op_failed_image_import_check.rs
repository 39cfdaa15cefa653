//! Samples with images that could not be imported.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, Condition, SAMPLES_OPERATOR},
};
use chrono::TimeDelta;

const KEY: &str = "SAMPLES_FAILED_IMAGE_IMPORT_ERR";
const OPERATOR: &str = "openshift-samples";
const REASON: &str = "FailedImageImports";

/// Conditions with the reason: `Degraded` up to 4.5, later `Progressing` with any status.
const CONDITIONS: [&str; 2] = ["Degraded", "Progressing"];

/// The operator retries failed imports every two hours.
const MIN_FAILING: TimeDelta = TimeDelta::hours(2);

pub(super) struct SamplesOpFailedImageImportCheck;

#[derive(Serialize)]
struct Details<'a> {
    info: Failure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    name: &'static str,
    condition: &'a str,
    reason: &'a str,
    message: &'a str,
    last_transition_time: &'a str,
}

impl Rule for SamplesOpFailedImageImportCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.samples_op_failed_image_import_check", KEY)
            .requires(SAMPLES_OPERATOR)
            .may_read(CLUSTER_OPERATORS)
            .for_at_least(MIN_FAILING, "failing to import")
            .adapts_to(
                ClusterKind::Disconnected,
                "the text names the settings of the samples operator for it",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let conditions = &context.cluster_operator(OPERATOR)?.status.conditions;
        let mut known = CONDITIONS.iter().filter_map(|r#type| conditions.find(r#type));
        let failed = known.find(|condition| is_failed_import(condition))?;
        if !context.has_lasted(&failed.last_transition_time, MIN_FAILING) {
            return None;
        }
        let info = Failure {
            name: OPERATOR,
            condition: &failed.r#type,
            reason: &failed.reason,
            message: excerpt(&failed.message),
            last_transition_time: &failed.last_transition_time,
        };
        Some(Response::hit(KEY, &Details { info }))
    }
}

fn is_failed_import(condition: &Condition<'_>) -> bool {
    let is_current = &*condition.r#type == "Progressing" || &*condition.status == "True";
    is_current && &*condition.reason == REASON
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(r#type: &str, status: &str, reason: &str, since: &str) -> Answer {
        let condition = json!({"type": r#type, "status": status, "reason": reason, "message": "M",
            "lastTransitionTime": since});
        let operator = json!({"status": {"conditions": [condition]}});
        ask(SamplesOpFailedImageImportCheck, &[("config/clusteroperator/openshift-samples.json", operator)])
    }

    #[test]
    fn failed_import_is_a_hit_in_the_condition_of_every_release() {
        for (r#type, status) in [("Degraded", "True"), ("Progressing", "False"), ("Progressing", "True")] {
            let info = json!({"name": "openshift-samples", "condition": r#type, "reason": "FailedImageImports",
                "message": "M", "lastTransitionTime": "2026-01-15T10:00:00Z"});
            let answer = ask_about(r#type, status, "FailedImageImports", "2026-01-15T10:00:00Z");
            assert_eq!(answer, Answer::Hit(json!({"info": info})), "{type} {status}");
        }
    }

    #[test]
    fn import_that_will_be_retried_is_silent() {
        let answer = ask_about("Progressing", "False", "FailedImageImports", "2026-01-15T10:00:01Z");
        assert_eq!(answer, Answer::Miss);
    }

    #[test]
    fn healthy_operator_or_other_failure_is_silent() {
        assert_eq!(ask_about("Degraded", "False", "FailedImageImports", ""), Answer::Miss);
        assert_eq!(ask_about("Degraded", "True", "APIServerServiceUnavailableError", ""), Answer::Miss);
        assert_eq!(ask(SamplesOpFailedImageImportCheck, &[]), Answer::skip_all(&["samples_operator"]));
    }
}
