//! The connections of pods to their dependencies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use k8s_openapi::api::core::v1::EnvVar;

use crate::model::{input::Input, input_digest::InputDigest, problem::Problem};

/// The connection to a dependency: its section of the configuration, and what pods need for it.
#[derive(Clone, Debug, Default)]
pub struct Access<C> {
    /// Its section of the configuration file.
    pub config: C,
    /// The files that the section names.
    pub mounts: Vec<Mount>,
    /// Settings that the section can't read from a file.
    pub variables: Vec<EnvVar>,
    /// Digests of the inputs that pods read at their start only.
    pub inputs: Inputs,
    /// The TCP ports of the dependency.
    pub ports: BTreeSet<u16>,
    /// Missing references.
    pub missing: Vec<Problem>,
    /// CA certificates that no object of the user has; the builder creates a ConfigMap.
    pub authorities: Option<String>,
}

/// Digests by input.
pub type Inputs = BTreeMap<Input, Vec<InputDigest>>;

/// A volume in a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The name of the volume.
    pub volume: String,
    /// Its mount path.
    pub path: String,
    /// Its source.
    pub source: MountSource,
}

/// The source of a volume.
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
    /// An existing volume, read-only.
    Claim {
        /// The PersistentVolumeClaim.
        name: String,
    },
    /// The files of an image.
    Image {
        /// The image.
        reference: String,
        /// The pull policy.
        pull_policy: &'static str,
    },
    /// An empty directory on disk.
    Scratch {
        /// The size limit, a quantity.
        size_limit: String,
    },
    /// An empty directory in memory.
    Memory {
        /// The size limit, a quantity; without it the memory limit of the container applies.
        size_limit: Option<String>,
    },
}

impl fmt::Display for MountSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { name, .. } => write!(f, "Secret {name}"),
            Self::ConfigMap { name, .. } => write!(f, "ConfigMap {name}"),
            Self::Claim { name } => write!(f, "PersistentVolumeClaim {name}"),
            Self::Image { reference, .. } => write!(f, "image {reference}"),
            Self::Scratch { .. } | Self::Memory { .. } => f.write_str("temporary storage"),
        }
    }
}
