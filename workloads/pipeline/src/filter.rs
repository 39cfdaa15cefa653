//! Filter of records by their header and age, before anything is parsed.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// The header that names the service an upload is for.
pub(crate) const SERVICE_HEADER: &str = "service";

/// The conditions that a record must meet.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    service: String,
    max_age: Option<Duration>,
}

/// The reason why a record is skipped. It is counted and is not a dead letter, as nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rejection {
    /// No `service` header.
    NoService,
    /// A `service` header that names another service.
    OtherService,
    /// Too old: the cluster has sent a newer archive since.
    TooOld,
}

impl Rejection {
    /// Every reason.
    pub(crate) const ALL: [Self; 3] = [Self::NoService, Self::OtherService, Self::TooOld];

    /// The value of the metric label `reason`.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::NoService => "no-service",
            Self::OtherService => "other-service",
            Self::TooOld => "too-old",
        }
    }
}

impl Filter {
    /// Accepts records for `service` that are not older than `max_age`; zero means any age.
    pub(crate) fn new(service: impl Into<String>, max_age: Duration) -> Self {
        Self { service: service.into(), max_age: Some(max_age).filter(|age| !age.is_zero()) }
    }

    /// Checks a record. `service` is the value of its [`SERVICE_HEADER`], `sent_at_ms` the record's own time in milliseconds
    /// since 1970-01-01 UTC. A record without a time is never too old.
    pub(crate) fn check(
        &self,
        service: Option<&[u8]>,
        sent_at_ms: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<(), Rejection> {
        let service = service.ok_or(Rejection::NoService)?;
        if service != self.service.as_bytes() {
            return Err(Rejection::OtherService);
        }
        let age = sent_at_ms.map(|sent| age(sent, now)).unwrap_or_default();
        if self.max_age.is_some_and(|max_age| age > max_age) {
            return Err(Rejection::TooOld);
        }
        Ok(())
    }
}

/// Returns the age of a record that was sent at `sent_at_ms`; zero when that is in the future.
pub(crate) fn age(sent_at_ms: i64, now: DateTime<Utc>) -> Duration {
    let millis = now.timestamp_millis().saturating_sub(sent_at_ms);
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_768_478_400_000;
    const TWO_HOURS: Duration = Duration::from_hours(2);

    fn check(max_age: Duration, service: Option<&str>, sent_at_ms: Option<i64>) -> Result<(), Rejection> {
        let now = DateTime::from_timestamp_millis(NOW_MS).unwrap();
        Filter::new("openshift", max_age).check(service.map(str::as_bytes), sent_at_ms, now)
    }

    #[test]
    fn record_of_another_service_is_rejected() {
        assert_eq!(check(TWO_HOURS, Some("openshift"), Some(NOW_MS)), Ok(()));
        assert_eq!(check(TWO_HOURS, Some("advisor"), Some(NOW_MS)), Err(Rejection::OtherService));
        assert_eq!(check(TWO_HOURS, Some("OpenShift"), Some(NOW_MS)), Err(Rejection::OtherService));
        assert_eq!(check(TWO_HOURS, None, Some(NOW_MS)), Err(Rejection::NoService));
    }

    #[test]
    fn record_is_too_old_only_beyond_the_limit() {
        let two_hours_ago = NOW_MS - 7_200_000;
        assert_eq!(check(TWO_HOURS, Some("openshift"), Some(two_hours_ago)), Ok(()));
        assert_eq!(check(TWO_HOURS, Some("openshift"), Some(two_hours_ago - 1)), Err(Rejection::TooOld));
        assert_eq!(check(Duration::ZERO, Some("openshift"), Some(0)), Ok(()), "0s means any age");
    }

    #[test]
    fn unknown_or_future_time_is_not_too_old() {
        assert_eq!(check(TWO_HOURS, Some("openshift"), None), Ok(()));
        assert_eq!(check(TWO_HOURS, Some("openshift"), Some(i64::MAX)), Ok(()));
        assert_eq!(check(TWO_HOURS, Some("openshift"), Some(i64::MIN)), Err(Rejection::TooOld));
    }
}
