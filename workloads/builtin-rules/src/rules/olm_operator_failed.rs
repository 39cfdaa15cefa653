//! Operators installed by OLM whose installation has not succeeded for some time.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{OLM_OPERATORS, OlmOperator},
};

const KEY: &str = "OLM_OPERATOR_NOT_SUCCEEDED";

/// An installation or an update takes minutes.
const MIN_UNFINISHED: TimeDelta = TimeDelta::minutes(30);

pub(super) struct OlmOperatorFailed;

#[derive(Serialize)]
struct Details<'a> {
    operators: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    name: &'a str,
    display_name: &'a str,
    version: &'a str,
    phase: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Rule for OlmOperatorFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.olm_operator_failed", KEY)
            .requires(OLM_OPERATORS)
            .for_at_least(MIN_UNFINISHED, "in a phase other than Succeeded")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators =
            context.within_budget(context.olm_operators()?).filter_map(|operator| failed(operator, context));
        let operators = non_empty(operators)?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn failed<'a>(operator: &'a OlmOperator<'_>, context: &Context<'_>) -> Option<Failed<'a>> {
    let current = operator.phases.last().filter(|current| !matches!(&*current.name, "" | "Succeeded"))?;
    let is_lasting = context.has_lasted(&current.last_transition_time, MIN_UNFINISHED);
    is_lasting.then(|| Failed {
        name: &operator.name,
        display_name: &operator.display_name,
        version: &operator.version,
        phase: &current.name,
        reason: &current.reason,
        message: excerpt(&current.message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(phases: &[(&str, &str)]) -> Answer {
        let phase = |(phase, time): &(&str, &str)| json!({"phase": phase, "reason": "R", "message": "M", "lastTransitionTime": time});
        let phases: Vec<Value> = phases.iter().map(phase).collect();
        let operator = json!({"name": "a.b", "displayName": "A", "version": "v1", "csv_conditions": phases});
        ask(OlmOperatorFailed, &[("config/olm_operators.json", json!([operator]))])
    }

    #[test]
    fn operator_that_did_not_succeed_in_time_is_a_hit() {
        let answer = ask_about(&[("Succeeded", "2026-01-01T00:00:00Z"), ("Failed", "2026-01-15T11:30:00Z")]);
        let operator = json!({"name": "a.b", "display_name": "A", "version": "v1", "phase": "Failed", "reason": "R",
            "message": "M"});
        assert_eq!(answer, Answer::Hit(json!({"operators": [operator]})));
    }

    #[test]
    fn operator_that_succeeded_or_has_just_begun_is_silent() {
        assert_eq!(
            ask_about(&[("Failed", "2026-01-01T00:00:00Z"), ("Succeeded", "2026-01-02T00:00:00Z")]),
            Answer::Miss
        );
        assert_eq!(ask_about(&[("Installing", "2026-01-15T11:30:01Z")]), Answer::Miss);
    }

    #[test]
    fn phase_without_a_time_is_a_hit_and_no_phase_is_silent() {
        assert!(matches!(ask_about(&[("Failed", "")]), Answer::Hit(_)));
        assert_eq!(ask_about(&[("", "2026-01-01T00:00:00Z")]), Answer::Miss);
        assert_eq!(ask_about(&[]), Answer::Miss);
        assert_eq!(ask(OlmOperatorFailed, &[]), Answer::skip_all(&["olm_operators"]));
    }
}
