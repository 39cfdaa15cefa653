//! Pods. Archives only have those of operators that are degraded, or that the gathering rules ask for.

use serde::Deserialize;

use super::{Int, List, Metadata, Object, Text, lenient::parse_objects};
use crate::{Context, Input};

/// The pods of the platform's own namespaces.
pub const PLATFORM_PODS: Input = Input::documents(
    "platform_pods",
    &["config/pod/openshift-*/*.json", "config/pod/kube-system/*.json", "conditional/namespaces/openshift-*/pods/*/*.json"],
    |context| !context.platform_pods().is_empty(),
);

impl<'a> Context<'a> {
    /// The documents of [`PLATFORM_PODS`].
    pub fn platform_pods(&self) -> &[Pod<'a>] {
        self.documents.platform_pods.get_or_init(|| parse_objects(self.files(&PLATFORM_PODS)))
    }
}

/// A `Pod`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod<'a> {
    /// Its name and namespace.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// How it is.
    pub status: Object<Status<'a>>,
}

impl<'a> Pod<'a> {
    /// The pod's containers, those that initialise it first.
    pub fn containers(&self) -> impl Iterator<Item = &Container<'a>> {
        self.status.init_container_statuses.iter().chain(self.status.container_statuses.iter())
    }
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
}

/// The state of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
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
}
