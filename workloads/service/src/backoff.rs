//! Delays between attempts.

use std::time::Duration;

use ccx_config::Retry;
use tokio_util::sync::CancellationToken;

/// The delays between attempts of an operation: they double, are randomly shortened, and end early at
/// shutdown.
#[derive(Debug)]
pub struct Backoff {
    retry: Retry,
    failures: u32,
}

/// The outcome of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The next attempt is due.
    TryAgain,
    /// The process is shutting down.
    ShuttingDown,
}

impl Backoff {
    /// Creates a backoff without failed attempts.
    pub fn new(retry: &Retry) -> Self {
        Self { retry: retry.clone(), failures: 0 }
    }

    /// Returns the number of consecutive failed attempts.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Records a success: the next delay is the initial one again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Records a failure and returns the delay before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.retry.delay(self.failures, rand::random())
    }

    /// Records a failure and waits until the next attempt is due.
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
    fn reset_restores_the_initial_delay() {
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
    async fn wait_ends_at_shutdown() {
        let hour = Duration::from_hours(1);
        let retry = Retry { initial_delay: hour, max_delay: hour, ..Retry::default() };
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        assert_eq!(Backoff::new(&retry).wait(&shutdown).await, Waited::ShuttingDown);
    }
}
