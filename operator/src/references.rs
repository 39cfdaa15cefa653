//! What a resource refers to: which objects, and what was found.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use kube::core::DynamicObject;

use crate::kind::{Availability, Kind};

/// The objects that a resource names, all in its own namespace unless they say another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Names of Secrets.
    pub secrets: BTreeSet<String>,
    /// Names of ConfigMaps.
    pub config_maps: BTreeSet<String>,
    /// The labels of ConfigMaps with rules.
    pub rule_config_maps: Option<LabelSelector>,
    /// The Kafka of Strimzi.
    pub strimzi: Option<StrimziName>,
}

/// Which Kafka of Strimzi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrimziName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What was found of [`Wanted`].
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

/// Which optional kinds the cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    served: BTreeSet<Kind>,
}

impl Capabilities {
    /// Those of `served`; kinds that every cluster serves need not be in it.
    pub fn new(served: impl IntoIterator<Item = Kind>) -> Self {
        Self { served: served.into_iter().collect() }
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
