//! The circuit breaker of the database.
//!
//! A request to a server that is stopped waits until `database.connect_timeout`. Clients with an earlier answer must not wait for that each
//! time: their requests would pile up.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Time from a failed attempt, or the start of one, to the next: how long earlier answers are sent after the server is back.
const PAUSE: Duration = Duration::from_secs(1);

/// Closed while the database can be reached. While it is open, one request per second tries to reach it.
pub(crate) struct CircuitBreaker {
    created: Instant,
    /// Milliseconds since `created` at which the next request may try; 0 while it is closed.
    retry_at: AtomicU64,
}

impl CircuitBreaker {
    pub(crate) fn new() -> Self {
        Self { created: Instant::now(), retry_at: AtomicU64::new(0) }
    }

    /// Returns whether a request may try to reach the database.
    pub(crate) fn allows_attempt(&self) -> bool {
        let retry_at = self.retry_at.load(Ordering::Relaxed);
        let now = self.now();
        let next = after_pause(now);
        // Of several requests, one tries.
        retry_at == 0
            || (now >= retry_at
                && self
                    .retry_at
                    .compare_exchange(retry_at, next, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok())
    }

    /// Closes, after an answer from the database.
    pub(crate) fn record_success(&self) {
        if self.retry_at.load(Ordering::Relaxed) != 0 {
            self.retry_at.store(0, Ordering::Relaxed);
        }
    }

    /// Opens, as the database could not be reached.
    pub(crate) fn record_failure(&self) {
        self.retry_at.store(after_pause(self.now()), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        millis(self.created.elapsed())
    }
}

fn after_pause(now: u64) -> u64 {
    now.saturating_add(millis(PAUSE))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaker_that_is_open_lets_one_request_try_after_the_pause() {
        let breaker = CircuitBreaker::new();
        assert!(breaker.allows_attempt() && breaker.allows_attempt());
        breaker.record_failure();
        assert!(!breaker.allows_attempt());
        std::thread::sleep(PAUSE + Duration::from_millis(20));
        assert!(breaker.allows_attempt());
        assert!(!breaker.allows_attempt());
        breaker.record_success();
        assert!(breaker.allows_attempt() && breaker.allows_attempt());
    }
}
