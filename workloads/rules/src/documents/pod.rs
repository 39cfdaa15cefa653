//! Pods. Archives only have those of degraded operators and those that conditional gathering rules request.

use serde::Deserialize;

use super::{Conditions, Int, List, Object, Text, lenient::parse_named_objects};
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
    /// Returns the documents of [`PLATFORM_PODS`].
    pub fn platform_pods(&self) -> &[Pod<'a>] {
        let parse = || {
            parse_named_objects(self.files(&PLATFORM_PODS), |pod: &Pod<'_>| {
                (&pod.metadata.namespace, &pod.metadata.name)
            })
        };
        self.documents.platform_pods.get_or_init(parse)
    }

    /// Returns the documents of [`MONITORING_PODS`].
    pub fn monitoring_pods(&self) -> impl Iterator<Item = &Pod<'a>> {
        self.platform_pods().iter().filter(|pod| &*pod.metadata.namespace == "openshift-monitoring")
    }

    /// Returns the documents of [`PROMETHEUS_PODS`].
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
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    /// The observed state.
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

    /// Returns the memory limit of a container, as a [quantity](super::parse_quantity); empty when there is
    /// no limit.
    pub fn memory_limit(&self, container: &str) -> &str {
        let mut containers = self.spec.init_containers.iter().chain(self.spec.containers.iter());
        let wanted = containers.find(|candidate| &*candidate.name == container);
        wanted.map_or("", |container| &container.resources.limits.memory)
    }
}

/// The metadata of a pod.
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

/// The desired state of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The volumes that its containers may mount.
    #[serde(borrow)]
    pub volumes: List<Volume<'a>>,
    /// The containers.
    pub containers: List<ContainerSpec<'a>>,
    /// The init containers.
    pub init_containers: List<ContainerSpec<'a>>,
}

/// A volume of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Volume<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Set when the volume is deleted with the pod.
    pub empty_dir: Option<Object<EmptyDir>>,
}

/// A volume that is deleted with its pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmptyDir {}

/// The desired state of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContainerSpec<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The limits of its resources.
    pub resources: Object<Resources<'a>>,
}

/// The resources of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources<'a> {
    /// The limits.
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
    /// The containers.
    #[serde(borrow)]
    pub container_statuses: List<Container<'a>>,
    /// The init containers.
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
    /// Its image.
    pub image: Text<'a>,
    /// The number of restarts.
    pub restart_count: Int,
    /// The current state.
    pub state: Object<State<'a>>,
    /// The state before the last restart.
    pub last_state: Object<State<'a>>,
}

/// The state of a container: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State<'a> {
    /// Set while it waits to run.
    #[serde(borrow)]
    pub waiting: Object<Waiting<'a>>,
    /// It runs.
    pub running: Object<Running<'a>>,
    /// Set when it has terminated.
    pub terminated: Object<Terminated<'a>>,
}

/// A container that does not run yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting<'a> {
    /// The reason, as one word, such as `CrashLoopBackOff`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// The message.
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

/// A container that has terminated.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated<'a> {
    /// The reason, as one word, such as `OOMKilled`.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// The exit code of its process.
    pub exit_code: Int,
    /// When it had been started.
    pub started_at: Text<'a>,
    /// When it ended.
    pub finished_at: Text<'a>,
}
