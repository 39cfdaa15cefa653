//! The time in a log line.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use regex::bytes::{Captures, Regex};

/// The part of a line in which its time is: at the beginning, or in one of the first fields.
const HEADER_BYTES: usize = 160;

/// A date and a time as written by klog, by `log` of Go, by Python, and in structured lines (`time=`, `"ts":`). Without an offset
/// it is UTC, as in containers.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    let alternatives = concat!(
        r"(?-u)^[IWEF](?P<klog_month>\d\d)(?P<klog_day>\d\d) (?P<klog_time>\d\d:\d\d:\d\d)",
        r#"|"ts":(?P<epoch>\d{9,10})[.,}]"#,
        r"|(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?P<time>\d\d:\d\d:\d\d)",
        r"(?:[.,]\d+)?(?P<offset>[+-]\d\d:?\d\d)?",
    );
    Regex::new(alternatives).expect("the tests of this module compile it")
});

/// The time of a line, as far as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineTime {
    /// A complete time.
    Complete(DateTime<Utc>),
    /// A time without its year, as klog writes it.
    WithoutYear { month: u32, day: u32, time: NaiveTime },
}

impl LineTime {
    /// Returns the first time in the header of a line.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let found = TIME.captures(&line[..line.len().min(HEADER_BYTES)])?;
        if let Some(epoch) = text(&found, "epoch") {
            return DateTime::from_timestamp(epoch.parse().ok()?, 0).map(Self::Complete);
        }
        if let Some(time) = text(&found, "klog_time") {
            let number = |name| text(&found, name)?.parse().ok();
            let time = NaiveTime::parse_from_str(time, "%H:%M:%S").ok()?;
            return Some(Self::WithoutYear { month: number("klog_month")?, day: number("klog_day")?, time });
        }
        let date = text(&found, "date")?.replace('/', "-");
        let offset = text(&found, "offset").unwrap_or("+0000").replace(':', "");
        let text = format!("{date} {} {offset}", text(&found, "time")?);
        let time = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S %z").ok()?;
        Some(Self::Complete(time.to_utc()))
    }

    /// Returns the time, given when the line was gathered. A year that is not written is the one that puts the line nearest before
    /// that; `None` for a day that does not exist.
    pub(super) fn resolve(self, gathered_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Complete(time) => Some(time),
            Self::WithoutYear { month, day, time } => {
                // The clocks of nodes may differ.
                let latest = gathered_at + TimeDelta::days(1);
                let in_year = |year| {
                    let date = NaiveDate::from_ymd_opt(year, month, day)?;
                    Some(NaiveDateTime::new(date, time).and_utc())
                };
                in_year(latest.year()).filter(|time| *time <= latest).or_else(|| in_year(latest.year() - 1))
            }
        }
    }
}

fn text<'t>(found: &Captures<'t>, name: &str) -> Option<&'t str> {
    std::str::from_utf8(found.name(name)?.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    /// Returns the time of a line that was gathered on 2 January 2026.
    fn time_of(line: &str) -> Option<DateTime<Utc>> {
        LineTime::parse(line.as_bytes())?.resolve(at("2026-01-02T12:00:00Z"))
    }

    #[test]
    fn times_of_usual_forms_are_known() {
        let noon = at("2026-01-01T12:34:56Z");
        for line in [
            "E0101 12:34:56.123456       1 controller.go:12] panic",
            "2026-01-01T12:34:56.123456789Z stderr F panic",
            "2026-01-01T13:34:56+01:00 panic",
            "2026-01-01T11:34:56.000-0100\tERROR\tpanic",
            "2026/01/01 12:34:56 panic",
            "2026-01-01 12:34:56,123 ERROR panic",
            r#"time="2026-01-01T12:34:56Z" level=error msg=panic"#,
            r#"{"level":"error","ts":"2026-01-01T12:34:56Z","msg":"panic"}"#,
            r#"{"level":"error","ts":1767270896.5,"msg":"panic"}"#,
        ] {
            assert_eq!(time_of(line), Some(noon), "{line}");
        }
    }

    #[test]
    fn line_without_a_complete_time_has_none() {
        for line in [
            "",
            "panic: runtime error",
            "E1 panic",
            "12:34:56 panic",
            "2026-13-01 12:34:56",
            "goroutine 1 [running]:",
        ] {
            assert_eq!(time_of(line), None, "{line}");
        }
        let after_the_header = format!("{} 2026-01-01T12:34:56Z", "x".repeat(HEADER_BYTES));
        assert_eq!(time_of(&after_the_header), None);
    }

    #[test]
    fn year_that_is_not_written_is_the_nearest_before_the_gathering() {
        assert_eq!(time_of("I0102 11:00:00.0 x"), Some(at("2026-01-02T11:00:00Z")));
        // Clocks that differ by an hour do not make a line a year old.
        assert_eq!(time_of("I0102 13:00:00.0 x"), Some(at("2026-01-02T13:00:00Z")));
        assert_eq!(time_of("I1231 23:00:00.0 x"), Some(at("2025-12-31T23:00:00Z")));
        assert_eq!(time_of("I0230 23:00:00.0 x"), None);
    }
}
