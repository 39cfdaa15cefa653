//! Operators of the language.

use std::{cmp::Ordering, sync::Arc};

use super::{Value, code::Operator, error::Reason};

type Result<T = Value> = std::result::Result<T, Reason>;

/// Evaluates `operand.field`. A field of an optional is an optional.
pub(super) fn select(operand: Value, field: &str) -> Result {
    match operand {
        Value::Map(map) => map.get(field).cloned().ok_or_else(|| Reason::NoSuchKey(field.into())),
        Value::Optional(content) => within(content, |content| select(content, field)),
        other => Err(Reason::NoFields(other.type_of(), field.into())),
    }
}

/// Applies `find` to the content of an optional. The result is an optional, which is empty if nothing is
/// found.
fn within(content: Option<Arc<Value>>, find: impl FnOnce(Value) -> Result) -> Result {
    let Some(content) = content else { return Ok(Value::Optional(None)) };
    match find(Arc::unwrap_or_clone(content)) {
        Ok(Value::Null) | Err(Reason::NoSuchKey(_) | Reason::NoSuchElement(_)) => Ok(Value::Optional(None)),
        Ok(found) => Ok(Value::some(found)),
        Err(reason) => Err(reason),
    }
}

/// Evaluates `has(operand.field)`. A field that is null is absent, as the API server treats it.
pub(super) fn has(operand: &Value, field: &str) -> Result<bool> {
    match operand {
        Value::Map(map) => Ok(map.get(field).is_some_and(|value| *value != Value::Null)),
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(content)) => has(content, field),
        other => Err(Reason::no_overload("has", std::slice::from_ref(other))),
    }
}

/// Evaluates `operand.?field`. A field that is null is absent, as the API server treats it.
pub(super) fn optional_select(operand: Value, field: &str) -> Value {
    match operand {
        Value::Map(map) => Value::optional(map.get(field).filter(|value| **value != Value::Null).cloned()),
        Value::Optional(Some(content)) => optional_select(Arc::unwrap_or_clone(content), field),
        _ => Value::Optional(None),
    }
}

/// Evaluates `operand[index]`.
pub(super) fn index(operand: Value, index: &Value) -> Result {
    match (operand, index) {
        (Value::Map(map), Value::Text(key)) => {
            map.get(key).cloned().ok_or_else(|| Reason::NoSuchKey((&**key).into()))
        }
        (Value::List(list), position) if whole(position).is_some() => {
            let position = whole(position).unwrap_or_default();
            let item = usize::try_from(position).ok().and_then(|position| list.items().get(position));
            item.cloned().ok_or(Reason::NoSuchElement(position))
        }
        (Value::Optional(content), _) => within(content, |content| self::index(content, index)),
        (operand, _) => Err(Reason::no_overload("[]", &[operand, index.clone()])),
    }
}

/// Evaluates `operand[?index]`. An element that is null is absent.
pub(super) fn optional_index(operand: Value, position: &Value) -> Value {
    match operand {
        Value::Optional(None) => Value::Optional(None),
        Value::Optional(Some(content)) => optional_index(Arc::unwrap_or_clone(content), position),
        operand => Value::optional(index(operand, position).ok().filter(|value| *value != Value::Null)),
    }
}

/// Converts a whole number of any type to a list index.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::UInt(number) => Some(i64::try_from(*number).unwrap_or(i64::MAX)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "beyond the range it saturates, where no list has elements"
        )]
        Value::Double(number) if number.fract() == 0.0 => Some(*number as i64),
        _ => None,
    }
}

/// Evaluates `-operand`.
pub(super) fn negate(operand: &Value) -> Result {
    match operand {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or(Reason::Overflow("-")),
        Value::Double(number) => Ok(Value::Double(-number)),
        other => Err(Reason::no_overload("-", std::slice::from_ref(other))),
    }
}

/// Returns the number of steps that an operator takes besides the one of its node.
pub(super) fn cost(operator: Operator, a: &Value, b: &Value) -> u64 {
    match operator {
        Operator::Add => match (a, b) {
            (Value::List(a), Value::List(b)) => (a.items().len() + b.items().len()) as u64,
            (Value::Text(_), Value::Text(_)) => a.weight() + b.weight(),
            _ => 0,
        },
        Operator::Equal | Operator::NotEqual => a.weight().min(b.weight()) - 1,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            a.weight().min(b.weight()) - 1
        }
        Operator::In => match b {
            Value::List(list) => list.items().iter().map(|item| item.weight().min(a.weight())).sum(),
            _ => 1,
        },
        _ => 0,
    }
}

/// Evaluates a binary operator.
pub(super) fn binary(operator: Operator, a: &Value, b: &Value) -> Result {
    let compared = |accept: fn(Ordering) -> bool| {
        let ordering = a.compare(b).ok_or_else(|| no_overload(operator, a, b));
        ordering.map(|ordering| Value::Bool(accept(ordering)))
    };
    match operator {
        Operator::Equal => Ok(Value::Bool(a == b)),
        Operator::NotEqual => Ok(Value::Bool(a != b)),
        Operator::Less => compared(Ordering::is_lt),
        Operator::LessOrEqual => compared(Ordering::is_le),
        Operator::Greater => compared(Ordering::is_gt),
        Operator::GreaterOrEqual => compared(Ordering::is_ge),
        Operator::In => contains(a, b),
        Operator::Add => add(a, b),
        Operator::Subtract => subtract(a, b),
        Operator::Multiply | Operator::Divide | Operator::Remainder => arithmetic(operator, a, b),
    }
}

fn no_overload(operator: Operator, a: &Value, b: &Value) -> Reason {
    Reason::no_overload(operator.symbol(), &[a.clone(), b.clone()])
}

fn contains(item: &Value, container: &Value) -> Result {
    match (item, container) {
        (_, Value::List(list)) => Ok(Value::Bool(list.items().contains(item))),
        (Value::Text(key), Value::Map(map)) => Ok(Value::Bool(map.get(key).is_some())),
        // The keys of maps are always strings.
        (Value::Int(_) | Value::UInt(_) | Value::Bool(_) | Value::Double(_), Value::Map(_)) => {
            Ok(Value::Bool(false))
        }
        _ => Err(no_overload(Operator::In, item, container)),
    }
}

fn add(a: &Value, b: &Value) -> Result {
    let overflow = Reason::Overflow("+");
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(Value::text([&**a, &**b].concat())),
        (Value::List(a), Value::List(b)) => Ok(Value::list(a.items().iter().chain(b.items()).cloned())),
        (Value::Timestamp(moment), Value::Duration(duration))
        | (Value::Duration(duration), Value::Timestamp(moment)) => {
            moment.checked_add_signed(*duration).map(Value::Timestamp).ok_or(overflow)
        }
        (Value::Duration(a), Value::Duration(b)) => a.checked_add(b).map(Value::Duration).ok_or(overflow),
        _ => arithmetic(Operator::Add, a, b),
    }
}

fn subtract(a: &Value, b: &Value) -> Result {
    let overflow = Reason::Overflow("-");
    match (a, b) {
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(Value::Duration(a.signed_duration_since(b))),
        (Value::Timestamp(moment), Value::Duration(duration)) => {
            moment.checked_sub_signed(*duration).map(Value::Timestamp).ok_or(overflow)
        }
        (Value::Duration(a), Value::Duration(b)) => a.checked_sub(b).map(Value::Duration).ok_or(overflow),
        _ => arithmetic(Operator::Subtract, a, b),
    }
}

/// Evaluates an arithmetic operator on numbers of the same type.
fn arithmetic(operator: Operator, a: &Value, b: &Value) -> Result {
    let overflow = || Reason::Overflow(operator.symbol());
    let divides = matches!(operator, Operator::Divide | Operator::Remainder);
    match (a, b) {
        (Value::Int(_), Value::Int(0)) | (Value::UInt(_), Value::UInt(0)) if divides => {
            Err(Reason::DivisionByZero)
        }
        (Value::Int(a), Value::Int(b)) => {
            int_arithmetic(operator, *a, *b).map(Value::Int).ok_or_else(overflow)
        }
        (Value::UInt(a), Value::UInt(b)) => {
            uint_arithmetic(operator, *a, *b).map(Value::UInt).ok_or_else(overflow)
        }
        (Value::Double(x), Value::Double(y)) => match operator {
            Operator::Add => Ok(Value::Double(x + y)),
            Operator::Subtract => Ok(Value::Double(x - y)),
            Operator::Multiply => Ok(Value::Double(x * y)),
            Operator::Divide => Ok(Value::Double(x / y)),
            _ => Err(no_overload(operator, a, b)),
        },
        _ => Err(no_overload(operator, a, b)),
    }
}

fn int_arithmetic(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => None,
    }
}

fn uint_arithmetic(operator: Operator, a: u64, b: u64) -> Option<u64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::Divide => a.checked_div(b),
        Operator::Remainder => a.checked_rem(b),
        _ => None,
    }
}
