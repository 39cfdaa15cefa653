//! Functions of texts.

use super::{Result, Scope, Value, items, list::unsuitable_elements, text};
use crate::{cel::error::Reason, limits::MAX_WEIGHT};

pub(super) fn contains(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::Bool(text("contains", arguments, 0)?.contains(text("contains", arguments, 1)?)))
}

pub(super) fn starts_with(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::Bool(text("startsWith", arguments, 0)?.starts_with(text("startsWith", arguments, 1)?)))
}

pub(super) fn ends_with(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::Bool(text("endsWith", arguments, 0)?.ends_with(text("endsWith", arguments, 1)?)))
}

pub(super) fn excerpt(_: &Scope<'_>, arguments: &[Value]) -> Result {
    let whole = text("excerpt", arguments, 0)?;
    let Value::Int(characters) = arguments[1] else { return Err(Reason::no_overload("excerpt", arguments)) };
    let end = whole
        .char_indices()
        .nth(usize::try_from(characters).unwrap_or(0))
        .map_or(whole.len(), |(end, _)| end);
    Ok(Value::text(&whole[..end]))
}

pub(super) fn join(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let separator = if arguments.len() == 2 { text("join", arguments, 1)? } else { "" };
    let mut joined = String::new();
    for (position, item) in items("join", arguments, 0)?.iter().enumerate() {
        let Value::Text(part) = item else {
            let why = format!(
                "an element of the list is {}; convert it: `list.map(item, string(item))`",
                item.type_of().with_article()
            );
            return Err(unsuitable_elements("join", arguments, &why));
        };
        scope.meter.charge(separator.len() as u64 / 16)?;
        joined.push_str(if position == 0 { "" } else { separator });
        joined.push_str(part);
    }
    Ok(Value::text(joined))
}

pub(super) fn split(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let (whole, separator) = (text("split", arguments, 0)?, text("split", arguments, 1)?);
    // An empty separator splits the text into characters.
    scope.meter.charge(if separator.is_empty() {
        whole.len() as u64
    } else {
        whole.matches(separator).count() as u64
    })?;
    if separator.is_empty() {
        return Ok(Value::list(whole.chars().map(|character| Value::text(character.to_string()))));
    }
    Ok(Value::list(whole.split(separator).map(Value::text)))
}

pub(super) fn replace(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let (whole, part) = (text("replace", arguments, 0)?, text("replace", arguments, 1)?);
    let other = text("replace", arguments, 2)?;
    let growth = (whole.matches(part).count() as u64).saturating_mul(other.len() as u64) / 16;
    // Charged before the text is allocated.
    scope.meter.charge(growth.min(MAX_WEIGHT))?;
    if growth > MAX_WEIGHT {
        return Err(Reason::Function("replace", "the text would become too long".into()));
    }
    Ok(Value::text(whole.replace(part, other)))
}

pub(super) fn lower_ascii(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::text(text("lowerAscii", arguments, 0)?.to_ascii_lowercase()))
}

pub(super) fn upper_ascii(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::text(text("upperAscii", arguments, 0)?.to_ascii_uppercase()))
}

pub(super) fn trim(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::text(text("trim", arguments, 0)?.trim()))
}
