//! The objects that a resource refers to.

mod names;
mod selector;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::core::{ApiResource, DynamicObject};
pub use names::{ReferencedNames, StrimziName, referenced_names};
pub(crate) use selector::selector_problem;

use crate::model::kind::{Availability, Kind};

/// The objects found for [`ReferencedNames`].
#[derive(Clone, Debug, Default)]
pub struct References {
    /// By name; `None` when it does not exist. Contents go into digests only, never into an object.
    pub secrets: BTreeMap<String, Option<Secret>>,
    /// By name; `None` when it does not exist.
    pub config_maps: BTreeMap<String, Option<ConfigMap>>,
    /// Sorted by name.
    pub rule_config_maps: Vec<ConfigMap>,
    /// The Kafka of Strimzi.
    pub strimzi: Strimzi,
    /// The kinds that the cluster serves.
    pub capabilities: Capabilities,
    /// The host that a controller has given to the exposure of the public API.
    pub public_host: Option<String>,
    /// Whether the volume of the managed database exists, which keeps the password that it was initialized
    /// with.
    pub database_volume: DatabaseVolume,
    /// Whether they were looked up.
    pub knowledge: Knowledge,
}

/// Whether the volume of the managed database exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseVolume {
    /// It does not.
    #[default]
    Absent,
    /// It does, with the data of an earlier installation or without.
    Present,
}

/// Whether the references of a resource were looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Knowledge {
    /// They were: an absent object does not exist.
    #[default]
    Complete,
    /// They were not: absent objects are assumed to exist, for rendering without a cluster.
    Partial,
}

/// The result of looking up a Kafka of Strimzi.
#[derive(Clone, Debug, Default)]
pub enum Strimzi {
    /// It was not looked up.
    #[default]
    NotWanted,
    /// The operator may not read it for resources of other namespaces.
    NotAllowed,
    /// The cluster has no Strimzi.
    NotServed,
    /// There is no Kafka of this name.
    Missing,
    /// It exists.
    Found(Box<DynamicObject>),
}

/// The platform of a cluster, and the optional kinds that it serves.
///
/// Children depend on it, so a failed discovery must not be taken for a cluster without extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    served: BTreeSet<Kind>,
    platform: Platform,
}

/// The platform, which determines the user of a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Pods name their user.
    #[default]
    Kubernetes,
    /// The cluster serves `security.openshift.io`: it assigns each namespace users of its own and refuses
    /// others.
    OpenShift,
}

/// The optional kinds and extensions that a cluster serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// The optional kinds of children.
    pub(crate) capabilities: Capabilities,
    /// The Kafka of Strimzi, which resources refer to, if Strimzi is installed.
    pub(crate) strimzi_kafka: Option<ApiResource>,
    /// Whether the console of OpenShift can have links.
    pub(crate) console_links: bool,
}

impl fmt::Display for Served {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.capabilities.served.iter().map(|kind| kind.name());
        let kafka = self.strimzi_kafka.iter().map(|kafka| kafka.kind.as_str());
        let links = self.console_links.then_some("ConsoleLink");
        let names: Vec<&str> = kinds.chain(kafka).chain(links).collect();
        formatter.write_str(self.capabilities.platform.name())?;
        if names.is_empty() { Ok(()) } else { write!(formatter, " with {}", names.join(", ")) }
    }
}

impl Platform {
    /// Returns the name.
    fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "Kubernetes",
            Self::OpenShift => "OpenShift",
        }
    }
}

impl References {
    /// Returns references that were not looked up, in a cluster with these `capabilities`.
    pub fn unknown(capabilities: Capabilities) -> Self {
        Self { capabilities, knowledge: Knowledge::Partial, ..Self::default() }
    }
}

impl Capabilities {
    /// Returns the capabilities of a cluster that serves the optional kinds `served`.
    pub fn new(served: impl IntoIterator<Item = Kind>) -> Self {
        Self { served: served.into_iter().collect(), platform: Platform::default() }
    }

    /// Sets the platform.
    #[must_use]
    pub fn on(self, platform: Platform) -> Self {
        Self { platform, ..self }
    }

    /// Returns the platform.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// Returns the capabilities of a cluster that serves every kind, for rendering without a cluster.
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
    fn served_kinds_are_listed_by_name() {
        let none = Served::default();
        let capabilities = Capabilities::new([Kind::Route]).on(Platform::OpenShift);
        let some = Served { capabilities, console_links: true, ..Served::default() };
        assert_eq!(
            [none, some].map(|it| it.to_string()),
            ["Kubernetes", "OpenShift with Route, ConsoleLink"]
        );
    }

    #[test]
    fn built_in_kind_is_always_served() {
        let capabilities = Capabilities::new([Kind::Route]);
        let served = [Kind::Secret, Kind::Route, Kind::HttpRoute].map(|kind| capabilities.serves(kind));
        assert_eq!(served, [true, true, false]);
    }
}
