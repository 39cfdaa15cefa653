//! Volumes and where they are mounted.

use k8s_openapi::{
    api::core::v1::{
        ConfigMapVolumeSource, EmptyDirVolumeSource, ImageVolumeSource, KeyToPath, PersistentVolumeClaimVolumeSource,
        SecretVolumeSource, Volume, VolumeMount,
    },
    apimachinery::pkg::api::resource::Quantity,
};

use crate::validated::{Mount, MountSource};

/// The volume of a mount.
pub(super) fn volume(mount: &Mount) -> Volume {
    let volume = Volume { name: mount.volume.clone(), ..Volume::default() };
    match &mount.source {
        MountSource::Secret { name, files } => {
            let secret =
                SecretVolumeSource { secret_name: Some(name.clone()), items: items(files), ..SecretVolumeSource::default() };
            Volume { secret: Some(secret), ..volume }
        }
        MountSource::ConfigMap { name, files } => {
            let config_map =
                ConfigMapVolumeSource { name: name.clone(), items: items(files), ..ConfigMapVolumeSource::default() };
            Volume { config_map: Some(config_map), ..volume }
        }
        MountSource::Claim { name } => {
            let claim = PersistentVolumeClaimVolumeSource { claim_name: name.clone(), read_only: Some(true) };
            Volume { persistent_volume_claim: Some(claim), ..volume }
        }
        MountSource::Image { reference, pull_policy } => {
            let image =
                ImageVolumeSource { reference: Some(reference.clone()), pull_policy: Some((*pull_policy).to_owned()) };
            Volume { image: Some(image), ..volume }
        }
    }
}

/// Where a container sees a mount.
pub(super) fn volume_mount(mount: &Mount) -> VolumeMount {
    VolumeMount {
        name: mount.volume.clone(),
        mount_path: mount.path.clone(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

/// An empty folder of at most this size, on disk.
pub(super) fn scratch(name: &str, size_limit: &str) -> Volume {
    let empty_dir = EmptyDirVolumeSource { size_limit: Some(Quantity(size_limit.to_owned())), medium: None };
    Volume { name: name.to_owned(), empty_dir: Some(empty_dir), ..Volume::default() }
}

/// An empty folder of at most this size, in memory.
pub(super) fn memory(name: &str, size_limit: &str) -> Volume {
    let empty_dir =
        EmptyDirVolumeSource { size_limit: Some(Quantity(size_limit.to_owned())), medium: Some("Memory".into()) };
    Volume { name: name.to_owned(), empty_dir: Some(empty_dir), ..Volume::default() }
}

/// Where a container may write.
pub(super) fn writable(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

fn items(files: &[(String, String)]) -> Option<Vec<KeyToPath>> {
    let item = |(key, path): &(String, String)| KeyToPath { key: key.clone(), path: path.clone(), mode: None };
    (!files.is_empty()).then(|| files.iter().map(item).collect())
}
