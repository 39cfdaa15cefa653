//! What every reconcile needs.

use std::{sync::Arc, time::Duration};

use kube::{Client, runtime::controller::Action};

use super::{discovery::Served, memory::Memory, observed::Observed, probe::Prober, queue::Queue};
use crate::{events::Events, metrics::Metrics, validate::OperatorDefaults};

/// When a resource is looked at again although nothing has happened to it.
const RESYNC: Duration = Duration::from_mins(5);

/// When pods are asked again that run and are not ready: their answer is in no watch.
const SOON: Duration = Duration::from_secs(2);

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
    /// Something is on its way that no watch tells of.
    Soon,
    /// It has failed so often in a row.
    Retry(u32),
}

impl Context {
    /// With some chance in it, so that a thousand resources don't come at once.
    pub(super) fn due(&self, due: Due) -> Action {
        let wait = match due {
            Due::Resync => self.resync.unwrap_or(RESYNC),
            Due::Soon => SOON,
            Due::Retry(failures) => backoff(failures),
        };
        Action::requeue(wait.mul_f64(0.8 + 0.4 * rand::random::<f64>()))
    }
}

/// Doubles with each failure.
pub(super) fn backoff(failures: u32) -> Duration {
    let (first, longest) = RETRY;
    first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(longest)
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
