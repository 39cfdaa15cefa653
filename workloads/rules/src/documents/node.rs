//! The machines of the cluster.

use serde::Deserialize;

use super::{Conditions, Map, Object, Text, lenient::parse_objects};
use crate::{Context, Input};

/// The cluster's machines.
pub const NODES: Input = Input::documents("nodes", &["config/node/*.json"], |context| !context.nodes().is_empty());

impl<'a> Context<'a> {
    /// The documents of [`NODES`].
    pub fn nodes(&self) -> &[Node<'a>] {
        self.documents.nodes.get_or_init(|| parse_objects(self.files(&NODES)))
    }
}

/// A `Node`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node<'a> {
    /// Its name and labels.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// How it is.
    pub status: Object<Status<'a>>,
}

/// What a node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs the control plane, and possibly work besides.
    ControlPlane,
    /// It only runs work.
    Worker,
}

impl Role {
    /// The name that recommendations use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "master",
            Self::Worker => "worker",
        }
    }
}

impl Node<'_> {
    /// What the node is for; the control plane counts more when it has both roles.
    pub fn role(&self) -> Role {
        let labels = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];
        let is_control_plane = labels.iter().any(|label| self.metadata.labels.get(label).is_some());
        if is_control_plane { Role::ControlPlane } else { Role::Worker }
    }
}

/// The name and labels of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metadata<'a> {
    /// The node's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its labels.
    pub labels: Map<'a>,
}

/// The state of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// What the machine has.
    #[serde(borrow)]
    pub capacity: Object<Capacity<'a>>,
    /// `Ready`, `DiskPressure` and others.
    pub conditions: Conditions<'a>,
}

/// What a machine has, as [quantities](super::parse_quantity).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Capacity<'a> {
    /// Processors.
    #[serde(borrow)]
    pub cpu: Text<'a>,
    /// Memory, in bytes.
    pub memory: Text<'a>,
}
