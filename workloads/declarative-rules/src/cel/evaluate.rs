//! Evaluation of compiled expressions.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Value,
    code::{Body, Element, Entry, Kind, Loop, Node, Operator, Program},
    error::{EvaluationError, Reason},
    meter::Meter,
    operators,
    value::{Map, Type},
};

type Result<T> = std::result::Result<T, EvaluationError>;

/// Variables and limits of an evaluation.
pub(crate) struct Scope<'a> {
    /// Inputs and facts by index. Those that the expression reads must be set.
    pub globals: &'a [Option<Value>],
    /// Gathering time of the archive.
    pub now: Option<DateTime<Utc>>,
    /// Limits of the evaluation.
    pub meter: &'a Meter,
}

impl Program {
    /// Evaluates the expression.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value> {
        Evaluator { scope, locals: Vec::new() }.value(&self.root)
    }
}

struct Evaluator<'a> {
    scope: &'a Scope<'a>,
    /// Variables of the loops around the current node.
    locals: Vec<Value>,
}

impl Evaluator<'_> {
    fn value(&mut self, node: &Node) -> Result<Value> {
        self.value_or_error(node).map_err(|mut error| {
            if error.at == node.at && error.null_field.is_none() {
                error.null_field = null_operand(node, &error.reason).and_then(field_name);
            }
            error
        })
    }

    fn value_or_error(&mut self, node: &Node) -> Result<Value> {
        let at = node.at;
        self.scope.meter.charge(1).map_err(|reason| reason.at(at))?;
        match &node.kind {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Global(position) => {
                Ok(self.scope.globals.get(*position).cloned().flatten().unwrap_or(Value::Null))
            }
            Kind::Local(position) => Ok(self.locals.get(*position).cloned().unwrap_or(Value::Null)),
            Kind::Select(operand, field) => {
                let operand = self.value(operand)?;
                operators::select(operand, field).map_err(|reason| reason.at(at))
            }
            Kind::Has(operand, field) => {
                let operand = self.value(operand)?;
                operators::has(&operand, field).map(Value::Bool).map_err(|reason| reason.at(at))
            }
            Kind::OptionalSelect(operand, field) => {
                Ok(operators::optional_select(self.value(operand)?, field))
            }
            Kind::Index(operands) => {
                let [operand, index] = self.both(operands)?;
                operators::index(operand, &index).map_err(|reason| reason.at(at))
            }
            Kind::OptionalIndex(operands) => {
                let [operand, index] = self.both(operands)?;
                Ok(operators::optional_index(operand, &index))
            }
            Kind::And(operands) => self.logical(operands, false),
            Kind::Or(operands) => self.logical(operands, true),
            Kind::Not(operand) => Ok(Value::Bool(!self.truth(operand)?)),
            Kind::Negate(operand) => operators::negate(&self.value(operand)?).map_err(|reason| reason.at(at)),
            Kind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                if self.truth(condition)? { self.value(yes) } else { self.value(no) }
            }
            Kind::Binary(operator, operands) => self.binary(at, *operator, operands),
            Kind::List(elements) => self.list(at, elements),
            Kind::Map(entries) => self.map(at, entries),
            Kind::Loop(looped) => self.run(at, looped),
            Kind::Bind { value, body } => {
                let value = self.value(value)?;
                self.with_local(value, |evaluator| evaluator.value(body))
            }
            Kind::Call(function, arguments) => {
                let arguments =
                    arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>>>()?;
                function.call(self.scope, &arguments).map_err(|reason| reason.at(at))
            }
            Kind::Matches(text, regex) => {
                let text = self.value(text)?;
                let Value::Text(text) = &text else {
                    return Err(Reason::no_overload("matches", &[text]).at(at));
                };
                self.scope.meter.charge(super::value::text_weight(text)).map_err(|reason| reason.at(at))?;
                Ok(Value::Bool(regex.is_match(text)))
            }
        }
    }

    fn both(&mut self, [a, b]: &[Node; 2]) -> Result<[Value; 2]> {
        Ok([self.value(a)?, self.value(b)?])
    }

    fn truth(&mut self, node: &Node) -> Result<bool> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            other => {
                let null_field = if other == Value::Null { field_name(node) } else { None };
                Err(EvaluationError { null_field, ..Reason::NotBool(other.type_of()).at(node.at) })
            }
        }
    }

    /// Evaluates `&&` and `||`. A deciding operand hides a failure of the other one, except a limit.
    fn logical(&mut self, [a, b]: &[Node; 2], deciding: bool) -> Result<Value> {
        let failure = match self.truth(a) {
            Ok(truth) if truth == deciding => return Ok(Value::Bool(deciding)),
            Ok(_) => None,
            Err(error) if error.reason.is_limit() => return Err(error),
            Err(error) => Some(error),
        };
        let truth = self.truth(b)?;
        match failure {
            Some(error) if truth != deciding => Err(error),
            _ => Ok(Value::Bool(truth)),
        }
    }

    fn binary(&mut self, at: usize, operator: Operator, operands: &[Node; 2]) -> Result<Value> {
        let [a, b] = self.both(operands)?;
        let cost = operators::cost(operator, &a, &b);
        let meter = self.scope.meter;
        let result = meter.charge(cost).and_then(|()| operators::binary(operator, &a, &b));
        result.and_then(|value| meter.admit(value)).map_err(|reason| reason.at(at))
    }

    fn list(&mut self, at: usize, elements: &[Element]) -> Result<Value> {
        let mut items = Vec::with_capacity(elements.len());
        for Element { value, is_optional } in elements {
            items.extend(unless_missing(self.value(value)?, *is_optional));
        }
        self.scope.meter.admit(Value::list(items)).map_err(|reason| reason.at(at))
    }

    fn map(&mut self, at: usize, entries: &[Entry]) -> Result<Value> {
        let mut pairs: Vec<(Arc<str>, Value)> = Vec::with_capacity(entries.len());
        for Entry { key, value, is_optional } in entries {
            let name = match self.value(key)? {
                Value::Text(name) => name,
                other => return Err(Reason::KeyNotText(other.type_of()).at(key.at)),
            };
            let value = self.value(value)?;
            pairs.extend(unless_missing(value, *is_optional).map(|value| (name, value)));
        }
        self.scope.meter.admit(Value::Map(Map::from_iter(pairs))).map_err(|reason| reason.at(at))
    }

    fn run(&mut self, at: usize, Loop { range, body }: &Loop) -> Result<Value> {
        let range = self.value(range)?;
        let items: Box<dyn Iterator<Item = Value>> = match &range {
            Value::List(list) => Box::new(list.items().iter().cloned()),
            Value::Map(map) => Box::new(map.keys().cloned().map(Value::Text)),
            other => return Err(Reason::NotIterable(other.type_of()).at(at)),
        };
        match body {
            Body::Exists(condition) => self.any(items, condition, true),
            Body::All(condition) => self.any(items, condition, false),
            Body::ExistsOne(condition) => self.exists_one(items, condition),
            Body::Map { filter, value } => self.collect(at, items, filter.as_ref(), value),
        }
    }

    /// Evaluates `exists` and `all`: `||` or `&&` over the condition of every element.
    fn any(&mut self, items: impl Iterator<Item = Value>, condition: &Node, deciding: bool) -> Result<Value> {
        let mut failure = None;
        for item in items {
            match self.with_local(item, |evaluator| evaluator.truth(condition)) {
                Ok(truth) if truth == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(error) if error.reason.is_limit() => return Err(error),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn exists_one(&mut self, items: impl Iterator<Item = Value>, condition: &Node) -> Result<Value> {
        let mut found = 0;
        for item in items {
            found += usize::from(self.with_local(item, |evaluator| evaluator.truth(condition))?);
        }
        Ok(Value::Bool(found == 1))
    }

    fn collect(
        &mut self,
        at: usize,
        items: impl Iterator<Item = Value>,
        filter: Option<&Node>,
        value: &Node,
    ) -> Result<Value> {
        let mut collected = Vec::new();
        for item in items {
            let kept = self.with_local(item, |evaluator| {
                let is_wanted = filter.map_or(Ok(true), |filter| evaluator.truth(filter))?;
                is_wanted.then(|| evaluator.value(value)).transpose()
            })?;
            collected.extend(kept);
        }
        self.scope.meter.admit(Value::list(collected)).map_err(|reason| reason.at(at))
    }

    fn with_local<T>(&mut self, value: Value, then: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.locals.push(value);
        let result = then(self);
        self.locals.pop();
        result
    }
}

/// Returns the operand of a node that is null, if an error about the node says so.
fn null_operand<'n>(node: &'n Node, reason: &Reason) -> Option<&'n Node> {
    let position = match reason {
        Reason::NoOverload(_, types) => types.iter().position(|of| *of == Type::Null)?,
        Reason::NoFields(Type::Null, _) | Reason::NotIterable(Type::Null) => 0,
        _ => return None,
    };
    match &node.kind {
        Kind::Select(operand, _)
        | Kind::Has(operand, _)
        | Kind::Negate(operand)
        | Kind::Matches(operand, _) => Some(operand),
        Kind::Index(operands) | Kind::Binary(_, operands) => operands.get(position),
        Kind::Call(_, arguments) => arguments.get(position),
        Kind::Loop(looped) => Some(&looped.range),
        _ => None,
    }
}

/// Returns the name of the field that a node reads.
fn field_name(node: &Node) -> Option<Arc<str>> {
    match &node.kind {
        Kind::Select(_, field) => Some(Arc::clone(field)),
        Kind::Index(operands) => match &operands[1].kind {
            Kind::Constant(Value::Text(key)) => Some(Arc::clone(key)),
            _ => None,
        },
        _ => None,
    }
}

/// Unwraps the value of an optional element; `None` if it is an empty optional.
fn unless_missing(value: Value, is_optional: bool) -> Option<Value> {
    match value {
        Value::Optional(content) if is_optional => content.map(Arc::unwrap_or_clone),
        value => Some(value),
    }
}
