//! Waiting between attempts.

use std::time::Duration;

use ccx_config::Retry;
use tokio_util::sync::CancellationToken;

/// The waits between attempts at one thing: they double, are shortened at random, and end early when the process is to stop.
#[derive(Debug)]
pub struct Backoff {
    retry: Retry,
    failures: u32,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is time for the next attempt.
    TryAgain,
    /// The process is to stop.
    ShuttingDown,
}

impl Backoff {
    /// No attempt has failed yet.
    pub fn new(retry: &Retry) -> Self {
        Self { retry: retry.clone(), failures: 0 }
    }

    /// How many attempts have failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// An attempt has succeeded: the next wait is the first one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// An attempt has failed: how long the wait before the next one is.
    pub fn next_delay(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.retry.delay(self.failures, rand::random())
    }

    /// An attempt has failed: waits until the next one is due.
    pub async fn wait(&mut self, shutdown: &CancellationToken) -> Waited {
        let delay = self.next_delay();
        match shutdown.run_until_cancelled(tokio::time::sleep(delay)).await {
            Some(()) => Waited::TryAgain,
            None => Waited::ShuttingDown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_makes_the_next_wait_short_again() {
        let retry = Retry::default();
        let mut backoff = Backoff::new(&retry);
        for _ in 0..20 {
            assert!(backoff.next_delay() <= retry.max_delay);
        }
        assert!(backoff.next_delay() >= retry.max_delay / 2);
        backoff.reset();
        assert!(backoff.next_delay() <= retry.initial_delay);
        assert_eq!(backoff.failures(), 1);
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_process_is_to_stop() {
        let hour = Duration::from_hours(1);
        let retry = Retry { initial_delay: hour, max_delay: hour, ..Retry::default() };
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        assert_eq!(Backoff::new(&retry).wait(&shutdown).await, Waited::ShuttingDown);
    }
}
