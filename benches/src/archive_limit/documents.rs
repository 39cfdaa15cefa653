//! Plain types of the documents that make up most of an archive, with the fields that the built-in rules
//! read: a field of another type than expected costs the whole document, which does not happen in a sample.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Object<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    pub(super) status: Status<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) name: &'a str,
    namespace: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) conditions: Vec<Condition<'a>>,
    versions: Vec<Version<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Condition<'a> {
    #[serde(borrow)]
    r#type: &'a str,
    status: &'a str,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    last_transition_time: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Version<'a> {
    #[serde(borrow)]
    name: &'a str,
    version: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Node<'a> {
    #[serde(borrow)]
    metadata: NodeMetadata<'a>,
    pub(super) spec: NodeSpec<'a>,
    pub(super) status: NodeStatus<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeMetadata<'a> {
    #[serde(borrow)]
    name: &'a str,
    labels: Roles<'a>,
    annotations: ConfigState<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Roles<'a> {
    #[serde(borrow, rename = "node-role.kubernetes.io/master")]
    master: Option<&'a str>,
    #[serde(rename = "node-role.kubernetes.io/control-plane")]
    control_plane: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConfigState<'a> {
    #[serde(borrow, rename = "machineconfiguration.openshift.io/currentConfig")]
    current: &'a str,
    #[serde(rename = "machineconfiguration.openshift.io/desiredConfig")]
    desired: &'a str,
    #[serde(rename = "machineconfiguration.openshift.io/state")]
    state: &'a str,
    #[serde(borrow, rename = "machineconfiguration.openshift.io/reason")]
    reason: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeSpec<'a> {
    #[serde(borrow)]
    pub(super) taints: Vec<Taint<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Taint<'a> {
    #[serde(borrow)]
    key: &'a str,
    value: &'a str,
    effect: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeStatus<'a> {
    #[serde(borrow)]
    capacity: Capacity<'a>,
    pub(super) conditions: Vec<Condition<'a>>,
    node_info: NodeInfo<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Capacity<'a> {
    #[serde(borrow)]
    cpu: &'a str,
    memory: &'a str,
    pods: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo<'a> {
    #[serde(borrow)]
    kubelet_version: &'a str,
    container_runtime_version: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Pod<'a> {
    #[serde(borrow)]
    metadata: PodMetadata<'a>,
    spec: PodSpec<'a>,
    pub(super) status: PodStatus<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodMetadata<'a> {
    #[serde(borrow)]
    name: &'a str,
    namespace: &'a str,
    annotations: PodAnnotations<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodAnnotations<'a> {
    #[serde(borrow, rename = "openshift.io/scc")]
    scc: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec<'a> {
    #[serde(borrow)]
    volumes: Vec<Volume<'a>>,
    containers: Vec<ContainerSpec<'a>>,
    init_containers: Vec<ContainerSpec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Volume<'a> {
    #[serde(borrow)]
    name: &'a str,
    empty_dir: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerSpec<'a> {
    #[serde(borrow)]
    name: &'a str,
    resources: Resources<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resources<'a> {
    #[serde(borrow)]
    limits: Limits<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Limits<'a> {
    #[serde(borrow)]
    memory: &'a str,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodStatus<'a> {
    #[serde(borrow)]
    pub(super) container_statuses: Vec<Container<'a>>,
    init_container_statuses: Vec<Container<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    name: &'a str,
    image: &'a str,
    pub(super) restart_count: usize,
    state: State<'a>,
    last_state: State<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct State<'a> {
    #[serde(borrow)]
    waiting: Option<Waiting<'a>>,
    terminated: Option<Terminated<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Waiting<'a> {
    #[serde(borrow)]
    reason: &'a str,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Terminated<'a> {
    #[serde(borrow)]
    reason: &'a str,
    exit_code: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Alert<'a> {
    #[serde(borrow)]
    labels: Labels<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Labels<'a> {
    #[serde(borrow)]
    alertname: &'a str,
}

impl Alert<'_> {
    pub(super) fn weight(&self) -> usize {
        self.labels.alertname.len()
    }
}

#[derive(Deserialize)]
pub(super) struct Events<'a> {
    #[serde(borrow)]
    pub(super) items: Vec<Event<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Event<'a> {
    reason: &'a str,
}

impl Event<'_> {
    pub(super) fn weight(&self) -> usize {
        self.reason.len()
    }
}
