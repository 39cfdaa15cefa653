//! The watches of the resources themselves.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use ccx_crds::CcxPipeline;
use futures::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _, ready},
    stream::FuturesUnordered,
};
use kube::{
    core::ObjectMeta,
    runtime::{
        WatchStreamExt as _,
        reflector::store::Writer,
        watcher::{Event, watcher},
    },
};

use super::{Listener, Watches, unlabelled};
use crate::{
    cache::{ChildCache, partial_object::PartialObject},
    model::key::Key,
};

impl Watches {
    /// Watches the resources of all namespaces, since a store has one writer.
    pub(super) fn pipelines(&self, mut writer: Writer<PartialObject<CcxPipeline>>) -> BoxFuture<'static, ()> {
        // The store is ready at once: the controller waits for `synced`.
        writer.apply_watcher_event(&Event::Init);
        writer.apply_watcher_event(&Event::InitDone);
        let writer = Arc::new(Mutex::new(writer));
        let watches = self.per_namespace().map(|watch| {
            let stream = watcher(watch.api(&()), unlabelled()).default_backoff();
            let mut store =
                PipelineStore::new(Arc::clone(&writer), Arc::clone(&self.listener), self.cache.clone());
            watch.expect("CcxPipeline", true).follow(stream, move |event| store.apply(event))
        });
        watches.collect::<FuturesUnordered<_>>().for_each(ready).boxed()
    }
}

type SharedWriter = Arc<Mutex<Writer<PartialObject<CcxPipeline>>>>;

/// The resources of one watch, in the store that all watches share.
struct PipelineStore {
    writer: SharedWriter,
    listener: Arc<dyn Listener>,
    cache: ChildCache,
    known: HashSet<Key>,
    listing: HashSet<Key>,
}

impl PipelineStore {
    fn new(writer: SharedWriter, listener: Arc<dyn Listener>, cache: ChildCache) -> Self {
        Self { writer, listener, cache, known: HashSet::new(), listing: HashSet::new() }
    }

    fn apply(&mut self, event: Event<PartialObject<CcxPipeline>>) {
        match event {
            Event::Init => self.listing.clear(),
            Event::InitApply(pipeline) => {
                self.listing.insert(Key::from_metadata(&pipeline.metadata));
                self.store(pipeline);
            }
            Event::InitDone => {
                // No event reports objects that were deleted while the watch was down.
                let listed = std::mem::take(&mut self.listing);
                for key in self.known.difference(&listed) {
                    self.remove(key);
                }
                self.known = listed;
            }
            Event::Apply(pipeline) => {
                self.known.insert(Key::from_metadata(&pipeline.metadata));
                self.store(pipeline);
            }
            Event::Delete(pipeline) => {
                let key = Key::from_metadata(&pipeline.metadata);
                self.known.remove(&key);
                self.remove(&key);
            }
        }
    }

    fn store(&self, pipeline: PartialObject<CcxPipeline>) {
        let metadata = pipeline.metadata.clone();
        self.write(&Event::Apply(pipeline));
        self.listener.pipeline_changed(&metadata);
    }

    fn remove(&self, key: &Key) {
        let metadata = ObjectMeta {
            namespace: Some(key.namespace.to_string()),
            name: Some(key.name.to_string()),
            ..ObjectMeta::default()
        };
        self.write(&Event::Delete(PartialObject::from_metadata(metadata)));
        self.listener.pipeline_deleted(key);
        self.cache.remove_pipeline(key);
    }

    fn write(&self, event: &Event<PartialObject<CcxPipeline>>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.apply_watcher_event(event);
    }
}
