//! Values of the command line whose libraries only say that they are invalid: each error says what to write.

use std::{net::SocketAddr, num::NonZeroU64, time::Duration};

use ccx_config::{LogFormat, Logging};
use chrono::{DateTime, TimeDelta, Utc};

/// Parses an address and a port, as in `127.0.0.1:8080`.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an address and a port, as in 127.0.0.1:8080 or [::]:8080")
}

/// Parses a time, as in `2026-01-15T12:00:00Z`.
pub(crate) fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time: DateTime<Utc> =
        text.parse().map_err(|_| "expected a time with its zone, as in 2026-01-15T12:00:00Z")?;
    // Clocks may differ by some hours.
    let is_future = time > Utc::now() + TimeDelta::days(1);
    if is_future { Err("the time is in the future") } else { Ok(time) }
}

/// Parses an age, as in `90d`.
pub(crate) fn age(text: &str) -> Result<Duration, &'static str> {
    let age = humantime::parse_duration(text)
        .map_err(|_| "expected a number and a unit, as in 90d, 12weeks or 36h")?;
    if age.is_zero() { Err("everything is older than that; expected an age such as 90d") } else { Ok(age) }
}

/// Parses a whole number of seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let number: NonZeroU64 = text.parse().map_err(|_| "expected a whole number of seconds, as in 120")?;
    Ok(Duration::from_secs(number.get()))
}

/// Parses a whole number from `MIN` to `MAX`.
pub(crate) fn up_to<const MIN: usize, const MAX: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
    number.ok_or_else(|| format!("expected a whole number from {MIN} to {MAX}"))
}

/// Accepts a log level or a filter.
pub(crate) fn log_level(text: &str) -> Result<String, &'static str> {
    let logging = Logging { level: text.to_owned(), format: LogFormat::Text };
    logging.invalid_level().map_or(Ok(logging.level), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_value_is_refused_with_an_example() {
        assert!(socket_address("8080").unwrap_err().contains("127.0.0.1:8080"));
        assert!(time("yesterday").unwrap_err().contains("2026-01-15T12:00:00Z"));
        assert!(time("2999-01-01T00:00:00Z").unwrap_err().contains("future"));
        assert!(age("90").unwrap_err().contains("90d"));
        assert!(age("0d").unwrap_err().contains("everything is older"));
        assert!(seconds("2m").unwrap_err().contains("120") && seconds("0").is_err());
        assert_eq!(up_to::<1, 9>("10").unwrap_err(), "expected a whole number from 1 to 9");
        assert!(up_to::<1, 9>("0").is_err() && up_to::<1, 9>("x").is_err());
        assert_eq!(up_to::<1, 9>("9"), Ok(9));
        assert!(log_level("verbose").unwrap_err().contains("error, warn, info"));
    }

    #[test]
    fn example_of_each_error_is_accepted() {
        assert_eq!(socket_address("[::]:8080").unwrap().port(), 8080);
        assert_eq!(time("2026-01-15T12:00:00Z").unwrap().timestamp(), 1_768_478_400);
        assert_eq!(age("90d").unwrap(), Duration::from_hours(90 * 24));
        assert_eq!(seconds("120").unwrap(), Duration::from_mins(2));
        assert_eq!(log_level("info,ccx_writer=debug").unwrap(), "info,ccx_writer=debug");
    }
}
