//! Functions of optionals.

use super::{Result, Scope, Value};
use crate::cel::error::Reason;

pub(super) fn some(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::some(arguments[0].clone()))
}

pub(super) fn none(_: &Scope<'_>, _: &[Value]) -> Result {
    Ok(Value::Optional(None))
}

pub(super) fn non_zero(_: &Scope<'_>, arguments: &[Value]) -> Result {
    let value = &arguments[0];
    let is_zero = match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::UInt(0) => true,
        Value::Double(number) => *number == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::Duration(duration) => duration.is_zero(),
        Value::List(list) => list.items().is_empty(),
        Value::Map(map) => map.entries().is_empty(),
        _ => false,
    };
    Ok(Value::optional((!is_zero).then(|| value.clone())))
}

pub(super) fn has_value(_: &Scope<'_>, arguments: &[Value]) -> Result {
    content("hasValue", arguments).map(|content| Value::Bool(content.is_some()))
}

pub(super) fn or(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match (content("or", arguments)?, &arguments[1]) {
        (Some(_), Value::Optional(_)) => Ok(arguments[0].clone()),
        (None, Value::Optional(_)) => Ok(arguments[1].clone()),
        _ => Err(Reason::no_overload("or", arguments)),
    }
}

pub(super) fn or_value(_: &Scope<'_>, arguments: &[Value]) -> Result {
    content("orValue", arguments).map(|content| content.unwrap_or(&arguments[1]).clone())
}

pub(super) fn value(_: &Scope<'_>, arguments: &[Value]) -> Result {
    content("value", arguments)?.cloned().ok_or(Reason::NoValue)
}

fn content<'a>(function: &'static str, arguments: &'a [Value]) -> Result<Option<&'a Value>> {
    match &arguments[0] {
        Value::Optional(content) => Ok(content.as_deref()),
        _ => Err(Reason::no_overload(function, arguments)),
    }
}
