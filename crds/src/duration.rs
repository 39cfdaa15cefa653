//! Durations as Kubernetes writes them.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::schema::rule::rule;

/// A span of time as text in the format of Go, such as `1h30m`, `45s` or `200ms`, without signs and
/// fractions.
///
/// The original text is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GoDuration {
    text: String,
    duration: Duration,
}

/// The text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError {
    text: String,
}

/// The accepted format: few and short numbers, so that no sum overflows, here or in the API server.
const PATTERN: &str = "^([0-9]{1,5}(ms|s|m|h)){1,4}$";

/// Enough for `PATTERN`.
const MAX_LENGTH: u32 = 28;

impl GoDuration {
    /// Returns the span of time.
    pub fn get(&self) -> Duration {
        self.duration
    }

    /// Returns the original text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn from_millis(millis: u64) -> Self {
        Self { text: format!("{millis}ms"), duration: Duration::from_millis(millis) }
    }

    pub(crate) fn from_secs(seconds: u64) -> Self {
        Self { text: format!("{seconds}s"), duration: Duration::from_secs(seconds) }
    }

    pub(crate) fn from_mins(minutes: u64) -> Self {
        Self { text: format!("{minutes}m"), duration: Duration::from_mins(minutes) }
    }

    pub(crate) fn from_hours(hours: u64) -> Self {
        Self { text: format!("{hours}h"), duration: Duration::from_hours(hours) }
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let duration = sum_of_parts(text).ok_or_else(|| DurationError { text: text.to_owned() })?;
        Ok(Self { text: text.to_owned(), duration })
    }
}

fn sum_of_parts(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
        sum = sum.checked_add(from_unit(number.parse().ok()?, unit)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

fn from_unit(number: u32, unit: &str) -> Option<Duration> {
    let seconds_per_unit = match unit {
        "ms" => return Some(Duration::from_millis(number.into())),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(u64::from(number) * seconds_per_unit))
}

/// Returns the CEL expression that is true if `value` is not a duration.
pub(crate) fn is_malformed(value: &str) -> String {
    format!("!{value}.matches('{PATTERN}')")
}

impl TryFrom<String> for GoDuration {
    type Error = DurationError;

    fn try_from(text: String) -> Result<Self, DurationError> {
        text.parse()
    }
}

impl From<GoDuration> for String {
    fn from(duration: GoDuration) -> Self {
        duration.text
    }
}

impl fmt::Display for DurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\" is not a duration; write for example 30s, 200ms or 1h30m", self.text)
    }
}

impl std::error::Error for DurationError {}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_LENGTH,
            "x-kubernetes-validations": [
                rule(&format!("self.matches('{PATTERN}')"), "write a duration such as 30s, 200ms or 1h30m; a day is 24h"),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_all_units_add_up_and_the_text_is_kept() {
        let duration: GoDuration = "1h30m2s5ms".parse().unwrap();
        assert_eq!(duration.get(), Duration::from_millis(5_402_005));
        assert_eq!(String::from(duration), "1h30m2s5ms");
    }

    #[test]
    fn invalid_duration_is_quoted() {
        for text in ["", "5", "s", "1.5s", "-1s", "1d", "1 s", "5s5", "99999999999s"] {
            let error = text.parse::<GoDuration>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("\"{text}\" is not a duration; write for example 30s, 200ms or 1h30m")
            );
        }
    }
}
