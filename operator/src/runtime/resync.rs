//! The resync of resources that are up to date: one pass over their cached state, without a request.
//!
//! Watches queue a resource when anything of it changes, so a pass finds resources whose time has passed, and is the
//! remedy for a change that was missed. A pass costs one wake-up of the process however many resources there are;
//! a requeue of each by the controller would cost a timer, a task and a span each.

use std::time::{Duration, Instant};

use tokio::time::{Instant as TokioInstant, MissedTickBehavior, interval_at};

use super::{context::Context, metrics::Outcome};

/// The interval between two passes.
const INTERVAL: Duration = Duration::from_mins(1);

/// Runs a pass at each interval. Never ends.
pub(crate) async fn run(context: &Context) {
    let interval = context.resync.unwrap_or(INTERVAL);
    let mut passes = interval_at(TokioInstant::now() + interval, interval);
    passes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        passes.tick().await;
        pass(context);
    }
}

/// Counts the resources that are up to date, and queues those that no longer are.
fn pass(context: &Context) {
    let started = Instant::now();
    let found = context.state.check_up_to_date(|key| context.cache.changes(key));
    for key in found.outdated {
        context.queue.push(key);
    }
    context.metrics.count_reconciles(Outcome::Settled, found.up_to_date, started.elapsed());
}
