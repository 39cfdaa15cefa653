//! Traces of rules: the value of every input and expression for an archive.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ccx_archive::Archive;
use ccx_rules::{Budget, Context, Engine, Response, Rule, RuleMeta};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    DeclarativeRule,
    cel::{Meter, Value},
    limits::{MAX_STEPS, TIME_PER_ARCHIVE},
    rule::{Compiled, CompiledExpression, Evaluation, RuleError},
};

/// Inputs, expressions and verdict of a rule for an archive.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trace {
    /// The inputs, in the order of the file.
    pub inputs: Vec<TracedInput>,
    /// The facts, in the order of the file.
    pub facts: Vec<TracedValue>,
    /// The condition.
    pub when: Option<TracedValue>,
    /// The details; empty unless the rule hits.
    pub details: Vec<TracedValue>,
    /// Verdict: `hit`, `miss`, `skip`, `fault` or `limit`.
    pub verdict: &'static str,
    /// Missing inputs of a skip, or the error of a fault or limit.
    pub reason: Option<String>,
    /// Evaluation steps that the trace used.
    pub steps: u64,
    /// Wall-clock time of the run.
    #[serde(skip)]
    pub elapsed: Duration,
}

/// Files and shape of an input.
#[derive(Clone, Debug, Serialize)]
pub struct TracedInput {
    /// Name of the input in expressions.
    pub name: String,
    /// Paths of the files, sorted.
    pub files: Vec<String>,
    /// Types and field names of the value, as in `list of 3 × {metadata: {name: string}}`.
    pub shape: String,
}

/// Value of an expression, or its error.
#[derive(Clone, Debug, Serialize)]
pub struct TracedValue {
    /// Path of the field, for example `facts.bad`.
    pub name: String,
    /// Value as JSON; `None` if the evaluation failed.
    pub value: Option<serde_json::Value>,
    /// Error of a failed evaluation.
    pub error: Option<String>,
}

impl DeclarativeRule {
    /// Runs the rule on an archive and records the value of every input and expression.
    ///
    /// Unlike a normal run, this evaluates all facts, also those that the condition does not use, and also if
    /// the rule is skipped.
    pub fn trace(&self, archive: &Archive, gathered_at: Option<DateTime<Utc>>) -> Trace {
        let recorded = Arc::default();
        let tracer = Tracer { rule: self.clone(), recorded: Arc::clone(&recorded) };
        Engine::new(vec![Box::new(tracer)], Budget::default()).run(archive, gathered_at);
        let report = Engine::new(vec![Box::new(self.clone())], Budget::default()).run(archive, gathered_at);
        let mut trace = recorded.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let run = report.runs.first();
        trace.verdict = run.map_or("fault", |run| run.verdict.as_str());
        trace.elapsed = run.map_or(Duration::ZERO, |run| run.elapsed);
        let missing = report.skips.first().map(|skip| skip.details.clone());
        trace.reason = missing.or_else(|| report.faults.first().map(|fault| fault.reason.to_string()));
        trace
    }
}

/// A rule that records a [`Trace`]. All its inputs are optional, so that it is never skipped.
struct Tracer {
    rule: DeclarativeRule,
    recorded: Arc<Mutex<Option<Trace>>>,
}

impl Rule for Tracer {
    fn meta(&self) -> RuleMeta {
        let RuleMeta { required, any_of, optional, .. } = self.rule.meta();
        let optional = required.into_iter().chain(any_of.into_iter().flatten()).chain(optional).collect();
        RuleMeta { required: Vec::new(), any_of: Vec::new(), optional, ..self.rule.meta() }
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        *self.recorded.lock().unwrap_or_else(PoisonError::into_inner) = Some(record(&self.rule.0, context));
        None
    }
}

fn record(rule: &Compiled, context: &Context<'_>) -> Trace {
    let meter = Meter::new(MAX_STEPS, Instant::now() + TIME_PER_ARCHIVE);
    let Ok(values) = rule.input_values(context) else { return Trace::default() };
    let inputs = rule.inputs.iter().zip(values.iter().flatten());
    let inputs = inputs.map(|(input, value)| TracedInput {
        name: input.name.clone(),
        files: context.files(&input.reads.files()).iter().map(|file| file.path.to_owned()).collect(),
        shape: shape(value, MAX_SHAPE_DEPTH),
    });
    let inputs = inputs.collect();
    let mut evaluation = Evaluation { rule, now: context.gathered_at(), meter: &meter, values };
    let facts = rule.facts.iter().map(|fact| traced(&mut evaluation, fact)).collect();
    let when = traced(&mut evaluation, &rule.when);
    let is_hit = when.value == Some(serde_json::Value::Bool(true));
    let details =
        rule.details.iter().filter(|_| is_hit).map(|(_, detail)| traced(&mut evaluation, detail)).collect();
    Trace {
        inputs,
        facts,
        when: Some(when),
        details,
        steps: MAX_STEPS - meter.steps_left(),
        ..Trace::default()
    }
}

fn traced(evaluation: &mut Evaluation<'_>, expression: &CompiledExpression) -> TracedValue {
    let (value, error) = match evaluation.value_of(expression) {
        Ok(value) => (serde_json::to_value(value.details()).ok(), None),
        Err(RuleError::Limit(error) | RuleError::Failed(error) | RuleError::NoGatheringTime(error)) => {
            (None, Some(error))
        }
    };
    TracedValue { name: expression.name.clone(), value, error }
}

/// Maximum depth of a displayed shape.
const MAX_SHAPE_DEPTH: usize = 4;
/// Maximum number of displayed fields of a map.
const MAX_SHAPE_FIELDS: usize = 12;

/// Formats the types of a value; the element type of a list is that of its first element.
fn shape(value: &Value, depth_left: usize) -> String {
    match value {
        Value::List(list) => match list.items().first() {
            None => "empty list".into(),
            Some(first) if depth_left > 0 => {
                format!("list of {} × {}", list.items().len(), shape(first, depth_left - 1))
            }
            Some(_) => format!("list of {}", list.items().len()),
        },
        Value::Map(map) if depth_left > 0 => {
            let shown = map.entries().iter().take(MAX_SHAPE_FIELDS);
            let mut fields: Vec<String> =
                shown.map(|(key, value)| format!("{key}: {}", shape(value, depth_left - 1))).collect();
            fields.extend((map.entries().len() > MAX_SHAPE_FIELDS).then(|| "…".to_owned()));
            format!("{{{}}}", fields.join(", "))
        }
        Value::Null => "null".into(),
        other => other.type_of().name().into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{load_file, rule::tests::archive};

    const EXAMPLE: &str = include_str!("../examples/pool-degraded.yaml");

    fn trace(files: &[(&str, serde_json::Value)]) -> Trace {
        load_file("a.yaml", EXAMPLE).rules[0]
            .trace(&archive(files), Some("2026-01-15T12:00:00Z".parse().unwrap()))
    }

    #[test]
    fn trace_of_a_hit_shows_inputs_facts_and_verdict() {
        let pool = json!({"metadata": {"name": "worker"}, "status": {"degradedMachineCount": 2}});
        let trace = trace(&[("config/machineconfigpools/worker.json", pool)]);
        assert_eq!((trace.verdict, &trace.reason), ("hit", &None));
        assert_eq!(trace.inputs[0].files, ["config/machineconfigpools/worker.json"]);
        let shape =
            "list of 1 × {metadata: {name: string}, status: {degradedMachineCount: int}, _path: string}";
        assert_eq!(trace.inputs[0].shape, shape);
        assert_eq!((trace.inputs[1].name.as_str(), trace.inputs[1].shape.as_str()), ("version", "null"));
        let bad = trace.facts[0].value.as_ref().unwrap();
        assert_eq!(
            (trace.facts[0].name.as_str(), &bad[0]["metadata"]["name"]),
            ("facts.bad", &json!("worker"))
        );
        assert_eq!(trace.when.unwrap().value, Some(json!(true)));
        assert_eq!(trace.details[0].value, Some(json!([{"name": "worker", "machines": 2}])));
        assert!(trace.steps > 0);
    }

    #[test]
    fn trace_of_a_skipped_or_failing_rule_shows_facts_and_reason() {
        let skipped = trace(&[]);
        assert_eq!(skipped.verdict, "skip");
        assert_eq!(skipped.reason.as_deref(), Some("All: ['config/machineconfigpools/*.json'] Any: "));
        assert_eq!(skipped.facts[0].value, Some(json!([])));
        let failing = trace(&[(
            "config/machineconfigpools/a.json",
            json!({"status": {"degradedMachineCount": "two"}}),
        )]);
        assert_eq!(failing.verdict, "fault");
        assert!(
            failing.facts[0].error.as_ref().unwrap().contains("`>` does not take (string, int)"),
            "{failing:?}"
        );
        assert!(failing.reason.unwrap().contains("a.yaml:10:"));
    }

    #[test]
    fn trace_of_facts_that_use_facts_shows_their_values() {
        let text = "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: K\ninputs: {pools: {glob: 'config/pool/*.json'}}\n\
                    facts:\n  count: size(names)\n  names: pools.map(p, p.name)\n  many: count > 1\nwhen: many\n";
        let files =
            [("config/pool/a.json", json!({"name": "a"})), ("config/pool/b.json", json!({"name": "b"}))];
        let trace = load_file("a.yaml", text).rules[0].trace(&archive(&files), None);
        let values: Vec<_> = trace.facts.into_iter().map(|fact| fact.value.ok_or(fact.error)).collect();
        assert_eq!(values, [Ok(json!(2)), Ok(json!(["a", "b"])), Ok(json!(true))]);
        assert_eq!(trace.when.and_then(|when| when.value), Some(json!(true)));
    }

    #[test]
    fn explanation_has_the_inputs_and_the_content() {
        let explanation = load_file("a.yaml", EXAMPLE).rules[0].explain();
        let inputs: Vec<_> =
            explanation.inputs.iter().map(|input| (input.kind, input.what.as_str(), input.need)).collect();
        assert_eq!(inputs[0], ("glob", "config/machineconfigpools/*.json", "required"));
        assert_eq!(inputs[2].0, "logs");
        assert_eq!(explanation.inputs[2].pattern.as_deref(), Some(r"drain failed for node (?P<node>\S+)"));
        assert_eq!(explanation.content.unwrap().impact, 3);
        assert_eq!(explanation.facts[0].0, "bad");
        assert_eq!(explanation.tests.len(), 3);
    }

    #[test]
    fn shape_shows_types_and_names_up_to_the_maximum_depth() {
        let value = json!([{"metadata": {"name": "a", "labels": {"x": {"y": {"z": 1}}}}, "n": null}, 2]);
        assert_eq!(
            shape(&Value::from_serde(value), MAX_SHAPE_DEPTH),
            "list of 2 × {metadata: {labels: {x: map}, name: string}, n: null}"
        );
        assert_eq!(shape(&Value::from_serde(json!([])), 1), "empty list");
    }
}
