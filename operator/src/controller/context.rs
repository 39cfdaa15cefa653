//! What every reconcile needs.

use std::{sync::Arc, time::Duration};

use kube::{Client, runtime::controller::Action};

use super::{discovery::Served, memory::Memory, observed::Observed, probe::Prober, queue::Queue};
use crate::{events::Events, metrics::Metrics, validate::OperatorDefaults};

/// When a resource is looked at again although nothing has happened to it.
const RESYNC: Duration = Duration::from_mins(5);

/// When pods are asked again that run and are not ready, at first and at last: their answer is in no watch. Most become ready within
/// seconds; the others need somebody, who takes longer.
const SOON: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// After so many looks at pods that are not ready, the time between two looks doubles.
const LOOKS_AT_ONE_PACE: u32 = 10;

/// How long to wait after the first failure, and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(2));

/// What every reconcile needs.
pub(super) struct Context {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) metrics: Metrics,
    pub(super) observed: Observed,
    pub(super) memory: Memory,
    pub(super) queue: Queue,
    pub(super) served: Served,
    pub(super) defaults: OperatorDefaults,
    pub(super) prober: Arc<dyn Prober>,
    /// Instead of [`RESYNC`], for tests.
    pub(super) resync: Option<Duration>,
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing is left to do.
    Resync,
    /// Something is on its way that no watch tells of, for so many looks in a row.
    Soon(u32),
    /// It has failed so often in a row.
    Retry(u32),
}

impl Context {
    /// With some chance in it, so that a thousand resources don't come at once.
    pub(super) fn due(&self, due: Due) -> Action {
        let wait = match due {
            Due::Resync => self.resync.unwrap_or(RESYNC),
            Due::Soon(looks) => doubled(SOON, looks / LOOKS_AT_ONE_PACE),
            Due::Retry(failures) => backoff(failures),
        };
        Action::requeue(wait.mul_f64(0.8 + 0.4 * rand::random::<f64>()))
    }
}

/// Doubles with each failure.
pub(super) fn backoff(failures: u32) -> Duration {
    doubled(RETRY, failures.saturating_sub(1))
}

fn doubled((first, longest): (Duration, Duration), times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_up_to_its_limit() {
        let waits = [1, 2, 3, 100].map(|failures| backoff(failures).as_millis());
        assert_eq!(waits, [500, 1000, 2000, 120_000]);
    }
}
