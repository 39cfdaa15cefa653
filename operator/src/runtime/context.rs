//! The dependencies of every reconcile.

use std::{sync::Arc, time::Duration};

use kube::{Client, runtime::watcher};
use tokio::sync::watch;

use super::{
    console_links::ConsoleLinks, events::Events, metrics::Metrics, probe::Prober, queue::Queue,
    reconcile_state::ReconcileState, watch_health::WatchHealth,
};
use crate::model::api_error::error_text;
use crate::{
    cache::{
        ChildCache,
        watches::{Listener, Synced, WatchName},
    },
    model::{key::Key, references::Served},
    validate::OperatorDefaults,
};

/// The dependencies of every reconcile.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) metrics: Metrics,
    pub(crate) cache: ChildCache,
    pub(crate) console_links: ConsoleLinks,
    pub(crate) state: ReconcileState,
    pub(crate) queue: Queue,
    /// The optional kinds that the cluster serves now.
    pub(crate) served: watch::Receiver<Served>,
    pub(crate) defaults: OperatorDefaults,
    /// The identity of this operator, by which it claims resources.
    pub(crate) controller: String,
    pub(crate) prober: Arc<dyn Prober>,
    /// Reports whether the cache is complete.
    pub(crate) synced: Synced,
    /// Replaces the pause after the first failure of a Job in tests.
    pub(crate) job_pause: Option<Duration>,
    /// Replaces the time without a renewal after which a claim is taken over, in tests.
    pub(crate) takeover: Option<Duration>,
    /// Replaces the resync interval in tests.
    pub(crate) resync: Option<Duration>,
}

/// Queues the resources that a watch has seen change.
pub(crate) struct Enqueue {
    pub(crate) state: ReconcileState,
    pub(crate) queue: Queue,
    pub(crate) console_links: ConsoleLinks,
    pub(crate) metrics: Metrics,
    pub(crate) watch_health: WatchHealth,
}

impl Listener for Enqueue {
    fn pipeline_changed(&self, metadata: &kube::core::ObjectMeta) {
        if self.state.record_pipeline(metadata) {
            self.queue.push(Key::from_metadata(metadata));
        }
    }

    fn pipeline_deleted(&self, key: &Key) {
        self.state.remove(key);
        self.console_links.remove(key);
    }

    fn object_changed(&self, key: Key) {
        self.queue.push(key);
    }

    fn watch_synced(&self, watch: &WatchName) {
        self.metrics.set_watch_synced(watch.kind, watch.namespace(), true);
        self.watch_health.remove(watch);
    }

    fn watch_failed(&self, watch: &WatchName, is_listed: bool, error: &watcher::Error) {
        self.metrics.count_watch_failure(watch.kind, watch.namespace());
        if !is_listed {
            self.metrics.set_watch_synced(watch.kind, watch.namespace(), false);
            self.watch_health.insert(watch, &error_text(error));
        }
    }

    fn watch_ended(&self, watch: &WatchName) {
        self.metrics.remove_watch(watch.kind, watch.namespace());
        self.watch_health.remove(watch);
    }
}
