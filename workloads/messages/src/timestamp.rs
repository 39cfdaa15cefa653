//! Times as the messages carry them.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::{
    Deserialize, Serialize,
    de::{Error as _, Unexpected},
};
use snafu::{ResultExt, Snafu};

/// A text is not an RFC 3339 time.
#[derive(Debug, Snafu)]
#[snafu(display("not an RFC 3339 time"))]
pub struct TimestampError {
    source: chrono::ParseError,
}

/// An RFC 3339 time that keeps the text it was parsed from.
///
/// The time of an announcement is sent on from message to message unchanged, with its nanoseconds and its zone. The
/// text is sent on; the parsed time is compared and stored.
///
/// ```
/// use ccx_messages::Timestamp;
///
/// let time = Timestamp::parse("2026-01-15T14:00:00+02:00")?;
/// assert_eq!(time.as_str(), "2026-01-15T14:00:00+02:00");
/// assert_eq!(time.utc().to_rfc3339(), "2026-01-15T12:00:00+00:00");
/// # Ok::<(), ccx_messages::TimestampError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    text: Box<str>,
    utc: DateTime<Utc>,
}

impl Timestamp {
    /// Parses an RFC 3339 time.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let time = DateTime::parse_from_rfc3339(text).context(TimestampSnafu)?;
        Ok(Self { text: text.into(), utc: time.to_utc() })
    }

    /// Returns the text as it was received.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the time in UTC.
    pub fn utc(&self) -> DateTime<Utc> {
        self.utc
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(utc: DateTime<Utc>) -> Self {
        Self { text: utc.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(), utc }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"an RFC 3339 time"))
    }
}

/// Formats as `YYYY-MM-DDTHH:MM:SSZ`, the form of `Metadata.gathering_time`.
pub fn format_utc_seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The earliest time that counts as a gathering time: no cluster of OpenShift 4 is older.
///
/// Programs that do not know a time write a constant of long ago: the zero time of Go (year 1), 1970-01-01, 1980-01-01 (the
/// first of zip), 2006-07-23 (the `tar` crate of Rust).
pub const EARLIEST_GATHERING_TIME: DateTime<Utc> =
    DateTime::from_timestamp(1_514_764_800, 0).expect("2018-01-01 is a time");

/// Parses the gathering time that a cluster sent as custom metadata, and converts it to UTC.
///
/// Clusters send RFC 3339; older ones ISO 8601 without a zone, which is UTC since cluster nodes run in UTC. Both have years of four
/// digits. Anything else is `None`, as is a time before [`EARLIEST_GATHERING_TIME`]: the archive is still worth processing.
pub fn parse_gathering_time(text: &str) -> Option<DateTime<Utc>> {
    parse_utc(text).filter(|time| *time >= EARLIEST_GATHERING_TIME)
}

fn parse_utc(text: &str) -> Option<DateTime<Utc>> {
    const WITHOUT_ZONE: [&str; 2] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let has_year_of_four_digits = text.get(..5).is_some_and(|year| {
        let (digits, dash) = year.split_at(4);
        dash == "-" && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if !has_year_of_four_digits {
        return None;
    }
    let naive = WITHOUT_ZONE.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Some(naive.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_encoded_as_it_was_parsed() {
        let text = "2020-12-09T16:17:42.822020204Z";
        let timestamp: Timestamp = serde_json::from_str(&format!("{text:?}")).unwrap();
        assert_eq!(serde_json::to_string(&timestamp).unwrap(), format!("{text:?}"));
        assert_eq!(timestamp.utc().timestamp_subsec_nanos(), 822_020_204);
    }

    #[test]
    fn zone_is_kept_in_the_text_and_applied_to_the_time() {
        let timestamp = Timestamp::parse("2026-01-15T14:00:00+02:00").unwrap();
        assert_eq!(timestamp.as_str(), "2026-01-15T14:00:00+02:00");
        assert_eq!(format_utc_seconds(timestamp.utc()), "2026-01-15T12:00:00Z");
    }

    #[test]
    fn text_without_date_time_and_zone_is_rejected() {
        for text in ["", "yesterday", "2026-01-15", "2026-01-15T12:00:00", "2026-02-30T12:00:00Z"] {
            assert!(Timestamp::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn gathering_time_is_converted_to_utc() {
        for (text, utc) in [
            ("2026-01-15T12:00:00Z", "2026-01-15T12:00:00Z"),
            ("2026-01-15T14:30:00+02:30", "2026-01-15T12:00:00Z"),
            ("2026-01-15T07:00:00.999-05:00", "2026-01-15T12:00:00Z"),
            ("2026-01-15T12:00:00.123456", "2026-01-15T12:00:00Z"),
            ("2026-01-15 12:00:00", "2026-01-15T12:00:00Z"),
        ] {
            assert_eq!(format_utc_seconds(parse_gathering_time(text).unwrap()), utc, "{text}");
        }
        let other_years =
            ["+12345-01-15T12:00:00", "12345-01-15T12:00:00", "-026-01-15T12:00:00", "+2026-01-15T12:00:00"];
        for text in ["soon", "", "ä2026-", "26-01-15T12:00:00"].into_iter().chain(other_years) {
            assert_eq!(parse_gathering_time(text), None, "{text}");
        }
    }

    #[test]
    fn gathering_time_that_stands_for_none_is_unknown() {
        for text in
            ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "2006-07-23T02:21:28Z"]
        {
            assert_eq!(parse_gathering_time(text), None, "{text}");
        }
        assert!(parse_gathering_time("2018-01-01T00:00:00Z").is_some());
    }
}
