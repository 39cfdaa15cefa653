//! Conversions between types.

use super::{Result, Scope, Value};
use crate::cel::{
    error::Reason,
    value::{duration_text, timestamp_text},
};

pub(super) fn bool(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Bool(truth) => Ok(Value::Bool(*truth)),
        Value::Text(text) => match &**text {
            "1" | "t" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(unreadable("bool", text)),
        },
        _ => Err(Reason::no_overload("bool", arguments)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "whole numbers beyond 2^53 become the nearest double")]
pub(super) fn double(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Double(number) => Ok(Value::Double(*number)),
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::UInt(number) => Ok(Value::Double(*number as f64)),
        Value::Text(text) => text.parse().map(Value::Double).map_err(|_| unreadable("double", text)),
        _ => Err(Reason::no_overload("double", arguments)),
    }
}

pub(super) fn int(_: &Scope<'_>, arguments: &[Value]) -> Result {
    /// The first double that is beyond the range.
    const END: f64 = 9_223_372_036_854_775_808.0;
    match &arguments[0] {
        Value::Int(number) => Ok(Value::Int(*number)),
        Value::UInt(number) => i64::try_from(*number).map(Value::Int).map_err(|_| Reason::Overflow("int")),
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Value::Double(number) if *number > -END && *number < END => Ok(Value::Int(*number as i64)),
        Value::Double(_) => Err(Reason::Overflow("int")),
        Value::Text(text) => text.parse().map(Value::Int).map_err(|_| unreadable("int", text)),
        Value::Timestamp(moment) => Ok(Value::Int(moment.timestamp())),
        _ => Err(Reason::no_overload("int", arguments)),
    }
}

pub(super) fn uint(_: &Scope<'_>, arguments: &[Value]) -> Result {
    /// The first double that is beyond the range.
    const END: f64 = 18_446_744_073_709_551_616.0;
    match &arguments[0] {
        Value::UInt(number) => Ok(Value::UInt(*number)),
        Value::Int(number) => u64::try_from(*number).map(Value::UInt).map_err(|_| Reason::Overflow("uint")),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        Value::Double(number) if *number > -1.0 && *number < END => Ok(Value::UInt(*number as u64)),
        Value::Double(_) => Err(Reason::Overflow("uint")),
        Value::Text(text) => text.parse().map(Value::UInt).map_err(|_| unreadable("uint", text)),
        _ => Err(Reason::no_overload("uint", arguments)),
    }
}

pub(super) fn string(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Text(text) => Ok(Value::Text(text.clone())),
        Value::Bool(truth) => Ok(Value::text(truth.to_string())),
        Value::Int(number) => Ok(Value::text(number.to_string())),
        Value::UInt(number) => Ok(Value::text(number.to_string())),
        Value::Double(number) => Ok(Value::text(number.to_string())),
        Value::Timestamp(moment) => Ok(Value::text(timestamp_text(moment))),
        Value::Duration(duration) => Ok(Value::text(duration_text(*duration))),
        Value::Version(version) => Ok(Value::text(version.to_string())),
        _ => Err(Reason::no_overload("string", arguments)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "functions have one shape")]
pub(super) fn same(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(arguments[0].clone())
}

#[expect(clippy::unnecessary_wraps, reason = "functions have one shape")]
pub(super) fn type_of(_: &Scope<'_>, arguments: &[Value]) -> Result {
    Ok(Value::Type(arguments[0].type_of()))
}

fn unreadable(function: &'static str, text: &str) -> Reason {
    Reason::Function(function, format!("{:?} can't be read as one", &text[..text.floor_char_boundary(40)]))
}
