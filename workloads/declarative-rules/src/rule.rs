//! A rule that was read from a file, and how it judges an archive.

use std::{
    cell::Cell,
    fmt,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use ccx_messages::{ErrorKey, RuleFqdn};
use ccx_rules::{Context, FaultReason, Response, Rule, RuleMeta};
use chrono::{DateTime, Utc};

use crate::{
    Position,
    cel::{EvaluationError, Map, Meter, Program, Reason, Scope, Value},
    explain::RuleContent,
    format::Need,
    inputs::{Reads, RuleInput},
    limits::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_VALUES, MAX_STEPS, TIME_PER_ARCHIVE},
    run_tests::TestCase,
    texts::TextPlace,
    yaml::offset_in_file,
};

/// A rule that was read from a file. To clone it is to count a reference.
#[derive(Clone)]
pub struct DeclarativeRule(pub(crate) Arc<Compiled>);

/// Everything about a rule, checked.
pub(crate) struct Compiled {
    pub id: RuleFqdn,
    pub error_key: ErrorKey,
    pub inputs: Vec<RuleInput>,
    /// In the order of the file.
    pub facts: Vec<CompiledExpression>,
    pub when: CompiledExpression,
    pub details: Vec<(Arc<str>, CompiledExpression)>,
    pub content: Option<RuleContent>,
    /// Where the texts of `content` are in the file.
    pub texts: Vec<TextPlace>,
    pub tests: Vec<TestCase>,
    pub origin: Origin,
}

/// Where a rule was read from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub file: Arc<str>,
    pub text: Arc<str>,
    pub position: Position,
}

/// An expression of a rule.
pub(crate) struct CompiledExpression {
    /// What it is called in messages, as the path of its field.
    pub name: String,
    pub program: Program,
    /// Where its value is among the rule's values, when it is a fact.
    pub slot: usize,
    /// The facts that it needs by their place in [`Compiled::facts`], each behind those that it needs itself.
    pub facts: Vec<usize>,
    pub text: String,
    pub span: Range<usize>,
}

/// Why a rule could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undecided {
    Limit(String),
    Failed(String),
    /// It depends on the gathering time, which is unknown.
    NoGatheringTime(String),
}

impl CompiledExpression {
    /// The name without the field that it is in.
    pub(crate) fn short_name(&self) -> &str {
        self.name.split_once('.').map_or(&self.name, |(_, name)| name)
    }
}

impl DeclarativeRule {
    /// The rule's module.
    pub fn id(&self) -> &RuleFqdn {
        &self.0.id
    }

    /// What it finds.
    pub fn error_key(&self) -> &ErrorKey {
        &self.0.error_key
    }

    /// The file that it was read from.
    pub fn file(&self) -> &str {
        &self.0.origin.file
    }

    /// Where in the file it begins.
    pub fn position(&self) -> Position {
        self.0.origin.position
    }
}

impl fmt::Debug for DeclarativeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeclarativeRule({}|{})", self.0.id, self.0.error_key)
    }
}

impl Rule for DeclarativeRule {
    fn meta(&self) -> RuleMeta {
        let Compiled { id, error_key, inputs, content, .. } = &*self.0;
        let tags: Vec<&str> =
            content.iter().flat_map(|content| content.tags.iter().map(String::as_str)).collect();
        let mut meta = RuleMeta::new(id.clone(), error_key.clone()).tags(&tags);
        let of_any: Vec<_> =
            inputs.iter().filter(|input| input.need == Need::Any).map(|input| input.reads.files()).collect();
        if !of_any.is_empty() {
            meta = meta.requires_any(&of_any);
        }
        for RuleInput { need, reads, .. } in inputs {
            meta = match need {
                Need::Required => meta.requires(reads.files()),
                Need::Optional => meta.may_read(reads.files()),
                Need::Any => meta,
            };
            match reads {
                Reads::Logs { query, .. } => meta.log_queries.push(query.clone()),
                Reads::Metrics { family } => meta = meta.reads_metric(family.clone()),
                Reads::File(_) | Reads::Documents(_) => {}
            }
        }
        meta
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let time = context.extension::<Time>();
        let started = Instant::now();
        let outcome = time.left().and_then(|left| self.0.judge(context, started + left));
        time.used.set(time.used.get() + started.elapsed());
        match outcome {
            Ok(None) => None,
            Ok(Some(details)) => Some(Response::hit(self.0.error_key.to_string(), &details.details())),
            Err(Undecided::Limit(limit)) => Some(Response::fault(FaultReason::Limit(limit))),
            Err(Undecided::Failed(error)) => Some(Response::fault(FaultReason::Failed(error))),
            Err(Undecided::NoGatheringTime(_)) => Some(Response::missing("gathering_time")),
        }
    }
}

/// What all rules of users together have used of their time for an archive.
#[derive(Debug, Default)]
struct Time {
    used: Cell<Duration>,
}

impl Time {
    fn left(&self) -> Result<Duration, Undecided> {
        let used_up = || {
            Undecided::Limit(format!(
                "the rules of users have used the {TIME_PER_ARCHIVE:?} that they have for an archive"
            ))
        };
        TIME_PER_ARCHIVE.checked_sub(self.used.get()).ok_or_else(used_up)
    }
}

impl Compiled {
    /// The details of the problem; `None` when there is none.
    fn judge(&self, context: &Context<'_>, deadline: Instant) -> Result<Option<Value>, Undecided> {
        let meter = Meter::new(MAX_STEPS, deadline.min(context.deadline()));
        let mut evaluation = Evaluation {
            rule: self,
            now: context.gathered_at(),
            meter: &meter,
            values: self.input_values(context)?,
        };
        match evaluation.value_of(&self.when)? {
            Value::Bool(true) => evaluation.details().map(Some),
            Value::Bool(false) => Ok(None),
            other => {
                Err(Undecided::Failed(self.describe(&self.when, &Reason::NotBool(other.type_of()).at(0))))
            }
        }
    }

    /// The values of the inputs, and room for those of the facts.
    pub(crate) fn input_values(&self, context: &Context<'_>) -> Result<Vec<Option<Value>>, Undecided> {
        let too_large = |_| {
            let most = MAX_DOCUMENT_BYTES >> 20;
            Undecided::Limit(format!(
                "the documents have more than {most} MiB, or more than {MAX_DOCUMENT_VALUES} values"
            ))
        };
        let inputs = self.inputs.iter().map(|input| input.reads.value(context).map(Some).map_err(too_large));
        inputs.chain(self.facts.iter().map(|_| Ok(None))).collect()
    }

    /// An error with the place of the file where it happened.
    fn describe(&self, expression: &CompiledExpression, error: &EvaluationError) -> String {
        let Origin { file, text, .. } = &self.origin;
        let at = offset_in_file(text, &expression.span, &expression.text, error.at);
        let Position { line, column } = Position::from_offset(text, at);
        format!("{file}:{line}:{column}: `{}`: {}", expression.name, error.reason)
    }
}

/// One evaluation of a rule's expressions over one archive.
pub(crate) struct Evaluation<'a> {
    pub rule: &'a Compiled,
    /// The moment that the archive describes.
    pub now: Option<DateTime<Utc>>,
    pub meter: &'a Meter,
    /// The inputs in their order, then the facts that are known.
    pub values: Vec<Option<Value>>,
}

impl Evaluation<'_> {
    /// The value of an expression, after the facts that it needs.
    pub(crate) fn value_of(&mut self, expression: &CompiledExpression) -> Result<Value, Undecided> {
        for &fact in &expression.facts {
            let fact = &self.rule.facts[fact];
            if self.values[fact.slot].is_none() {
                self.values[fact.slot] = Some(self.evaluate(fact)?);
            }
        }
        self.evaluate(expression)
    }

    fn evaluate(&self, expression: &CompiledExpression) -> Result<Value, Undecided> {
        let scope = Scope { globals: &self.values, now: self.now, meter: self.meter };
        let result = expression.program.evaluate(&scope);
        // Whatever the value is: without the steps that it lacked it might be another one.
        if let Some(limit) = self.meter.stopped() {
            let at = result.as_ref().map_or_else(|error| error.at, |_| 0);
            return Err(Undecided::Limit(self.rule.describe(expression, &Reason::Limit(limit).at(at))));
        }
        result.map_err(|error| {
            let described = self.rule.describe(expression, &error);
            match error.reason {
                Reason::NoGatheringTime(_) => Undecided::NoGatheringTime(described),
                _ => Undecided::Failed(described),
            }
        })
    }

    fn details(&mut self) -> Result<Value, Undecided> {
        let rule = self.rule;
        let mut details = Vec::with_capacity(rule.details.len());
        for (name, expression) in &rule.details {
            details.push((Arc::clone(name), self.value_of(expression)?));
        }
        Ok(Value::Map(Map::from_iter(details)))
    }
}

#[cfg(test)]
pub(crate) mod tests;
