//! The time until the next reconcile of an unchanged resource.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use kube::runtime::controller::Action;

/// The interval between two reconciles of a resource that is up to date.
const RESYNC: Duration = Duration::from_mins(5);

/// Resyncs begin at multiples of this time: many resources then share one wake-up of the process, which takes ten times the
/// processor time of a resource to which nothing has happened.
const RESYNC_STEP: Duration = Duration::from_secs(10);

/// The origin of the steps.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

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
        let jitter = 0.8 + 0.4 * rand::random::<f64>();
        Action::requeue(match self {
            Self::Resync => match resync {
                Some(resync) => resync.mul_f64(jitter),
                None => until_step(RESYNC.mul_f64(jitter), START.elapsed()),
            },
            Self::At(wait) => wait.min(resync.unwrap_or(RESYNC)) + LATE,
            Self::Poll(polls) => doubled(POLL, polls / POLLS_PER_INTERVAL).mul_f64(jitter),
            Self::Retry(failures) => backoff(failures).mul_f64(jitter),
        })
    }
}

/// Returns the time from `now` until the first step after `wait`.
fn until_step(wait: Duration, now: Duration) -> Duration {
    let steps = (now + wait).as_nanos().div_ceil(RESYNC_STEP.as_nanos());
    RESYNC_STEP.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX)).saturating_sub(now)
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
    fn resync_begins_at_a_step_after_its_wait() {
        let from = |now: u64, wait: u64| {
            let millis = Duration::from_millis;
            until_step(millis(wait), millis(now)).as_millis()
        };
        assert_eq!(from(0, 300_000), 300_000);
        assert_eq!(from(1, 300_000), 309_999);
        assert_eq!(from(123_456, 240_000), 370_000 - 123_456);
    }

    #[test]
    fn resyncs_of_many_resources_share_few_instants() {
        let ends = |number: u64| {
            let now = Duration::from_millis(number * 7);
            now + until_step(RESYNC.mul_f64(0.8 + 0.4 * rand::random::<f64>()), now)
        };
        let instants: std::collections::BTreeSet<Duration> = (0..1000).map(ends).collect();
        assert!(instants.len() <= 14, "{instants:?}");
    }

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let waits = [1, 2, 3, 100].map(|failures| backoff(failures).as_millis());
        assert_eq!(waits, [500, 1000, 2000, 120_000]);
    }
}
