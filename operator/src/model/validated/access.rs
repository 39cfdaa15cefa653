//! How pods reach what they depend on.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::EnvVar;

use crate::model::{input::Input, input_digest::InputDigest, problem::Problem};

/// How a dependency is reached: its part of the configuration, and what pods need for it.
#[derive(Clone, Debug, Default)]
pub struct Access<C> {
    /// Its section of the configuration file.
    pub config: C,
    /// The files that the section names.
    pub mounts: Vec<Mount>,
    /// What the section can't say by a file.
    pub variables: Vec<EnvVar>,
    /// Fingerprints of what pods read at their start only.
    pub inputs: Inputs,
    /// The TCP ports on which it is reached.
    pub ports: BTreeSet<u16>,
    /// What it needs and does not exist.
    pub missing: Vec<Problem>,
    /// Certificates of authorities that no object of the user's has; the builder makes one.
    pub authorities: Option<String>,
}

/// Fingerprints by what they are of.
pub type Inputs = BTreeMap<Input, Vec<InputDigest>>;

/// A volume in a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// Where it is in the container.
    pub path: String,
    /// What is in it.
    pub source: MountSource,
}

/// What is in a volume.
#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    /// Keys of a Secret, each as a file.
    Secret {
        /// The Secret.
        name: String,
        /// Key and file.
        files: Vec<(String, String)>,
    },
    /// A ConfigMap: these keys, each as a file, or all when there are none.
    ConfigMap {
        /// The ConfigMap.
        name: String,
        /// Key and file.
        files: Vec<(String, String)>,
    },
    /// A volume that exists, read-only.
    Claim {
        /// The PersistentVolumeClaim.
        name: String,
    },
    /// The files of an image.
    Image {
        /// The image.
        reference: String,
        /// When it is pulled.
        pull_policy: &'static str,
    },
    /// Nothing at first; the container may write there, on disk.
    Scratch {
        /// Most bytes, as a quantity.
        size_limit: String,
    },
    /// Nothing at first; the container may write there, in its memory.
    Memory {
        /// Most bytes, as a quantity; without it the container's memory is the limit.
        size_limit: Option<String>,
    },
}
