//! The watches: they fill the cache, and notify a [`Listener`] of the resources to reconcile.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Debug,
    sync::Arc,
    time::Duration,
};

use ccx_crds::CcxPipeline;
use ccx_service::error_chain;
use futures::{
    Stream, StreamExt as _,
    future::{BoxFuture, FutureExt as _, ready},
    stream::FuturesUnordered,
};
use k8s_openapi::api::core::v1;
use kube::{
    Api, Client, Resource,
    core::{ApiResource, DynamicObject, DynamicResourceScope, ObjectMeta},
    runtime::{
        WatchStreamExt as _,
        reflector::store::Writer,
        watcher::{self, Event, watcher},
    },
};
use tokio::sync::watch;

use super::{
    ChildCache, Listed, ReferenceKind,
    entry::ChildEntry,
    partial_object::{Part, PartialObject},
    status::{
        Autoscaler, ChildStatus, ControllerReport, Deployment, HttpRoute, Ingress, Job,
        PersistentVolumeClaim, Pod, PodState, Route, StatefulSet,
    },
};
use crate::model::{
    key::Key,
    kind::{Availability, Kind},
    names::PIPELINE_LABEL,
    references::Served,
};

/// Objects per page of a list. Small, since a page is in memory as a whole, and all watches begin at the same
/// time.
const PAGE_SIZE: u32 = 50;

/// The namespaces that are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    Cluster,
    /// These.
    Namespaces(Vec<String>),
}

impl Scope {
    /// Returns one entry per watch of a kind: a namespace, or `None` for all of them.
    fn namespaces(&self) -> Vec<Option<String>> {
        match self {
            Self::Cluster => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

/// Receives the changes that the watches have seen.
pub(crate) trait Listener: Send + Sync {
    /// A resource was created or changed.
    fn pipeline_changed(&self, metadata: &ObjectMeta);

    /// A resource was deleted.
    fn pipeline_deleted(&self, key: &Key);

    /// An object that concerns a resource has changed.
    fn object_changed(&self, key: Key);

    /// A watch has listed everything, or has not.
    fn watch_synced(&self, kind: &'static str, is_synced: bool);

    /// A request of a watch has failed.
    fn watch_failed(&self, kind: &'static str);
}

/// All watches of one operator.
#[derive(Clone)]
pub(crate) struct Watches {
    pub(crate) client: Client,
    pub(crate) scope: Scope,
    pub(crate) cache: ChildCache,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) synced: Synced,
}

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
struct SyncedWatch {
    kind: &'static str,
    namespace: Option<String>,
    /// Whether the resources of the namespace wait for it.
    is_required: bool,
    is_listed: bool,
    synced: Synced,
    listener: Arc<dyn Listener>,
}

impl SyncedWatch {
    fn complete(&mut self) {
        self.listener.watch_synced(self.kind, true);
        if !self.is_listed && self.is_required {
            self.synced.complete(self.namespace.as_ref());
        }
        self.is_listed = true;
    }

    fn fail(&mut self, error: &watcher::Error) {
        tracing::warn!(kind = self.kind, namespace = self.namespace, error = %error_chain(error), "watch failed, retrying");
        self.listener.watch_failed(self.kind);
        if !self.is_listed {
            self.listener.watch_synced(self.kind, false);
        }
    }
}

impl Watches {
    /// Runs all watches; never ends. `pipelines` stores the resources themselves.
    pub(crate) fn run(
        &self,
        served: &Served,
        pipelines: Writer<PartialObject<CcxPipeline>>,
    ) -> BoxFuture<'static, ()> {
        let namespaces = self.scope.namespaces();
        let mut watches = vec![self.pipelines(&namespaces, pipelines)];
        for namespace in namespaces {
            let watch = Watch { all: self.clone(), namespace };
            let kinds = Kind::ALL.into_iter().filter(|kind| served.capabilities.serves(*kind));
            watches.extend(kinds.map(|kind| watch.children(kind)));
            watches.push(watch.pods());
            watches.extend(served.strimzi_kafka.iter().map(|kafka| watch.strimzi(kafka)));
        }
        // Polls only the watches that have events, instead of all whenever one of them has.
        watches.into_iter().collect::<FuturesUnordered<_>>().for_each(ready).boxed()
    }

    /// Watches the resources of all namespaces, since a store has one writer.
    fn pipelines(
        &self,
        namespaces: &[Option<String>],
        mut writer: Writer<PartialObject<CcxPipeline>>,
    ) -> BoxFuture<'static, ()> {
        // The store is ready at once: the controller waits for `synced`.
        writer.apply_watcher_event(&Event::Init);
        writer.apply_watcher_event(&Event::InitDone);
        let writer = Arc::new(std::sync::Mutex::new(writer));
        let watches = namespaces.iter().map(|namespace| {
            let watch = Watch { all: self.clone(), namespace: namespace.clone() };
            let stream = watcher(watch.api(&()), unlabelled()).default_backoff();
            let mut store =
                PipelineStore::new(Arc::clone(&writer), Arc::clone(&self.listener), self.cache.clone());
            follow(stream, self.expect("CcxPipeline", namespace.as_ref(), true), move |event| {
                store.apply(event);
            })
        });
        watches.collect::<FuturesUnordered<_>>().for_each(ready).boxed()
    }

    fn expect(&self, kind: &'static str, namespace: Option<&String>, is_required: bool) -> SyncedWatch {
        if is_required {
            self.synced.expect(namespace);
        }
        SyncedWatch {
            kind,
            namespace: namespace.cloned(),
            is_required,
            is_listed: false,
            synced: self.synced.clone(),
            listener: Arc::clone(&self.listener),
        }
    }

    fn requeue(&self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.listener.object_changed(key);
        }
    }
}

type SharedWriter = Arc<std::sync::Mutex<Writer<PartialObject<CcxPipeline>>>>;

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
        let mut writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.apply_watcher_event(event);
    }
}

/// The watches of one namespace, or of all.
#[derive(Clone)]
struct Watch {
    all: Watches,
    namespace: Option<String>,
}

impl Watch {
    fn children(&self, kind: Kind) -> BoxFuture<'static, ()> {
        match kind {
            Kind::Deployment => {
                self.workloads(kind, |it: &Deployment| ChildStatus::Rollout(Box::new(it.into())))
            }
            Kind::StatefulSet => {
                self.workloads(kind, |it: &StatefulSet| ChildStatus::Rollout(Box::new(it.into())))
            }
            Kind::Job => self.workloads(kind, |it: &Job| ChildStatus::Job(Box::new(it.into()))),
            Kind::PersistentVolumeClaim => {
                self.workloads(kind, |it: &PersistentVolumeClaim| ChildStatus::Claim(Box::new(it.into())))
            }
            Kind::HorizontalPodAutoscaler => {
                self.workloads(kind, |it: &Autoscaler| reported(ControllerReport::from_horizontal(it)))
            }
            Kind::ScaledObject => {
                self.workloads(kind, |it: &Autoscaler| reported(ControllerReport::from_scaled_object(it)))
            }
            Kind::Route => self.workloads(kind, |it: &Route| reported(it.into())),
            Kind::HttpRoute => self.workloads(kind, |it: &HttpRoute| reported(it.into())),
            Kind::Ingress => self.workloads(kind, |it: &Ingress| reported(it.into())),
            // Unlabelled ones are watched too, since resources refer to them.
            Kind::Secret => self.metadata(kind, unlabelled(), Some(ReferenceKind::Secret)),
            Kind::ConfigMap => self.metadata(kind, unlabelled(), Some(ReferenceKind::ConfigMap)),
            _ => self.metadata(kind, managed(), None),
        }
    }

    /// Watches children whose status is reported.
    fn workloads<Spec, Status>(
        &self,
        kind: Kind,
        status: fn(&PartialObject<DynamicObject, Spec, Status>) -> ChildStatus,
    ) -> BoxFuture<'static, ()>
    where
        Spec: Part + Clone + Debug + Send + 'static,
        Status: Part + Clone + Debug + Send + 'static,
    {
        self.follow_children(kind, managed(), None, status)
    }

    /// Watches the metadata of children and of referenced objects.
    fn metadata(
        &self,
        kind: Kind,
        config: watcher::Config,
        reference: Option<ReferenceKind>,
    ) -> BoxFuture<'static, ()> {
        self.follow_children(kind, config, reference, |_: &PartialObject| ChildStatus::None)
    }

    fn follow_children<Spec, Status>(
        &self,
        kind: Kind,
        config: watcher::Config,
        reference: Option<ReferenceKind>,
        status: fn(&PartialObject<DynamicObject, Spec, Status>) -> ChildStatus,
    ) -> BoxFuture<'static, ()>
    where
        Spec: Part + Clone + Debug + Send + 'static,
        Status: Part + Clone + Debug + Send + 'static,
    {
        let api = self.api::<PartialObject<DynamicObject, Spec, Status>>(&kind.api_resource());
        let stream = watcher(api, config).default_backoff();
        let Self { all, namespace } = self.clone();
        let mut list = 0;
        let reference_change = move |cache: &ChildCache, metadata: &ObjectMeta| -> Vec<Key> {
            reference.map_or_else(Vec::new, |kind| cache.record_reference_change(kind, metadata))
        };
        follow(stream, self.expect(kind.name(), kind.availability() == Availability::Always), move |event| {
            match event {
                Event::Init => list += 1,
                Event::InitDone => {
                    all.requeue(all.cache.finish_list(Listed::Children(kind), namespace.as_deref(), list));
                }
                Event::Apply(object) | Event::InitApply(object) => {
                    let entry = ChildEntry::from_partial(&object, status(&object));
                    all.requeue(all.cache.record_child(kind, object.meta(), entry, list));
                    all.requeue(reference_change(&all.cache, object.meta()));
                }
                Event::Delete(object) => {
                    all.requeue(all.cache.remove_child(kind, object.meta()));
                    all.requeue(reference_change(&all.cache, object.meta()));
                }
            }
        })
    }

    fn pods(&self) -> BoxFuture<'static, ()> {
        let config = managed();
        let api = self.api::<Pod>(&ApiResource::erase::<v1::Pod>(&()));
        let stream = watcher(api, config).default_backoff();
        let Self { all, namespace } = self.clone();
        let mut list = 0;
        follow(stream, self.expect("Pod", true), move |event| match event {
            Event::Init => list += 1,
            Event::InitDone => all.requeue(all.cache.finish_list(Listed::Pods, namespace.as_deref(), list)),
            Event::Apply(pod) | Event::InitApply(pod) => {
                all.requeue(all.cache.record_pod(&pod.metadata, PodState::from(&pod), list));
            }
            Event::Delete(pod) => all.requeue(all.cache.remove_pod(&pod.metadata)),
        })
    }

    fn strimzi(&self, kafka: &ApiResource) -> BoxFuture<'static, ()> {
        let api = self.api::<PartialObject>(kafka);
        let all = self.all.clone();
        follow(watcher(api, unlabelled()).default_backoff(), self.expect("Kafka", false), move |event| {
            if let Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) = event {
                all.requeue(all.cache.record_reference_change(ReferenceKind::Strimzi, object.meta()));
            }
        })
    }

    fn expect(&self, kind: &'static str, is_required: bool) -> SyncedWatch {
        self.all.expect(kind, self.namespace.as_ref(), is_required)
    }

    fn api<K>(&self, names: &K::DynamicType) -> Api<K>
    where
        K: Resource<Scope = DynamicResourceScope>,
    {
        let client = self.all.client.clone();
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, names),
            None => Api::all_with(client, names),
        }
    }
}

fn reported(report: ControllerReport) -> ChildStatus {
    ChildStatus::Controller(Box::new(report))
}

fn unlabelled() -> watcher::Config {
    watcher::Config::default().page_size(PAGE_SIZE)
}

fn managed() -> watcher::Config {
    unlabelled().labels(PIPELINE_LABEL)
}

/// Handles the events of one watch. Errors are logged, counted and retried with backoff.
fn follow<K: 'static>(
    stream: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    mut synced: SyncedWatch,
    mut handle: impl FnMut(Event<K>) + Send + 'static,
) -> BoxFuture<'static, ()> {
    stream
        .for_each(move |event| {
            match event {
                Ok(event) => {
                    let is_done = matches!(event, Event::InitDone);
                    handle(event);
                    if is_done {
                        synced.complete();
                    }
                }
                Err(error) => synced.fail(&error),
            }
            ready(())
        })
        .boxed()
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
