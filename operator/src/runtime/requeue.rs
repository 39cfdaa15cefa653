//! The time until the next reconcile of an unchanged resource.

use std::time::Duration;

use kube::runtime::controller::Action;

/// The longest wait for a change that is expected at a certain time.
const LONGEST: Duration = Duration::from_mins(5);

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
    /// It is up to date: the next change of it, or a [resync](super::resync), queues it.
    UpToDate,
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
    /// `longest` replaces the longest wait for a change that is expected at a certain time.
    pub(crate) fn action(self, longest: Option<Duration>) -> Action {
        let jitter = 0.8 + 0.4 * rand::random::<f64>();
        Action::requeue(match self {
            Self::UpToDate => return Action::await_change(),
            Self::At(wait) => wait.min(longest.unwrap_or(LONGEST)) + LATE,
            Self::Poll(polls) => doubled(POLL, polls / POLLS_PER_INTERVAL).mul_f64(jitter),
            Self::Retry(failures) => backoff(failures).mul_f64(jitter),
        })
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
    fn up_to_date_resource_has_no_timer() {
        assert_eq!(Requeue::UpToDate.action(None), Action::await_change());
    }

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let waits = [1, 2, 3, 100].map(|failures| backoff(failures).as_millis());
        assert_eq!(waits, [500, 1000, 2000, 120_000]);
    }
}
