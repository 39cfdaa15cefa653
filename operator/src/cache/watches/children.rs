//! The watches of children, pods and referenced objects.

use std::fmt::Debug;

use futures::future::BoxFuture;
use k8s_openapi::api::core::v1;
use kube::{
    Api, Resource,
    core::{ApiResource, DynamicObject, DynamicResourceScope, ObjectMeta},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event, watcher},
    },
};

use super::{OptionalType, SyncedWatch, Watches, managed, unlabelled};
use crate::{
    cache::{
        ChildCache, Listed, ReferenceKind,
        entry::ChildEntry,
        partial_object::{Part, PartialObject},
        status::{
            Autoscaler, ChildStatus, ControllerReport, CronJob, Deployment, HttpRoute, Ingress, Job,
            PersistentVolumeClaim, Pod, PodState, Route, StatefulSet,
        },
    },
    model::{
        key::Key,
        kind::{Availability, Kind},
    },
};

/// The kind of a Kafka of Strimzi.
pub(super) const STRIMZI_KAFKA: &str = "Kafka";

/// The watches of one namespace, or of all.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) all: Watches,
    pub(super) namespace: Option<String>,
}

impl Watch {
    /// Watches a type that only some clusters serve.
    pub(super) fn optional(&self, watched: &OptionalType) -> BoxFuture<'static, ()> {
        match watched {
            OptionalType::Child(kind) => self.children(*kind),
            OptionalType::StrimziKafka(kafka) => self.strimzi(kafka),
        }
    }

    pub(super) fn children(&self, kind: Kind) -> BoxFuture<'static, ()> {
        match kind {
            Kind::Deployment => {
                self.workloads(kind, |it: &Deployment| ChildStatus::Rollout(Box::new(it.into())))
            }
            Kind::StatefulSet => {
                self.workloads(kind, |it: &StatefulSet| ChildStatus::Rollout(Box::new(it.into())))
            }
            Kind::Job => self.workloads(kind, |it: &Job| ChildStatus::Job(Box::new(it.into()))),
            Kind::CronJob => self.workloads(kind, |it: &CronJob| ChildStatus::CronJob(Box::new(it.into()))),
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
            Kind::Secret => {
                let status = |it: &PartialObject| ChildStatus::from_annotations(&it.metadata);
                self.follow_children(kind, unlabelled(), Some(ReferenceKind::Secret), status)
            }
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
        let reference_change = move |cache: &ChildCache, metadata: &ObjectMeta, list| -> Vec<Key> {
            reference.map_or_else(Vec::new, |kind| cache.record_reference_change(kind, metadata, list))
        };
        let expected = self.expect(kind.name(), kind.availability() == Availability::Always);
        expected.follow(stream, move |event| match event {
            Event::Init => list += 1,
            Event::InitDone => {
                all.requeue(all.cache.finish_list(Listed::Children(kind), namespace.as_deref(), list));
                if let Some(reference) = reference {
                    all.requeue(all.cache.finish_references(reference, namespace.as_deref(), list));
                }
            }
            Event::Apply(object) | Event::InitApply(object) => {
                let entry = ChildEntry::from_partial(&object, status(&object));
                all.requeue(all.cache.record_child(kind, object.meta(), entry, list));
                all.requeue(reference_change(&all.cache, object.meta(), list));
            }
            Event::Delete(object) => {
                all.requeue(all.cache.remove_child(kind, object.meta()));
                all.requeue(reference_change(&all.cache, object.meta(), list));
            }
        })
    }

    pub(super) fn pods(&self) -> BoxFuture<'static, ()> {
        let config = managed();
        let api = self.api::<Pod>(&ApiResource::erase::<v1::Pod>(&()));
        let stream = watcher(api, config).default_backoff();
        let Self { all, namespace } = self.clone();
        let mut list = 0;
        self.expect("Pod", true).follow(stream, move |event| match event {
            Event::Init => list += 1,
            Event::InitDone => all.requeue(all.cache.finish_list(Listed::Pods, namespace.as_deref(), list)),
            Event::Apply(pod) | Event::InitApply(pod) => {
                all.requeue(all.cache.record_pod(&pod.metadata, PodState::from(&pod), list));
            }
            Event::Delete(pod) => all.requeue(all.cache.remove_pod(&pod.metadata)),
        })
    }

    fn strimzi(&self, kafka: &ApiResource) -> BoxFuture<'static, ()> {
        let stream = watcher(self.api::<PartialObject>(kafka), unlabelled()).default_backoff();
        let Self { all, namespace } = self.clone();
        let mut list = 0;
        let record = move |all: &Watches, object: &PartialObject, list| {
            all.requeue(all.cache.record_reference_change(ReferenceKind::Strimzi, object.meta(), list));
        };
        self.expect(STRIMZI_KAFKA, false).follow(stream, move |event| match event {
            Event::Init => list += 1,
            Event::InitDone => {
                let namespace = namespace.as_deref();
                all.requeue(all.cache.finish_references(ReferenceKind::Strimzi, namespace, list));
            }
            Event::Apply(object) | Event::InitApply(object) | Event::Delete(object) => {
                record(&all, &object, list);
            }
        })
    }

    pub(super) fn expect(&self, kind: &'static str, is_required: bool) -> SyncedWatch {
        self.all.expect(kind, self.namespace.as_ref(), is_required)
    }

    pub(super) fn api<K>(&self, names: &K::DynamicType) -> Api<K>
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
