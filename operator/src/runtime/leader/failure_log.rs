//! Logs a failure once for each cause, and again at intervals while it persists.

use std::time::{Duration, Instant};

/// The interval at which a failure that persists is logged again.
const INTERVAL: Duration = Duration::from_mins(1);

/// The last failure, and when it was logged.
#[derive(Debug, Default)]
pub(super) struct FailureLog(Option<(String, Instant)>);

impl FailureLog {
    /// Returns whether a failure at `now` has to be logged.
    pub(super) fn is_due(&mut self, cause: &str, now: Instant) -> bool {
        let is_known = |(known, logged): &(String, Instant)| known == cause && now < *logged + INTERVAL;
        if self.0.as_ref().is_some_and(is_known) {
            return false;
        }
        self.0 = Some((cause.to_owned(), now));
        true
    }

    /// Returns whether a failure was logged that is over.
    pub(super) fn has_recovered(&mut self) -> bool {
        self.0.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_due_when_its_cause_is_new_and_once_a_minute() {
        let (mut log, start) = (FailureLog::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!log.has_recovered());
        assert!(log.is_due("refused", start) && !log.is_due("refused", after(59)));
        assert!(log.is_due("refused", after(60)) && log.is_due("forbidden", after(61)));
        assert!(log.has_recovered() && !log.has_recovered());
        assert!(log.is_due("forbidden", after(62)));
    }
}
