//! Members of values, and global functions.

use super::{
    error::RenderErrorKind,
    number,
    syntax::Function,
    text::{self, Text},
    value::Value,
};

type Called<'a> = Result<Value<'a>, RenderErrorKind>;

/// `object.name`
pub(super) fn member<'a>(object: &Value<'a>, name: &str) -> Called<'a> {
    let of_nothing = |of| RenderErrorKind::MemberOfNothing { member: name.chars().take(80).collect(), of };
    Ok(match object {
        Value::Undefined => return Err(of_nothing("undefined")),
        Value::Null => return Err(of_nothing("null")),
        Value::Bool(_) | Value::Number(_) => Value::Undefined,
        Value::Object(fields) => fields.get(name).map_or(Value::Undefined, Value::from),
        list if name == "length" => length(list).map_or(Value::Undefined, Value::count),
        list => array_index(name).map_or(Value::Undefined, |index| list.item(index)),
    })
}

/// `object[index]`
pub(super) fn indexed<'a>(object: &Value<'a>, index: &Value<'a>) -> Called<'a> {
    member(object, &index.to_text()?)
}

/// `name in object`
pub(super) fn has<'a>(object: &Value<'a>, name: &Value<'a>) -> Result<bool, RenderErrorKind> {
    let name = name.to_text()?;
    match object {
        Value::Object(fields) => Ok(fields.contains_key(&*name)),
        Value::Array(_) | Value::List(_) => {
            let is_index = array_index(&name).is_some_and(|index| Some(index) < object.list_length());
            Ok(is_index || &*name == "length")
        }
        _ => Err(RenderErrorKind::Argument { method: "in" }),
    }
}

/// Returns the number of items or UTF-16 units.
fn length(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Text(text) => Some(text::length(text)),
        value => value.list_length(),
    }
}

/// Returns the index that a key of a list represents.
fn array_index(key: &str) -> Option<usize> {
    let is_canonical = key == "0" || !key.starts_with(['0', '+']);
    key.parse::<u32>().ok().filter(|_| is_canonical)?.try_into().ok()
}

/// Returns the keys in JavaScript's order: whole numbers first. `None` for `undefined` and `null`.
pub(super) fn keys<'a>(value: &Value<'a>) -> Option<Vec<Value<'a>>> {
    match value {
        Value::Undefined | Value::Null => None,
        Value::Object(fields) => {
            let mut keys: Vec<&str> = fields.keys().map(String::as_str).collect();
            keys.sort_by_key(|key| array_index(key).map_or((1, 0), |index| (0, index)));
            Some(keys.into_iter().map(|key| Value::Text(Text::Borrowed(key))).collect())
        }
        value => Some((0..length(value).unwrap_or_default()).map(|index| index.to_string().into()).collect()),
    }
}

/// Returns the items that `for … of` iterates over.
pub(super) fn items<'a>(value: &Value<'a>) -> Result<Vec<Value<'a>>, RenderErrorKind> {
    match value {
        Value::Array(_) | Value::List(_) => Ok(value.items()),
        Value::Text(text) => Ok(text.chars().map(|character| character.to_string().into()).collect()),
        other => Err(RenderErrorKind::NotIterable { of: other.describe() }),
    }
}

/// Calls a function.
pub(super) fn call<'a>(function: Function, arguments: &[Value<'a>]) -> Called<'a> {
    let first = arguments.first().unwrap_or(&Value::Undefined);
    let number = || first.to_number().map_err(RenderErrorKind::from);
    Ok(match function {
        Function::IsArray => Value::Bool(first.list_length().is_some()),
        Function::Boolean => Value::Bool(first.is_true()),
        Function::Abs => Value::Number(number()?.abs()),
        Function::Ceil => Value::Number(number()?.ceil()),
        Function::Floor => Value::Number(number()?.floor()),
        Function::Round => Value::Number(round(number()?)),
        Function::Max => extreme(arguments, f64::NEG_INFINITY, f64::max)?,
        Function::Min => extreme(arguments, f64::INFINITY, f64::min)?,
        Function::Number if arguments.is_empty() => Value::Number(0.0),
        Function::Number => Value::Number(number()?),
        Function::Keys => list(keys(first), function)?,
        Function::Values => list(values(first), function)?,
        Function::String if arguments.is_empty() => String::new().into(),
        Function::String => Value::Text(first.to_text()?),
        Function::ParseFloat => Value::Number(number::parse_prefix(&first.to_text()?)),
        Function::ParseInt => Value::Number(number::parse_whole_prefix(&first.to_text()?)),
    })
}

/// Rounds to the nearest whole number; halves are rounded up, negative ones too.
fn round(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

fn extreme<'a>(arguments: &[Value<'a>], of_none: f64, choose: fn(f64, f64) -> f64) -> Called<'a> {
    let mut chosen = of_none;
    for argument in arguments {
        let number = argument.to_number()?;
        chosen = if number.is_nan() || chosen.is_nan() { f64::NAN } else { choose(chosen, number) };
    }
    Ok(Value::Number(chosen))
}

fn values<'a>(value: &Value<'a>) -> Option<Vec<Value<'a>>> {
    let keys = keys(value)?;
    Some(keys.iter().map(|key| indexed(value, key).unwrap_or(Value::Undefined)).collect())
}

fn list(items: Option<Vec<Value<'_>>>, function: Function) -> Called<'_> {
    let items = items.ok_or(RenderErrorKind::Argument { method: function.name() })?;
    Ok(Value::list(items)?)
}
