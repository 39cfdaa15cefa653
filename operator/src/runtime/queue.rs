//! The resources to reconcile. Each is queued once, however often it is pushed.

use std::{
    collections::{HashSet, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ccx_crds::CcxPipeline;
use futures::{Stream, stream};
use kube::runtime::{controller::ReconcileRequest, reflector::ObjectRef};
use prometheus::IntGauge;
use tokio::sync::Notify;

use crate::{cache::partial_object::PartialObject, model::key::Key};

/// The queue. Bounded by the number of resources, since each is in it once. Clones share one queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    inner: Arc<Inner>,
    depth: IntGauge,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Pushed since their last reconcile started.
    pushed: HashSet<Key>,
    /// The pushed ones that were not taken yet, in order.
    order: VecDeque<Key>,
}

impl Queue {
    /// Returns an empty queue that reports its length as `depth`.
    pub(crate) fn new(depth: IntGauge) -> Self {
        depth.set(0);
        Self { inner: Arc::default(), depth }
    }

    /// Queues a resource.
    pub(crate) fn push(&self, key: Key) {
        let mut waiting = self.lock();
        if waiting.pushed.insert(key.clone()) {
            waiting.order.push_back(key);
            self.depth.inc();
            self.inner.arrived.notify_one();
        }
    }

    /// Marks `key` as running: later changes queue a new reconcile.
    pub(crate) fn start(&self, key: &Key) {
        if self.lock().pushed.remove(key) {
            self.depth.dec();
        }
    }

    /// Returns the requests in order. Never ends.
    pub(crate) fn requests(
        &self,
    ) -> impl Stream<Item = Result<ReconcileRequest<PartialObject<CcxPipeline>>, Infallible>> + Send + use<>
    {
        stream::unfold(self.clone(), async |queue| {
            let request = object_ref(&queue.next().await);
            Some((Ok(request.into()), queue))
        })
    }

    pub(super) async fn next(&self) -> Key {
        loop {
            let first = self.lock().order.pop_front();
            match first {
                Some(key) => return key,
                None => self.inner.arrived.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the reference by which kube's controller finds a resource in its store.
pub(super) fn object_ref(key: &Key) -> ObjectRef<PartialObject<CcxPipeline>> {
    ObjectRef::new(&key.name).within(&key.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::metrics::Metrics;

    #[tokio::test]
    async fn resource_is_queued_once_until_its_reconcile_starts() {
        let depth = Metrics::new().queue_depth;
        let queue = Queue::new(depth.clone());
        let key = Key::new("ns", "ccx");
        queue.push(key.clone());
        queue.push(key.clone());
        assert_eq!(depth.get(), 1);
        assert_eq!(queue.next().await, key);
        queue.push(key.clone());
        assert!(queue.lock().order.is_empty(), "taken and not started");
        queue.start(&key);
        assert_eq!(depth.get(), 0);
        queue.push(key.clone());
        assert_eq!(queue.next().await, key);
    }
}
