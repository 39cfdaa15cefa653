//! Times as text.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::texts::Texts;

/// Returns the time for programs.
pub(crate) fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns the time as date and time of day.
pub(crate) fn absolute(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y, %H:%M UTC").to_string()
}

/// Returns the day.
pub(crate) fn day(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y").to_string()
}

/// Returns the day, without its year, and the time of day.
pub(crate) fn minute(time: DateTime<Utc>) -> String {
    time.format("%-d %b, %H:%M").to_string()
}

/// Returns how long ago the time was.
pub(crate) fn relative(time: DateTime<Utc>, now: DateTime<Utc>, texts: &Texts) -> String {
    let minutes = (now - time).num_minutes();
    // The clocks of two machines differ by some minutes.
    if minutes < -5 {
        return texts.in_the_future.to_owned();
    }
    let minutes = minutes.unsigned_abs();
    match (minutes, minutes / 60, minutes / 60 / 24) {
        (_, _, days @ 730..) => texts.years_ago.format(days / 365),
        (_, _, days @ 60..) => texts.months_ago.format(days / 30),
        (_, _, days @ 2..) => texts.days_ago.format(days),
        (_, hours @ 1.., _) => texts.hours_ago.format(hours),
        (minutes @ 1.., _, _) => texts.minutes_ago.format(minutes),
        _ => texts.just_now.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::EN;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn relative_uses_the_largest_unit_that_says_enough() {
        let now = at("2026-06-15T12:00:00Z");
        for (time, expected) in [
            ("2026-06-15T12:00:10Z", "just now"),
            ("2026-06-15T11:59:00Z", "1 minute ago"),
            ("2026-06-15T11:01:00Z", "59 minutes ago"),
            ("2026-06-15T11:00:00Z", "1 hour ago"),
            ("2026-06-14T11:00:00Z", "25 hours ago"),
            ("2026-06-13T11:00:00Z", "2 days ago"),
            ("2026-03-15T11:00:00Z", "3 months ago"),
            ("2023-03-15T11:00:00Z", "3 years ago"),
            ("2027-03-15T11:00:00Z", "in the future"),
        ] {
            assert_eq!(relative(at(time), now, &EN), expected, "{time}");
        }
    }

    #[test]
    fn absolute_names_the_zone() {
        assert_eq!(absolute(at("2026-06-05T07:03:00Z")), "5 Jun 2026, 07:03 UTC");
        assert_eq!(iso(at("2026-06-05T07:03:00.5Z")), "2026-06-05T07:03:00Z");
    }
}
