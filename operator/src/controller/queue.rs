//! The resources whose reconcile is due. Each waits once, however often it is named.

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

use super::{key::Key, partial::Partial};

/// The queue. Bounded by the number of resources, as each is in it once. Clones are the same queue.
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
    /// Named since their last reconcile began.
    named: HashSet<Key>,
    /// Those of them that were not handed out yet.
    line: VecDeque<Key>,
}

impl Queue {
    /// An empty queue, whose depth is told by `depth`.
    pub(crate) fn new(depth: IntGauge) -> Self {
        depth.set(0);
        Self { inner: Arc::default(), depth }
    }

    /// The reconcile of a resource is due.
    pub(crate) fn push(&self, key: Key) {
        let mut waiting = self.lock();
        if waiting.named.insert(key.clone()) {
            waiting.line.push_back(key);
            self.depth.inc();
            self.inner.arrived.notify_one();
        }
    }

    /// The reconcile of a resource begins, so that the next change is for another one; or it will not be.
    pub(crate) fn begin(&self, key: &Key) {
        if self.lock().named.remove(key) {
            self.depth.dec();
        }
    }

    /// The requests, as they come. Never ends.
    pub(crate) fn requests(
        &self,
    ) -> impl Stream<Item = Result<ReconcileRequest<Partial<CcxPipeline>>, Infallible>> + Send + use<> {
        stream::unfold(self.clone(), async |queue| {
            let request: ObjectRef<Partial<CcxPipeline>> = queue.next().await.object_ref();
            Some((Ok(request.into()), queue))
        })
    }

    pub(super) async fn next(&self) -> Key {
        loop {
            let first = self.lock().line.pop_front();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[tokio::test]
    async fn a_resource_waits_once_until_its_reconcile_begins() {
        let depth = Metrics::new().queue_depth;
        let queue = Queue::new(depth.clone());
        let key = Key::new("ns", "ccx");
        queue.push(key.clone());
        queue.push(key.clone());
        assert_eq!(depth.get(), 1);
        assert_eq!(queue.next().await, key);
        queue.push(key.clone());
        assert!(queue.lock().line.is_empty(), "it has been handed out and has not begun");
        queue.begin(&key);
        assert_eq!(depth.get(), 0);
        queue.push(key.clone());
        assert_eq!(queue.next().await, key);
    }
}
