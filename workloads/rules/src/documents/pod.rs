//! Pods. Archives only have those of operators that are degraded, or that the gathering rules ask for.

use serde::Deserialize;

use super::{Conditions, Int, List, Object, Text, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The pods of the platform's own namespaces.
pub const PLATFORM_PODS: Input = Input::documents(
    "platform_pods",
    &[
        Location::new("config/pod/openshift-*/*.json"),
        Location::new("config/pod/kube-system/*.json"),
        Location::new("conditional/namespaces/openshift-*/pods/*/*.json").since(4, 11),
    ],
    |context| !context.platform_pods().is_empty(),
);

/// Of these, the pods of the cluster's monitoring. For rules that also read [`PLATFORM_PODS`].
pub const MONITORING_PODS: Input = Input::documents(
    "monitoring_pods",
    &[Location::new("config/pod/openshift-monitoring/*.json")],
    |context| context.monitoring_pods().next().is_some(),
);

/// Of these, the pods of the cluster's Prometheus. For rules that also read [`PLATFORM_PODS`].
pub const PROMETHEUS_PODS: Input = Input::documents(
    "prometheus_pods",
    &[Location::new("config/pod/openshift-monitoring/prometheus-k8s-*.json")],
    |context| context.prometheus_pods().next().is_some(),
);

impl<'a> Context<'a> {
    /// The documents of [`PLATFORM_PODS`].
    pub fn platform_pods(&self) -> &[Pod<'a>] {
        self.documents.platform_pods.get_or_init(|| parse_objects(self.files(&PLATFORM_PODS)))
    }

    /// The documents of [`MONITORING_PODS`].
    pub fn monitoring_pods(&self) -> impl Iterator<Item = &Pod<'a>> {
        self.platform_pods().iter().filter(|pod| &*pod.metadata.namespace == "openshift-monitoring")
    }

    /// The documents of [`PROMETHEUS_PODS`].
    pub fn prometheus_pods(&self) -> impl Iterator<Item = &Pod<'a>> {
        self.monitoring_pods().filter(|pod| pod.metadata.name.starts_with("prometheus-k8s-"))
    }
}

/// A `Pod`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod<'a> {
    /// Its name and namespace.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// What it was asked to be.
    pub spec: Object<Spec<'a>>,
    /// How it is.
    pub status: Object<Status<'a>>,
}

impl<'a> Pod<'a> {
    /// The pod's containers, those that initialise it first.
    pub fn containers(&self) -> impl Iterator<Item = &Container<'a>> {
        self.status.init_container_statuses.iter().chain(self.status.container_statuses.iter())
    }

    /// Returns when the pod was started, else when it was created; empty when the document has neither.
    pub fn started_at(&self) -> &str {
        let started = &*self.status.start_time;
        if started.is_empty() { &self.metadata.creation_timestamp } else { started }
    }

    /// Returns since when a container of the pod is not ready, else since when the pod runs.
    pub fn not_ready_since(&self) -> &str {
        let conditions = ["ContainersReady", "Ready", "Initialized"].iter();
        let mut unready = conditions.filter_map(|r#type| self.status.conditions.find_false(r#type));
        let since = unready.next().map_or("", |condition| &*condition.last_transition_time);
        if since.is_empty() { self.started_at() } else { since }
    }

    /// How much memory a container may use, as a [quantity](super::parse_quantity); empty when there is no limit.
    pub fn memory_limit(&self, container: &str) -> &str {
        let mut containers = self.spec.init_containers.iter().chain(self.spec.containers.iter());
        let wanted = containers.find(|candidate| &*candidate.name == container);
        wanted.map_or("", |container| &container.resources.limits.memory)
    }
}

/// The names of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its namespace.
    pub namespace: Text<'a>,
    /// Data of other components.
    pub annotations: Object<Annotations<'a>>,
    /// When it was created.
    pub creation_timestamp: Text<'a>,
    /// When its deletion was requested; empty otherwise.
    pub deletion_timestamp: Text<'a>,
}

/// The annotations of a pod that rules read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotations<'a> {
    /// The security context constraint that admitted it.
    #[serde(borrow, rename = "openshift.io/scc")]
    pub scc: Text<'a>,
}

/// What a pod was asked to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// What its containers may mount.
    #[serde(borrow)]
    pub volumes: List<Volume<'a>>,
    /// The containers that run.
    pub containers: List<ContainerSpec<'a>>,
    /// The containers that have to end before.
    pub init_containers: List<ContainerSpec<'a>>,
}

/// A volume of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// There when the volume goes with the pod.
    pub empty_dir: Option<Object<EmptyDir>>,
}

/// A volume that goes with its pod. What it may hold is of no interest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmptyDir {}

/// What a container was asked to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerSpec<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// What it may use.
    pub resources: Object<Resources<'a>>,
}

/// What a container may use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources<'a> {
    /// The most of it.
    #[serde(borrow)]
    pub limits: Object<Limits<'a>>,
}

/// The most that a container may use.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Limits<'a> {
    /// Memory, in bytes.
    #[serde(borrow)]
    pub memory: Text<'a>,
}

/// The state of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// The containers that run.
    #[serde(borrow)]
    pub container_statuses: List<Container<'a>>,
    /// The containers that have to end before.
    pub init_container_statuses: List<Container<'a>>,
    /// When the kubelet accepted the pod.
    pub start_time: Text<'a>,
    /// `Ready`, `ContainersReady` and others.
    pub conditions: Conditions<'a>,
}

/// The state of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The image that it was made of.
    pub image: Text<'a>,
    /// How often it was started again.
    pub restart_count: Int,
    /// What it does.
    pub state: Object<State<'a>>,
    /// What it did before it was started again.
    pub last_state: Object<State<'a>>,
}

/// What a container does: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State<'a> {
    /// It does not run yet.
    #[serde(borrow)]
    pub waiting: Object<Waiting<'a>>,
    /// It runs.
    pub running: Object<Running<'a>>,
    /// It has ended.
    pub terminated: Object<Terminated<'a>>,
}

/// Why a container does not run yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting<'a> {
    /// In one word, such as `CrashLoopBackOff`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// For humans.
    pub message: Text<'a>,
}

/// A run of a container that goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Running<'a> {
    /// When it was started.
    #[serde(borrow)]
    pub started_at: Text<'a>,
}

/// Why a container ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated<'a> {
    /// In one word, such as `OOMKilled`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// What its process returned.
    pub exit_code: Int,
    /// When it had been started.
    pub started_at: Text<'a>,
    /// When it ended.
    pub finished_at: Text<'a>,
}
