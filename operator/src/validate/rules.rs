//! `spec.dataPipeline.rules`: built-in rules, and rules of users.
//!
//! The data of their ConfigMaps is not part of the digest of pods: pipeline and aggregator reload rules while
//! they run.

use std::path::{Path, PathBuf};

use ccx_config as config;
use ccx_crds::{BuiltInRules, RuleContent, RuleImage, RuleSources, RuleVolume};
use kube::ResourceExt as _;

use crate::{
    model::{
        mount_paths,
        reason::Reason,
        references::{References, selector_problem},
        validated::{Mount, MountSource, Rules},
    },
    validate::{problems::Problems, source},
};

/// Returns the rules and the volumes of those of users.
pub(super) fn rules(sources: &RuleSources, references: &References, problems: &mut Problems) -> Rules {
    const FIELD: &str = "spec.dataPipeline.rules.configMapRefs";
    let before = problems.count();
    let mut mounts: Vec<Mount> = Vec::new();
    let mut add = |name: &str| {
        if mounts.iter().all(|mount| mount.source != config_map_source(name)) {
            mounts.push(mount(&format!("rules-{}", mounts.len()), config_map_source(name)));
        }
    };
    if let Some(problem) = sources.config_map_selector.as_ref().and_then(selector_problem) {
        let message = format!("spec.dataPipeline.rules.configMapSelector is not valid: {problem}");
        problems.push(Reason::InvalidSpec, message);
    }
    for reference in &sources.config_map_refs {
        source::require_config_map(FIELD, &reference.name, references, problems);
        add(&reference.name);
    }
    references.rule_config_maps.iter().for_each(|config_map| add(&config_map.name_any()));
    let mut directories: Vec<_> = mounts.iter().map(|mount| Path::new(&mount.path).to_owned()).collect();
    let volume = sources.volume_claim.as_ref().map(|volume| (claim_mount(volume), &volume.path));
    let image = sources.image.as_ref().map(|image| (image_mount(image), &image.path));
    for (mount, inner) in volume.into_iter().chain(image) {
        directories.push(Path::new(&mount.path).join(inner));
        mounts.push(mount);
    }
    let content = content(&sources.content, references, problems);
    let content_directories = content.iter().map(|(_, directory)| directory.clone()).collect();
    mounts.extend(content.into_iter().map(|(mount, _)| mount));
    let config = config::Rules {
        content_directories,
        builtin: sources.built_in == BuiltInRules::Enabled,
        directories,
        disabled: sources.disabled_rules.clone(),
        ..config::Rules::default()
    };
    Rules { config, mounts, missing: problems.missing_after(before) }
}

/// Returns the volumes with content trees, and the directory of each tree.
fn content(content: &RuleContent, references: &References, problems: &mut Problems) -> Vec<(Mount, PathBuf)> {
    const FIELD: &str = "spec.dataPipeline.rules.content.configMapRefs";
    let mut trees = Vec::new();
    for (number, reference) in content.config_map_refs.iter().enumerate() {
        let mut files = Vec::new();
        for file in &reference.items {
            let key = Some(file.key.as_str());
            source::config_map_fingerprint(FIELD, &reference.name, key, references, problems);
            files.push((file.key.clone(), file.path.clone()));
        }
        let source = MountSource::ConfigMap { name: reference.name.clone(), files };
        trees.push((mount(&format!("content-{number}"), source), "."));
    }
    let claim = content.volume_claim.as_ref().map(|volume| {
        (
            mount("content-volume", MountSource::Claim { name: volume.claim_name.clone() }),
            volume.path.as_str(),
        )
    });
    let image = content
        .image
        .as_ref()
        .map(|image| (mount("content-image", image_source(image)), image.path.as_str()));
    trees.extend(claim.into_iter().chain(image));
    let directory = |(mount, inner): (Mount, &str)| {
        let root = PathBuf::from(&mount.path);
        let directory = if inner == "." { root } else { root.join(inner) };
        (mount, directory)
    };
    trees.into_iter().map(directory).collect()
}

fn config_map_source(name: &str) -> MountSource {
    MountSource::ConfigMap { name: name.to_owned(), files: Vec::new() }
}

fn claim_mount(volume: &RuleVolume) -> Mount {
    mount("rules-volume", MountSource::Claim { name: volume.claim_name.clone() })
}

fn image_mount(image: &RuleImage) -> Mount {
    mount("rules-image", image_source(image))
}

fn image_source(image: &RuleImage) -> MountSource {
    MountSource::Image { reference: image.reference.clone(), pull_policy: image.pull_policy.as_str() }
}

fn mount(volume: &str, source: MountSource) -> Mount {
    Mount { volume: volume.to_owned(), path: mount_paths::folder(volume), source }
}
