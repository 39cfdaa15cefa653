//! The pods of a component and their number.

use std::{collections::BTreeSet, time::Duration};

use ccx_crds::PodTemplate;
use k8s_openapi::api::core::v1::ResourceRequirements;

use super::access::Inputs;
use crate::model::problem::Problem;

/// An image and its pull settings.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its reference.
    pub reference: String,
    /// The pull policy.
    pub pull_policy: &'static str,
    /// The pull secrets of the registries.
    pub pull_secrets: BTreeSet<String>,
}

/// The pods of a component.
#[derive(Clone, Debug)]
pub struct Pods {
    /// The image.
    pub image: Image,
    /// Requests and limits of the main container.
    pub resources: ResourceRequirements,
    /// The overrides of the user.
    pub template: PodTemplate,
    /// Their number.
    pub scaling: Scaling,
    /// Digests of the objects that their variables refer to, and of their cloud identity.
    pub inputs: Inputs,
    /// Missing objects that their variables refer to.
    pub missing: Vec<Problem>,
    /// The time that the process has to finish its work.
    pub shutdown_timeout: Duration,
}

/// The number of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// A fixed number.
    Fixed(u32),
    /// Scaled by CPU utilization.
    Cpu {
        /// The limits.
        bounds: Bounds,
        /// The target, in percent of the request.
        target_percent: u32,
    },
    /// Scaled by consumer lag, with KEDA.
    KafkaLag {
        /// The limits.
        bounds: Bounds,
        /// The target lag per pod, in announcements.
        target_lag: u32,
    },
}

/// The limits of the number of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The minimum.
    pub min: u32,
    /// The maximum; at least `min`.
    pub max: u32,
}
