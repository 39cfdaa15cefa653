//! Loki stacks that have not been ready for some time, or store logs in an old schema.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Condition, LOKI_STACKS, LokiStack},
};

const KEY: &str = "LOKISTACK_NOT_READY";

/// Schema version required by Loki 3.
const MIN_SCHEMA: u32 = 13;

/// An installation, an update or the restart of a node takes minutes.
const MIN_NOT_READY: TimeDelta = TimeDelta::minutes(30);

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
        meta("ccx_rules.external.lokistack_not_ready", KEY)
            .requires(LOKI_STACKS)
            .for_at_least(MIN_NOT_READY, "not ready")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.loki_stacks());
        let stacks = non_empty(all.filter_map(|stack| not_ready(stack, context)))?;
        Some(Response::hit(KEY, &Details { stacks }))
    }
}

fn not_ready<'a>(stack: &'a LokiStack<'_>, context: &Context<'_>) -> Option<NotReady<'a>> {
    let schema = stack.schema();
    let problem =
        problem(stack).filter(|condition| context.has_lasted(&condition.last_transition_time, MIN_NOT_READY));
    let is_hit = problem.is_some() || is_old(schema);
    is_hit.then(|| NotReady {
        name: &stack.metadata.name,
        namespace: &stack.metadata.namespace,
        reason: problem.map_or("", |condition| &condition.reason),
        message: problem.map_or("", |condition| excerpt(&condition.message)),
        schema,
    })
}

/// Returns the condition that explains best why a stack is not ready. A stack without conditions has just
/// been created.
fn problem<'s, 'a>(stack: &'s LokiStack<'a>) -> Option<&'s Condition<'a>> {
    let conditions = &stack.status.conditions;
    let is_not_true = |condition: &&Condition<'_>| matches!(&*condition.status, "False" | "Unknown");
    let not_ready = || conditions.find("Ready").filter(is_not_true);
    // A stack that was never ready has no such condition.
    let pending = || conditions.find_true("Pending").filter(|_| conditions.find("Ready").is_none());
    let mut problems = ["Degraded", "Failed", "Warning"].iter();
    problems.find_map(|r#type| conditions.find_true(r#type)).or_else(not_ready).or_else(pending)
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
    fn stack_that_is_not_ready_is_a_hit() {
        assert_eq!(
            ask_about(&json!([condition("Ready", "False")]), &current()),
            hit("ReadyReason", "M", "v13")
        );
        assert_eq!(
            ask_about(&json!([condition("Pending", "True")]), &current()),
            hit("PendingReason", "M", "v13")
        );
    }

    #[test]
    fn stack_with_a_problem_is_a_hit() {
        for problem in ["Degraded", "Failed", "Warning"] {
            let conditions = json!([condition("Ready", "True"), condition(problem, "True")]);
            assert_eq!(ask_about(&conditions, &current()), hit(&format!("{problem}Reason"), "M", "v13"));
        }
    }

    #[test]
    fn stack_not_ready_for_minutes_is_silent() {
        for (r#type, status) in
            [("Ready", "False"), ("Degraded", "True"), ("Failed", "True"), ("Pending", "True")]
        {
            for (since, is_hit) in [("2026-01-15T11:30:01Z", false), ("2026-01-15T11:30:00Z", true)] {
                let mut condition = condition(r#type, status);
                condition["lastTransitionTime"] = json!(since);
                let answer = ask_about(&json!([condition]), &current());
                assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{type} {since}");
            }
        }
    }

    #[test]
    fn old_schema_is_a_hit_while_it_is_the_newest() {
        let ready = || json!([condition("Ready", "True"), condition("Degraded", "False")]);
        let old = json!([{"version": "v12", "effectiveDate": "2020-10-11"}]);
        assert_eq!(ask_about(&ready(), &old), hit("", "", "v12"));
        assert_eq!(ask_about(&ready(), &current()), Answer::Miss);
    }

    #[test]
    fn stack_without_conditions_is_silent() {
        assert_eq!(ask_about(&json!([]), &json!([])), Answer::Miss);
    }

    #[test]
    fn other_objects_of_the_namespace_are_not_read() {
        let other = json!({"kind": "Pod", "status": {"conditions": [condition("Ready", "False")]}});
        let answer = ask(LokistackNotReady, &[("namespaces/openshift-logging/p.json", other)]);
        assert_eq!(answer, Answer::skip_all(&["loki_stacks"]));
    }
}
