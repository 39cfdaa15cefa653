//! What the pods of a component are like, and how many there are.

use std::{collections::BTreeSet, time::Duration};

use ccx_crds::PodTemplate;
use k8s_openapi::api::core::v1::ResourceRequirements;

/// An image, and how it is pulled.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its name.
    pub reference: String,
    /// When it is pulled.
    pub pull_policy: &'static str,
    /// Secrets of the registries.
    pub pull_secrets: BTreeSet<String>,
}

/// The pods of a component.
#[derive(Clone, Debug)]
pub struct Pods {
    /// The image.
    pub image: Image,
    /// What the main container may use.
    pub resources: ResourceRequirements,
    /// What else the user wants.
    pub template: PodTemplate,
    /// How many there are.
    pub scaling: Scaling,
    /// How long the process is given to finish what it does.
    pub shutdown_timeout: Duration,
}

/// How many pods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// So many.
    Fixed(u32),
    /// As CPU use says.
    Cpu {
        /// Fewest and most.
        bounds: Bounds,
        /// Percent of the request that is aimed at.
        target_percent: u32,
    },
    /// As the waiting announcements say, by KEDA.
    KafkaLag {
        /// Fewest and most.
        bounds: Bounds,
        /// Waiting announcements for each pod that are aimed at.
        target_lag: u32,
    },
}

/// Fewest and most pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Fewest.
    pub min: u32,
    /// Most; not fewer than `min`.
    pub max: u32,
}
