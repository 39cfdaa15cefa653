//! The watches: what happens in the cluster becomes rows of the table and requests in the queue.

use std::fmt::Debug;

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
    core::{ApiResource, DynamicObject, DynamicResourceScope},
    runtime::{
        WatchStreamExt as _,
        reflector::{self, reflector},
        watcher::{self, Event, watcher},
    },
};
use tokio::sync::watch;

use super::{
    discovery::Served,
    facts::{Deployment, Facts, Job, PersistentVolumeClaim, Pod, PodFacts, StatefulSet},
    key::{Key, MANAGED_BY},
    memory::Memory,
    observed::{Observed, ReferenceKind, Seen},
    partial::{Part, Partial},
    queue::Queue,
    record::Record,
};
use crate::{
    component::{MANAGER, PRODUCT},
    kind::Kind,
};

/// How many objects a page of a list has. Small, as a page is in memory as a whole, and all watches begin at the same time.
const PAGE_SIZE: u32 = 50;

/// Everything that the watches need and feed.
#[derive(Clone)]
pub(crate) struct Watches {
    pub(crate) client: Client,
    /// The one namespace that is watched; none is all of them.
    pub(crate) namespace: Option<String>,
    pub(crate) observed: Observed,
    pub(crate) memory: Memory,
    pub(crate) queue: Queue,
    pub(crate) synced: Synced,
}

/// How many watches have not listed everything yet.
#[derive(Clone, Debug)]
pub(crate) struct Synced(watch::Sender<usize>);

impl Synced {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more watch to wait for.
    fn expect(&self) {
        self.0.send_modify(|missing| *missing += 1);
    }

    fn arrived(&self) {
        self.0.send_modify(|missing| *missing -= 1);
    }

    /// Waits until all watches have listed everything: what is not in the table then does not exist.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so that the wait can't fail.
        let _ = receiver.wait_for(|missing| *missing == 0).await;
    }
}

impl Watches {
    /// All watches, as one future that never ends. `pipelines` gets the resources themselves.
    pub(crate) fn run(
        &self,
        served: &Served,
        pipelines: reflector::store::Writer<Partial<CcxPipeline>>,
    ) -> BoxFuture<'static, ()> {
        let kinds = Kind::ALL.into_iter().filter(|kind| served.capabilities.serves(*kind));
        let mut watches: Vec<_> = kinds.map(|kind| self.children(kind)).collect();
        watches.push(self.pipelines(pipelines));
        watches.push(self.pods());
        watches.extend(served.strimzi_kafka.iter().map(|kafka| self.strimzi(kafka)));
        // Only those that have news are polled, and not all whenever something happens elsewhere.
        watches.into_iter().collect::<FuturesUnordered<_>>().for_each(ready).boxed()
    }

    fn pipelines(&self, writer: reflector::store::Writer<Partial<CcxPipeline>>) -> BoxFuture<'static, ()> {
        let stream = watcher(self.api(&()), unlabelled()).default_backoff();
        let this = self.clone();
        follow("CcxPipeline", reflector(writer, stream), self.expect(), move |event| {
            this.pipeline_event(event)
        })
    }

    fn pipeline_event(&self, event: Event<Partial<CcxPipeline>>) {
        match event {
            Event::Apply(pipeline) | Event::InitApply(pipeline) => {
                if self.memory.pipeline_seen(&pipeline.metadata) {
                    self.queue.push(Key::of_metadata(&pipeline.metadata));
                }
            }
            Event::Delete(pipeline) => {
                let key = Key::of_metadata(&pipeline.metadata);
                self.memory.forget(&key);
                self.observed.forget(&key);
            }
            Event::Init | Event::InitDone => {}
        }
    }

    fn children(&self, kind: Kind) -> BoxFuture<'static, ()> {
        match kind {
            Kind::Deployment => self.workloads(kind, |it: &Deployment| Facts::Rollout(Box::new(it.into()))),
            Kind::StatefulSet => self.workloads(kind, |it: &StatefulSet| Facts::Rollout(Box::new(it.into()))),
            Kind::Job => self.workloads(kind, |it: &Job| Facts::Job(Box::new(it.into()))),
            Kind::PersistentVolumeClaim => {
                self.workloads(kind, |it: &PersistentVolumeClaim| Facts::Claim(Box::new(it.into())))
            }
            // Those of others are watched too, as resources refer to them.
            Kind::Secret => self.metadata(kind, unlabelled(), Some(ReferenceKind::Secret)),
            Kind::ConfigMap => self.metadata(kind, unlabelled(), Some(ReferenceKind::ConfigMap)),
            _ => self.metadata(kind, managed(), None),
        }
    }

    /// Children whose status counts.
    fn workloads<Spec, Status>(
        &self,
        kind: Kind,
        facts: fn(&Partial<DynamicObject, Spec, Status>) -> Facts,
    ) -> BoxFuture<'static, ()>
    where
        Spec: Part + Clone + Debug + Send + 'static,
        Status: Part + Clone + Debug + Send + 'static,
    {
        self.follow_children(kind, managed(), None, facts)
    }

    /// Children, and objects referred to, that only need to exist in the right form.
    fn metadata(
        &self,
        kind: Kind,
        config: watcher::Config,
        reference: Option<ReferenceKind>,
    ) -> BoxFuture<'static, ()> {
        self.follow_children(kind, config, reference, |_: &Partial| Facts::None)
    }

    fn follow_children<Spec, Status>(
        &self,
        kind: Kind,
        config: watcher::Config,
        reference: Option<ReferenceKind>,
        facts: fn(&Partial<DynamicObject, Spec, Status>) -> Facts,
    ) -> BoxFuture<'static, ()>
    where
        Spec: Part + Clone + Debug + Send + 'static,
        Status: Part + Clone + Debug + Send + 'static,
    {
        let api = self.api::<Partial<DynamicObject, Spec, Status>>(&kind.api_resource());
        let stream = watcher(api, config).default_backoff();
        let this = self.clone();
        let mut sweep = 0;
        follow(kind.name(), stream, self.expect(), move |event| {
            let mut due = Vec::new();
            match event {
                Event::Init => sweep += 1,
                Event::InitDone => due = this.observed.swept(Seen::Children(kind), sweep),
                Event::Apply(object) | Event::InitApply(object) => {
                    let record = Record::of(&object, facts(&object));
                    due.extend(this.observed.child_seen(kind, object.meta(), record, sweep));
                    due.extend(
                        reference
                            .into_iter()
                            .flat_map(|it| this.observed.reference_changed(it, object.meta())),
                    );
                }
                Event::Delete(object) => {
                    due.extend(this.observed.child_gone(kind, object.meta()));
                    due.extend(
                        reference
                            .into_iter()
                            .flat_map(|it| this.observed.reference_changed(it, object.meta())),
                    );
                }
            }
            this.push_all(due);
        })
    }

    fn pods(&self) -> BoxFuture<'static, ()> {
        let config = unlabelled().labels(&format!("app.kubernetes.io/name={PRODUCT}"));
        let api = self.api::<Pod>(&ApiResource::erase::<v1::Pod>(&()));
        let stream = watcher(api, config).default_backoff();
        let this = self.clone();
        let mut sweep = 0;
        follow("pods", stream, self.expect(), move |event| match event {
            Event::Init => sweep += 1,
            Event::InitDone => this.push_all(this.observed.swept(Seen::Pods, sweep)),
            Event::Apply(pod) | Event::InitApply(pod) => {
                this.push_all(this.observed.pod_seen(&pod.metadata, PodFacts::from(&pod), sweep));
            }
            Event::Delete(pod) => this.push_all(this.observed.pod_gone(&pod.metadata)),
        })
    }

    /// The Kafkas of Strimzi.
    fn strimzi(&self, kafka: &ApiResource) -> BoxFuture<'static, ()> {
        let api = self.api::<Partial>(kafka);
        let this = self.clone();
        follow("kafkas", watcher(api, unlabelled()).default_backoff(), self.expect(), move |event| {
            if let Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) = event {
                this.push_all(this.observed.reference_changed(ReferenceKind::Strimzi, object.meta()));
            }
        })
    }

    fn push_all(&self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.queue.push(key);
        }
    }

    fn expect(&self) -> Synced {
        self.synced.expect();
        self.synced.clone()
    }

    fn api<K>(&self, names: &K::DynamicType) -> Api<K>
    where
        K: Resource<Scope = DynamicResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, names),
            None => Api::all_with(self.client.clone(), names),
        }
    }
}

fn unlabelled() -> watcher::Config {
    watcher::Config::default().page_size(PAGE_SIZE)
}

fn managed() -> watcher::Config {
    unlabelled().labels(&format!("{MANAGED_BY}={MANAGER}"))
}

/// Hands on the events of one watch. Errors are told and retried: the stream waits longer after each.
fn follow<K: 'static>(
    kind: &'static str,
    stream: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    synced: Synced,
    mut handle: impl FnMut(Event<K>) + Send + 'static,
) -> BoxFuture<'static, ()> {
    let mut is_listed = false;
    stream
        .for_each(move |event| {
            match event {
                Ok(event) => {
                    let is_done = matches!(event, Event::InitDone);
                    handle(event);
                    if is_done && !is_listed {
                        is_listed = true;
                        synced.arrived();
                    }
                }
                Err(error) => {
                    tracing::warn!(kind, error = %error_chain(&error), "a watch failed and is begun anew")
                }
            }
            ready(())
        })
        .boxed()
}
