//! The time until the next reconcile of an unchanged resource.

use std::time::Duration;

use kube::runtime::controller::Action;

/// The interval between two reconciles of a resource that is up to date.
const RESYNC: Duration = Duration::from_mins(5);

/// The first and the longest interval between two polls of pods that run and are not ready: no watch reports
/// their answer.
const POLL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The number of polls after which their interval doubles. Most pods become ready within seconds.
const POLLS_PER_INTERVAL: u32 = 10;

/// The delay after a deadline, so that it has passed.
const LATE: Duration = Duration::from_secs(1);

/// The wait after the first failure, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(2));

/// When a resource is reconciled next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Requeue {
    /// It is up to date.
    Resync,
    /// It changes after this time by itself.
    At(Duration),
    /// It is in progress, for so many polls in a row.
    Poll(u32),
    /// It has failed so many times in a row.
    Retry(u32),
}

impl Requeue {
    /// Returns the action, with jitter, so that a thousand resources don't reconcile at the same time.
    ///
    /// `resync` replaces the interval of resources that are up to date.
    pub(crate) fn action(self, resync: Option<Duration>) -> Action {
        let wait = match self {
            Self::Resync => resync.unwrap_or(RESYNC),
            Self::At(wait) => return Action::requeue(wait.min(resync.unwrap_or(RESYNC)) + LATE),
            Self::Poll(polls) => doubled(POLL, polls / POLLS_PER_INTERVAL),
            Self::Retry(failures) => backoff(failures),
        };
        Action::requeue(wait.mul_f64(0.8 + 0.4 * rand::random::<f64>()))
    }
}

/// Returns the wait after `failures` in a row, which doubles with each.
pub(crate) fn backoff(failures: u32) -> Duration {
    doubled(RETRY, failures.saturating_sub(1))
}

fn doubled((first, longest): (Duration, Duration), times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let waits = [1, 2, 3, 100].map(|failures| backoff(failures).as_millis());
        assert_eq!(waits, [500, 1000, 2000, 120_000]);
    }
}
