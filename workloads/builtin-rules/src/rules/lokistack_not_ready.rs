//! Logs that are lost or can't be read.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Condition, LOKI_STACKS, LokiStack},
};

const KEY: &str = "LOKISTACK_NOT_READY";

/// Since Loki 3 there is no other that is supported.
const MIN_SCHEMA: u32 = 13;

pub(super) struct LokistackNotReady;

#[derive(Serialize)]
struct Details<'a> {
    stacks: Vec<NotReady<'a>>,
}

#[derive(Serialize)]
struct NotReady<'a> {
    name: &'a str,
    namespace: &'a str,
    reason: &'a str,
    message: &'a str,
    schema: &'a str,
}

impl Rule for LokistackNotReady {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.lokistack_not_ready", KEY).requires(LOKI_STACKS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let stacks = non_empty(context.within_budget(context.loki_stacks()).filter_map(not_ready))?;
        Some(Response::hit(KEY, &Details { stacks }))
    }
}

fn not_ready<'a>(stack: &'a LokiStack<'_>) -> Option<NotReady<'a>> {
    let (problem, schema) = (problem(stack), stack.schema());
    let is_hit = problem.is_some() || is_ready_missing(stack) || is_old(schema);
    is_hit.then(|| NotReady {
        name: &stack.metadata.name,
        namespace: &stack.metadata.namespace,
        reason: problem.map_or("", |condition| &condition.reason),
        message: problem.map_or("", |condition| excerpt(&condition.message)),
        schema,
    })
}

/// The condition that tells most: what is wrong rather than what is not right.
fn problem<'s, 'a>(stack: &'s LokiStack<'a>) -> Option<&'s Condition<'a>> {
    let conditions = &stack.status.conditions;
    let is_not_true = |condition: &&Condition<'_>| &*condition.status != "True";
    let not_ready = conditions.find("Ready").filter(is_not_true);
    ["Degraded", "Failed", "Warning"].iter().find_map(|r#type| conditions.find_true(r#type)).or(not_ready)
}

/// Whether a stack that has been looked at was never ready. One without conditions is too young.
fn is_ready_missing(stack: &LokiStack<'_>) -> bool {
    !stack.status.conditions.is_empty() && stack.status.conditions.find("Ready").is_none()
}

fn is_old(schema: &str) -> bool {
    let number: Option<u32> = schema.strip_prefix('v').and_then(|number| number.parse().ok());
    number.is_some_and(|number| number < MIN_SCHEMA)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(conditions: &Value, schemas: &Value) -> Answer {
        let stack = json!({"kind": "LokiStack", "metadata": {"name": "l", "namespace": "openshift-logging"},
            "spec": {"storage": {"schemas": schemas}}, "status": {"conditions": conditions}});
        ask(LokistackNotReady, &[("namespaces/openshift-logging/loki.grafana.com/lokistacks/l.json", stack)])
    }

    fn condition(r#type: &str, status: &str) -> Value {
        json!({"type": r#type, "status": status, "reason": format!("{}Reason", r#type), "message": "M"})
    }

    fn current() -> Value {
        json!([{"version": "v11", "effectiveDate": "2020-10-11"}, {"version": "v13", "effectiveDate": "2024-10-25"}])
    }

    fn hit(reason: &str, message: &str, schema: &str) -> Answer {
        let stack = json!({"name": "l", "namespace": "openshift-logging", "reason": reason, "message": message,
            "schema": schema});
        Answer::Hit(json!({"stacks": [stack]}))
    }

    #[test]
    fn a_stack_that_is_not_ready_is_a_hit() {
        assert_eq!(
            ask_about(&json!([condition("Ready", "False")]), &current()),
            hit("ReadyReason", "M", "v13")
        );
        assert_eq!(ask_about(&json!([condition("Pending", "True")]), &current()), hit("", "", "v13"));
    }

    #[test]
    fn a_stack_with_a_problem_is_a_hit() {
        for problem in ["Degraded", "Failed", "Warning"] {
            let conditions = json!([condition("Ready", "True"), condition(problem, "True")]);
            assert_eq!(ask_about(&conditions, &current()), hit(&format!("{problem}Reason"), "M", "v13"));
        }
    }

    #[test]
    fn an_old_schema_is_a_hit_while_it_is_the_newest() {
        let ready = || json!([condition("Ready", "True"), condition("Degraded", "False")]);
        let old = json!([{"version": "v12", "effectiveDate": "2020-10-11"}]);
        assert_eq!(ask_about(&ready(), &old), hit("", "", "v12"));
        assert_eq!(ask_about(&ready(), &current()), Answer::Miss);
    }

    #[test]
    fn a_stack_that_was_just_made_is_not_judged() {
        assert_eq!(ask_about(&json!([]), &json!([])), Answer::Miss);
    }

    #[test]
    fn other_objects_of_the_namespace_are_no_stacks() {
        let other = json!({"kind": "Pod", "status": {"conditions": [condition("Ready", "False")]}});
        let answer = ask(LokistackNotReady, &[("namespaces/openshift-logging/p.json", other)]);
        assert_eq!(answer, Answer::skip_all(&["loki_stacks"]));
    }
}
