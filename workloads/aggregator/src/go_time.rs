//! Times in the forms of Go's encoder.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A time that may be absent, as Go writes `sql.NullTime`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NullTime {
    /// The time; `0001-01-01T00:00:00Z` when it is absent.
    #[serde(rename = "Time")]
    #[schema(example = "2026-01-23T16:15:59.478901Z")]
    time: String,
    /// Whether there is a time.
    #[serde(rename = "Valid")]
    valid: bool,
}

impl From<Option<DateTime<Utc>>> for NullTime {
    fn from(time: Option<DateTime<Utc>>) -> Self {
        let valid = time.is_some();
        Self { time: time.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), format_with_fraction), valid }
    }
}

impl From<DateTime<Utc>> for NullTime {
    fn from(time: DateTime<Utc>) -> Self {
        Some(time).into()
    }
}

/// Formats a time with as many digits of its fraction as it needs (Go's `RFC3339Nano`).
pub(crate) fn format_with_fraction(time: DateTime<Utc>) -> String {
    let text = time.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
    let has_fraction = text.contains('.');
    let text = if has_fraction { text.trim_end_matches('0') } else { &text };
    format!("{text}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fraction_has_the_digits_it_needs() {
        for (micros, expected) in [
            (0, "2026-01-15T12:00:00Z"),
            (500_000, "2026-01-15T12:00:00.5Z"),
            (478_901, "2026-01-15T12:00:00.478901Z"),
            (10, "2026-01-15T12:00:00.00001Z"),
        ] {
            let time = DateTime::from_timestamp_micros(1_768_478_400_000_000 + micros).unwrap();
            assert_eq!(format_with_fraction(time), expected);
        }
    }

    #[test]
    fn absent_time_is_the_zero_time_of_go() {
        let json = serde_json::to_string(&NullTime::from(None)).unwrap();
        assert_eq!(json, r#"{"Time":"0001-01-01T00:00:00Z","Valid":false}"#);
    }
}
