//! `spec.dataPipeline.rules`: rules that users wrote.

use ccx_crds::{RuleImage, RuleSources, RuleVolume};
use kube::ResourceExt as _;

use super::{problem::Problems, source};
use crate::{
    mounted,
    references::References,
    restart::Input,
    validated::{Mount, MountSource, Rules},
};

/// Where the rules are, and fingerprints of those in ConfigMaps.
pub(super) fn rules(sources: &RuleSources, references: &References, problems: &mut Problems) -> Rules {
    const FIELD: &str = "spec.dataPipeline.rules.configMapRefs";
    let mut rules = Rules::default();
    let mut add = |name: &str, fingerprint: String| {
        if rules.mounts.iter().all(|mount| mount.source != of_config_map(name)) {
            rules.mounts.push(mount(&format!("rules-{}", rules.mounts.len()), of_config_map(name)));
            rules.inputs.entry(Input::Rules).or_default().push(fingerprint);
        }
    };
    for reference in &sources.config_map_refs {
        let fingerprint = source::config_map_fingerprint(FIELD, &reference.name, None, references, problems);
        add(&reference.name, fingerprint);
    }
    for config_map in &references.rule_config_maps {
        add(&config_map.name_any(), source::data_fingerprint(config_map, None));
    }
    rules.mounts.extend(sources.volume_claim.as_ref().map(of_claim));
    rules.mounts.extend(sources.image.as_ref().map(of_image));
    rules
}

fn of_config_map(name: &str) -> MountSource {
    MountSource::ConfigMap { name: name.to_owned(), files: Vec::new() }
}

fn of_claim(volume: &RuleVolume) -> Mount {
    mount("rules-volume", MountSource::Claim { name: volume.claim_name.clone() })
}

fn of_image(image: &RuleImage) -> Mount {
    let source = MountSource::Image { reference: image.reference.clone(), pull_policy: image.pull_policy.as_str() };
    mount("rules-image", source)
}

fn mount(volume: &str, source: MountSource) -> Mount {
    Mount { volume: volume.to_owned(), path: mounted::folder(volume), source }
}
