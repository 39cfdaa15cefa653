//! What a resource refers to: which objects, and what was found.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::core::{ApiResource, DynamicObject};
pub use names::{ReferencedNames, StrimziName, referenced_names};

use crate::model::kind::{Availability, Kind};

/// What was found of [`ReferencedNames`].
#[derive(Clone, Debug, Default)]
pub struct References {
    /// By name; none when it does not exist. Contents go into hashes only, never into an object.
    pub secrets: BTreeMap<String, Option<Secret>>,
    /// By name; none when it does not exist.
    pub config_maps: BTreeMap<String, Option<ConfigMap>>,
    /// In the order of their names.
    pub rule_config_maps: Vec<ConfigMap>,
    /// The Kafka of Strimzi.
    pub strimzi: Strimzi,
    /// What the cluster serves.
    pub capabilities: Capabilities,
    /// Whether the cluster was asked.
    pub knowledge: Knowledge,
}

/// Whether the cluster was asked for what a resource refers to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Knowledge {
    /// It was: what is absent is missing.
    #[default]
    Complete,
    /// It wasn't: what is absent is taken to be as it should, for rendering without a cluster.
    Partial,
}

/// What was found of a Kafka of Strimzi.
#[derive(Clone, Debug, Default)]
pub enum Strimzi {
    /// Nobody asked.
    #[default]
    NotWanted,
    /// The cluster has no Strimzi.
    NotServed,
    /// There is no Kafka of this name.
    Missing,
    /// Here it is.
    Found(Box<DynamicObject>),
}

/// What the cluster is and which optional kinds it serves.
///
/// Pods depend on it, so that a discovery that failed must not be taken for a cluster without extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    served: BTreeSet<Kind>,
    platform: Platform,
}

/// Who decides as which user a pod runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// The pod: it names a user.
    #[default]
    Kubernetes,
    /// The cluster, which serves the group `security.openshift.io`: it gives each namespace users of its own and refuses others.
    OpenShift,
}

/// What a cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The optional kinds of children.
    pub(crate) capabilities: Capabilities,
    /// The Kafka of Strimzi, which resources refer to, if Strimzi is installed.
    pub(crate) strimzi_kafka: Option<ApiResource>,
}

impl References {
    /// Nothing was looked up; the cluster is taken to have these `capabilities`.
    pub fn unknown(capabilities: Capabilities) -> Self {
        Self { capabilities, knowledge: Knowledge::Partial, ..Self::default() }
    }
}

impl Capabilities {
    /// Those of `served`; kinds that every cluster serves need not be in it.
    pub fn new(served: impl IntoIterator<Item = Kind>) -> Self {
        Self { served: served.into_iter().collect(), platform: Platform::default() }
    }

    /// The same on a `platform`.
    #[must_use]
    pub fn on(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    /// Who decides as which user a pod runs.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// Every kind: for rendering without a cluster.
    pub fn all() -> Self {
        Self::new(Kind::ALL)
    }

    /// Whether objects of this kind can be applied.
    pub fn serves(&self, kind: Kind) -> bool {
        kind.availability() == Availability::Always || self.served.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_cluster_has_is_served_without_being_named() {
        let capabilities = Capabilities::new([Kind::Route]);
        let served = [Kind::Secret, Kind::Route, Kind::HttpRoute].map(|kind| capabilities.serves(kind));
        assert_eq!(served, [true, true, false]);
    }
}
