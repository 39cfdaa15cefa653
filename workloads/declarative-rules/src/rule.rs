//! Declarative rules and their evaluation over an archive.

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

/// A rule that was loaded from a file. Reference-counted, so cheap to clone.
#[derive(Clone)]
pub struct DeclarativeRule(pub(crate) Arc<Compiled>);

/// A compiled rule.
pub(crate) struct Compiled {
    pub id: RuleFqdn,
    pub error_key: ErrorKey,
    pub inputs: Vec<RuleInput>,
    /// In the order of the file.
    pub facts: Vec<CompiledExpression>,
    pub when: CompiledExpression,
    pub details: Vec<(Arc<str>, CompiledExpression)>,
    pub content: Option<RuleContent>,
    /// Texts of `content` with their positions in the file.
    pub texts: Vec<TextPlace>,
    pub tests: Vec<TestCase>,
    pub origin: Origin,
}

/// File and position of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub file: Arc<str>,
    pub text: Arc<str>,
    pub position: Position,
}

/// A compiled expression of a rule.
pub(crate) struct CompiledExpression {
    /// Path of its field, as in messages.
    pub name: String,
    pub program: Program,
    /// Index of its value in [`Evaluation::values`] if it is a fact.
    pub slot: usize,
    /// Indices in [`Compiled::facts`] of the facts that it depends on, in evaluation order.
    pub facts: Vec<usize>,
    pub text: String,
    pub span: Range<usize>,
}

/// Reason why a rule has neither a hit nor a miss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleError {
    Limit(String),
    Failed(String),
    /// The rule depends on the gathering time, which is unknown.
    NoGatheringTime(String),
}

impl CompiledExpression {
    /// Returns the name without the field that contains it.
    pub(crate) fn short_name(&self) -> &str {
        self.name.split_once('.').map_or(&self.name, |(_, name)| name)
    }
}

impl DeclarativeRule {
    /// Returns the module name of the rule.
    pub fn id(&self) -> &RuleFqdn {
        &self.0.id
    }

    /// Returns the error key of the problem.
    pub fn error_key(&self) -> &ErrorKey {
        &self.0.error_key
    }

    /// Returns the file that the rule was loaded from.
    pub fn file(&self) -> &str {
        &self.0.origin.file
    }

    /// Returns the start of the rule in its file.
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
        let outcome = time.left().and_then(|left| self.0.run(context, started + left));
        time.used.set(time.used.get() + started.elapsed());
        match outcome {
            Ok(None) => None,
            Ok(Some(details)) => Some(Response::hit(self.0.error_key.to_string(), &details.details())),
            Err(RuleError::Limit(limit)) => Some(Response::fault(FaultReason::Limit(limit))),
            Err(RuleError::Failed(error)) => Some(Response::fault(FaultReason::Failed(error))),
            Err(RuleError::NoGatheringTime(_)) => Some(Response::missing("gathering_time")),
        }
    }
}

/// Time that all declarative rules together have used for an archive.
#[derive(Debug, Default)]
struct Time {
    used: Cell<Duration>,
}

impl Time {
    fn left(&self) -> Result<Duration, RuleError> {
        let used_up = || {
            RuleError::Limit(format!(
                "declarative rules have used the {TIME_PER_ARCHIVE:?} that they have for an archive"
            ))
        };
        TIME_PER_ARCHIVE.checked_sub(self.used.get()).ok_or_else(used_up)
    }
}

impl Compiled {
    /// Evaluates the rule: the details of a hit, or `None` if it is a miss.
    fn run(&self, context: &Context<'_>, deadline: Instant) -> Result<Option<Value>, RuleError> {
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
                Err(RuleError::Failed(self.describe(&self.when, &Reason::NotBool(other.type_of()).at(0))))
            }
        }
    }

    /// Returns the values of the inputs, followed by `None` for each fact.
    pub(crate) fn input_values(&self, context: &Context<'_>) -> Result<Vec<Option<Value>>, RuleError> {
        let too_large = |_| {
            let most = MAX_DOCUMENT_BYTES >> 20;
            RuleError::Limit(format!(
                "the documents have more than {most} MiB, or more than {MAX_DOCUMENT_VALUES} values"
            ))
        };
        let inputs = self.inputs.iter().map(|input| input.reads.value(context).map(Some).map_err(too_large));
        inputs.chain(self.facts.iter().map(|_| Ok(None))).collect()
    }

    /// Formats an error with its position in the rule file.
    fn describe(&self, expression: &CompiledExpression, error: &EvaluationError) -> String {
        let Origin { file, text, .. } = &self.origin;
        let at = offset_in_file(text, &expression.span, &expression.text, error.at);
        let Position { line, column } = Position::from_offset(text, at);
        format!("{file}:{line}:{column}: `{}`: {error}", expression.name)
    }
}

/// One evaluation of a rule's expressions over one archive.
pub(crate) struct Evaluation<'a> {
    pub rule: &'a Compiled,
    /// Gathering time of the archive.
    pub now: Option<DateTime<Utc>>,
    pub meter: &'a Meter,
    /// Values of the inputs, then of the facts; `None` for a fact that was not evaluated yet.
    pub values: Vec<Option<Value>>,
}

impl Evaluation<'_> {
    /// Evaluates the facts that an expression depends on, then the expression.
    pub(crate) fn value_of(&mut self, expression: &CompiledExpression) -> Result<Value, RuleError> {
        for &fact in &expression.facts {
            let fact = &self.rule.facts[fact];
            if self.values[fact.slot].is_none() {
                self.values[fact.slot] = Some(self.evaluate(fact)?);
            }
        }
        self.evaluate(expression)
    }

    fn evaluate(&self, expression: &CompiledExpression) -> Result<Value, RuleError> {
        let scope = Scope { globals: &self.values, now: self.now, meter: self.meter };
        let result = expression.program.evaluate(&scope);
        // The result may be wrong if the evaluation ran into a limit.
        if let Some(limit) = self.meter.stopped() {
            let at = result.as_ref().map_or_else(|error| error.at, |_| 0);
            return Err(RuleError::Limit(self.rule.describe(expression, &Reason::Limit(limit).at(at))));
        }
        result.map_err(|error| {
            let described = self.rule.describe(expression, &error);
            match error.reason {
                Reason::NoGatheringTime(_) => RuleError::NoGatheringTime(described),
                _ => RuleError::Failed(described),
            }
        })
    }

    fn details(&mut self) -> Result<Value, RuleError> {
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
