//! Functions of timestamps and durations.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use super::{Result, Scope, Value, text};
use crate::cel::error::Reason;

pub(super) fn now(scope: &Scope<'_>, _: &[Value]) -> Result {
    gathering_time("now", scope).map(Value::Timestamp)
}

pub(super) fn age(scope: &Scope<'_>, arguments: &[Value]) -> Result {
    let moment = match &arguments[0] {
        Value::Timestamp(moment) => *moment,
        Value::Text(moment) => parse_timestamp("age", moment)?,
        _ => return Err(Reason::no_overload("age", arguments)),
    };
    Ok(Value::Duration(gathering_time("age", scope)? - moment))
}

fn gathering_time(function: &'static str, scope: &Scope<'_>) -> Result<DateTime<Utc>> {
    scope.now.ok_or(Reason::NoGatheringTime(function))
}

pub(super) fn timestamp(_: &Scope<'_>, arguments: &[Value]) -> Result {
    match &arguments[0] {
        Value::Timestamp(moment) => Ok(Value::Timestamp(*moment)),
        Value::Text(moment) => parse_timestamp("timestamp", moment).map(Value::Timestamp),
        Value::Int(seconds) => {
            DateTime::from_timestamp(*seconds, 0).map(Value::Timestamp).ok_or(Reason::Overflow("timestamp"))
        }
        _ => Err(Reason::no_overload("timestamp", arguments)),
    }
}

fn parse_timestamp(function: &'static str, text: &str) -> Result<DateTime<Utc>> {
    let unreadable =
        |_| Reason::Function(function, format!("{:?} is not a time", &text[..text.floor_char_boundary(40)]));
    DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc()).map_err(unreadable)
}

pub(super) fn duration(_: &Scope<'_>, arguments: &[Value]) -> Result {
    if let Value::Duration(duration) = arguments[0] {
        return Ok(Value::Duration(duration));
    }
    let text = text("duration", arguments, 0)?;
    let unreadable = || {
        Reason::Function(
            "duration",
            format!("{:?} is not a duration such as `1h30m`", &text[..text.floor_char_boundary(40)]),
        )
    };
    parse_duration(text).map(Value::Duration).ok_or_else(unreadable)
}

/// Parses `1h30m`, `-1.5s`, `250ms` as Go does, which has no unit for days.
pub(super) fn parse_duration(text: &str) -> Option<TimeDelta> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(TimeDelta::zero());
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let number_len = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at(number_len);
        let unit_len = after
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    to_duration(sign * nanos)
}

fn to_duration(nanos: f64) -> Option<TimeDelta> {
    /// 292 years, the range of Go's durations.
    const MAX_NANOS: f64 = 9.2e18;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (nanos.abs() <= MAX_NANOS).then(|| TimeDelta::nanoseconds(nanos.round() as i64))
}

pub(super) fn full_year(_: &Scope<'_>, arguments: &[Value]) -> Result {
    timestamp_part("getFullYear", arguments, |moment| moment.year().into())
}

pub(super) fn month(_: &Scope<'_>, arguments: &[Value]) -> Result {
    timestamp_part("getMonth", arguments, |moment| moment.month0().into())
}

pub(super) fn date(_: &Scope<'_>, arguments: &[Value]) -> Result {
    timestamp_part("getDate", arguments, |moment| moment.day().into())
}

pub(super) fn day_of_week(_: &Scope<'_>, arguments: &[Value]) -> Result {
    timestamp_part("getDayOfWeek", arguments, |moment| moment.weekday().num_days_from_sunday().into())
}

pub(super) fn hours(_: &Scope<'_>, arguments: &[Value]) -> Result {
    time_part("getHours", arguments, |moment| moment.hour().into(), TimeDelta::num_hours)
}

pub(super) fn minutes(_: &Scope<'_>, arguments: &[Value]) -> Result {
    time_part("getMinutes", arguments, |moment| moment.minute().into(), TimeDelta::num_minutes)
}

pub(super) fn seconds(_: &Scope<'_>, arguments: &[Value]) -> Result {
    time_part("getSeconds", arguments, |moment| moment.second().into(), TimeDelta::num_seconds)
}

fn timestamp_part(function: &'static str, arguments: &[Value], part: fn(&DateTime<Utc>) -> i64) -> Result {
    match &arguments[0] {
        Value::Timestamp(moment) => Ok(Value::Int(part(moment))),
        _ => Err(Reason::no_overload(function, arguments)),
    }
}

fn time_part(
    function: &'static str,
    arguments: &[Value],
    of_timestamp: fn(&DateTime<Utc>) -> i64,
    of_duration: fn(&TimeDelta) -> i64,
) -> Result {
    match &arguments[0] {
        Value::Timestamp(moment) => Ok(Value::Int(of_timestamp(moment))),
        Value::Duration(duration) => Ok(Value::Int(of_duration(duration))),
        _ => Err(Reason::no_overload(function, arguments)),
    }
}
