//! Volumes and volume mounts.

use k8s_openapi::{
    api::core::v1::{
        ConfigMapVolumeSource, EmptyDirVolumeSource, ImageVolumeSource, KeyToPath,
        PersistentVolumeClaimVolumeSource, SecretVolumeSource, Volume, VolumeMount,
    },
    apimachinery::pkg::api::resource::Quantity,
};

use crate::model::validated::{Mount, MountSource};

/// Returns the volume of a mount.
pub(super) fn volume(mount: &Mount) -> Volume {
    let volume = Volume { name: mount.volume.clone(), ..Volume::default() };
    match &mount.source {
        MountSource::Secret { name, files } => {
            let secret = SecretVolumeSource {
                secret_name: Some(name.clone()),
                items: items(files),
                ..SecretVolumeSource::default()
            };
            Volume { secret: Some(secret), ..volume }
        }
        MountSource::ConfigMap { name, files } => {
            let config_map = ConfigMapVolumeSource {
                name: name.clone(),
                items: items(files),
                ..ConfigMapVolumeSource::default()
            };
            Volume { config_map: Some(config_map), ..volume }
        }
        MountSource::Claim { name } => {
            let claim = PersistentVolumeClaimVolumeSource { claim_name: name.clone(), read_only: Some(true) };
            Volume { persistent_volume_claim: Some(claim), ..volume }
        }
        MountSource::Image { reference, pull_policy } => {
            let image = ImageVolumeSource {
                reference: Some(reference.clone()),
                pull_policy: Some((*pull_policy).to_owned()),
            };
            Volume { image: Some(image), ..volume }
        }
        MountSource::Scratch { size_limit } => {
            Volume { empty_dir: Some(empty(Some(size_limit), None)), ..volume }
        }
        MountSource::Memory { size_limit } => {
            Volume { empty_dir: Some(empty(size_limit.as_ref(), Some("Memory"))), ..volume }
        }
    }
}

/// Returns the volume mount of a container. Only empty directories are writable.
pub(super) fn volume_mount(mount: &Mount) -> VolumeMount {
    let is_writable = matches!(mount.source, MountSource::Scratch { .. } | MountSource::Memory { .. });
    VolumeMount {
        name: mount.volume.clone(),
        mount_path: mount.path.clone(),
        read_only: (!is_writable).then_some(true),
        ..VolumeMount::default()
    }
}

fn empty(size_limit: Option<&String>, medium: Option<&str>) -> EmptyDirVolumeSource {
    EmptyDirVolumeSource { size_limit: size_limit.cloned().map(Quantity), medium: medium.map(str::to_owned) }
}

fn items(files: &[(String, String)]) -> Option<Vec<KeyToPath>> {
    let item =
        |(key, path): &(String, String)| KeyToPath { key: key.clone(), path: path.clone(), mode: None };
    (!files.is_empty()).then(|| files.iter().map(item).collect())
}
