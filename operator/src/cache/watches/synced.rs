//! Which watches have listed everything.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{
    Stream, StreamExt as _,
    future::{BoxFuture, FutureExt as _, ready},
};
use kube::runtime::watcher::{self, Event};
use tokio::sync::watch;

use super::{Listener, WatchName};
use crate::model::api_error::{error_text, is_not_served};

/// Counts the watches that have not listed everything yet, by namespace. Only kinds that every cluster serves
/// count: another one that can't be listed concerns only the resources that use it.
#[derive(Clone, Debug)]
pub(crate) struct Synced(watch::Sender<BTreeMap<Option<String>, usize>>);

impl Synced {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }

    /// Whether everything in a namespace is listed: an object that is not in the cache then does not exist.
    pub(crate) fn is_complete(&self, namespace: &str) -> bool {
        let missing = self.0.borrow();
        let count = missing.get(&Some(namespace.to_owned())).or_else(|| missing.get(&None));
        count.is_some_and(|count| *count == 0)
    }

    /// Waits until all watches have listed everything, or until `limit` has passed.
    pub(crate) async fn wait(&self, limit: Duration) {
        let mut receiver = self.0.subscribe();
        let all = receiver.wait_for(|missing| missing.values().all(|count| *count == 0));
        let _ = tokio::time::timeout(limit, all).await;
    }

    /// Adds a watch to wait for.
    fn expect(&self, namespace: Option<&String>) {
        self.0.send_modify(|missing| *missing.entry(namespace.cloned()).or_default() += 1);
    }

    fn complete(&self, namespace: Option<&String>) {
        self.0.send_modify(|missing| *missing.entry(namespace.cloned()).or_default() -= 1);
    }
}

/// Reports whether a watch has listed everything.
pub(super) struct SyncedWatch {
    name: WatchName,
    /// Whether the resources of the namespace wait for it.
    is_required: bool,
    is_listed: bool,
    synced: Synced,
    listener: Arc<dyn Listener>,
}

impl SyncedWatch {
    pub(super) fn new(
        name: WatchName,
        is_required: bool,
        synced: Synced,
        listener: Arc<dyn Listener>,
    ) -> Self {
        if is_required {
            synced.expect(name.namespace.as_ref());
        }
        Self { name, is_required, is_listed: false, synced, listener }
    }

    /// Handles the events of the watch. Errors are logged, counted and retried with backoff.
    pub(super) fn follow<K: 'static>(
        mut self,
        stream: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
        mut handle: impl FnMut(Event<K>) + Send + 'static,
    ) -> BoxFuture<'static, ()> {
        stream
            .for_each(move |event| {
                match event {
                    Ok(event) => {
                        let is_done = matches!(event, Event::InitDone);
                        handle(event);
                        if is_done {
                            self.complete();
                        }
                    }
                    Err(error) => self.fail(&error),
                }
                ready(())
            })
            .boxed()
    }

    fn complete(&mut self) {
        self.listener.watch_synced(&self.name);
        if !self.is_listed && self.is_required {
            self.synced.complete(self.name.namespace.as_ref());
        }
        self.is_listed = true;
    }

    fn fail(&self, error: &watcher::Error) {
        let WatchName { kind, namespace } = &self.name;
        let advice = is_not_served(error).then(|| advice(kind)).flatten();
        tracing::warn!(kind, namespace, error = %error_text(error), advice, "watch failed, retrying");
        self.listener.watch_failed(&self.name, self.is_listed, error);
    }
}

fn advice(kind: &str) -> Option<&'static str> {
    (kind == "CcxPipeline")
        .then_some("install the definition: ccx-operator crd | kubectl apply --server-side -f -")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn namespace_is_complete_when_its_own_required_watches_are() {
        let synced = Synced::new();
        let (one, other) = (Some("one".to_owned()), Some("other".to_owned()));
        synced.expect(one.as_ref());
        synced.expect(other.as_ref());
        assert!(!synced.is_complete("one") && !synced.is_complete("unknown"));
        synced.complete(one.as_ref());
        assert!(synced.is_complete("one") && !synced.is_complete("other"));
        synced.wait(Duration::from_millis(1)).await;
        synced.complete(other.as_ref());
        synced.wait(Duration::from_hours(1)).await;
    }

    #[test]
    fn cluster_scope_is_complete_for_every_namespace() {
        let synced = Synced::new();
        synced.expect(None);
        assert!(!synced.is_complete("any"));
        synced.complete(None);
        assert!(synced.is_complete("any"));
    }
}
