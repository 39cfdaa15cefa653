//! Functions about objects of clusters.

use std::sync::Arc;

use ccx_rules::documents::parse_quantity;

use super::{Result, Scope, Value, text};
use crate::cel::{Version, error::Reason};

pub(super) fn condition(_: &Scope<'_>, arguments: &[Value]) -> Result {
    find_condition("cond", arguments).map(|condition| Value::optional(condition.cloned()))
}

pub(super) fn condition_true(_: &Scope<'_>, arguments: &[Value]) -> Result {
    has_status("condTrue", arguments, "True")
}

pub(super) fn condition_false(_: &Scope<'_>, arguments: &[Value]) -> Result {
    has_status("condFalse", arguments, "False")
}

fn has_status(function: &'static str, arguments: &[Value], wanted: &str) -> Result {
    let condition = find_condition(function, arguments)?;
    let status = condition.and_then(|condition| field(condition, "status"));
    Ok(Value::Bool(status.is_some_and(|status| is_text(status, wanted))))
}

/// Finds a condition by type. An object without a well-formed list of conditions has none.
fn find_condition<'a>(function: &'static str, arguments: &'a [Value]) -> Result<Option<&'a Value>> {
    let wanted = text(function, arguments, 1)?;
    let conditions = field(&arguments[0], "status").and_then(|status| field(status, "conditions"));
    let Some(Value::List(conditions)) = conditions else { return Ok(None) };
    let is_wanted = |condition: &&Value| field(condition, "type").is_some_and(|of| is_text(of, wanted));
    Ok(conditions.items().iter().find(is_wanted))
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Map(map) => map.get(name),
        _ => None,
    }
}

fn is_text(value: &Value, wanted: &str) -> bool {
    matches!(value, Value::Text(text) if **text == *wanted)
}

pub(super) fn mask(_: &Scope<'_>, arguments: &[Value]) -> Result {
    const SHOWN: usize = 2;
    let masked = text("mask", arguments, 0)?.chars().take(SHOWN).chain("***".chars());
    Ok(Value::text(masked.collect::<String>()))
}

pub(super) fn quantity(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Text(quantity) => {
            let unreadable = || {
                Reason::Function(
                    "quantity",
                    format!("{:?} is not a quantity such as `16Gi` or `250m`", excerpt(quantity)),
                )
            };
            parse_quantity(quantity).map(Value::Double).ok_or_else(unreadable)
        }
        #[expect(clippy::cast_precision_loss, reason = "as in JSON, numbers beyond 2^53 are approximate")]
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Double(number) => Ok(Value::Double(*number)),
        _ => Err(Reason::no_overload("quantity", arguments)),
    }
}

pub(super) fn semver(_: &Scope<'_>, arguments: &[Value]) -> Result {
    let version = text("semver", arguments, 0)?;
    let unreadable = |()| {
        Reason::Function(
            "semver",
            format!("{:?} is not a version; check with `isSemver(...)` first", excerpt(version)),
        )
    };
    version.parse().map(|version: Version| Value::Version(Arc::new(version))).map_err(unreadable)
}

#[expect(clippy::unnecessary_wraps, reason = "functions have one shape")]
pub(super) fn is_semver(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::Bool(matches!(&arguments[0], Value::Text(version) if version.parse::<Version>().is_ok())))
}

pub(super) fn major(_: &Scope<'_>, arguments: &[Value]) -> Result {
    number_of_version("major", arguments, 0)
}

pub(super) fn minor(_: &Scope<'_>, arguments: &[Value]) -> Result {
    number_of_version("minor", arguments, 1)
}

pub(super) fn patch(_: &Scope<'_>, arguments: &[Value]) -> Result {
    number_of_version("patch", arguments, 2)
}

fn number_of_version(function: &'static str, arguments: &[Value], position: usize) -> Result {
    match &arguments[0] {
        Value::Version(version) => {
            Ok(Value::Int(i64::try_from(version.numbers()[position]).unwrap_or(i64::MAX)))
        }
        _ => Err(Reason::no_overload(function, arguments)),
    }
}

/// Shortens a text for a message.
fn excerpt(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}
