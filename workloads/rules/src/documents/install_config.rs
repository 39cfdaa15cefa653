//! The installation configuration of the cluster.

use serde::Deserialize;

use super::{Map, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration that the cluster was installed with, in YAML; in older archives inside of the ConfigMap
/// that has it.
pub const INSTALL_CONFIG: Input = Input::text(
    "install_config",
    &[
        Location::new("config/configmaps/kube-system/cluster-config-v1/install-config").since(4, 13),
        Location::new("config/configmaps/kube-system/cluster-config-v1.json").since(4, 9).until(4, 12),
    ],
);

impl Context<'_> {
    /// Returns how many control plane nodes the cluster was installed with; `None` when [`INSTALL_CONFIG`]
    /// does not say.
    pub fn installed_control_plane_nodes(&self) -> Option<u32> {
        let file = self.files(&INSTALL_CONFIG).last()?;
        match parse_object::<ConfigMap<'_>>(file) {
            Some(config_map) => control_plane_replicas(config_map.data.get("install-config")?),
            None => control_plane_replicas(std::str::from_utf8(file.content).ok()?),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfigMap<'a> {
    #[serde(borrow)]
    data: Map<'a>,
}

/// Returns the value of `controlPlane.replicas`.
///
/// The installer writes plain block style, so this reads a block, or a mapping in braces on one line, and no
/// more of YAML.
fn control_plane_replicas(yaml: &str) -> Option<u32> {
    let (inline, below) = yaml.lines().enumerate().find_map(|(number, line)| {
        let rest = line.strip_prefix("controlPlane:")?;
        Some((rest, yaml.lines().skip(number + 1)))
    })?;
    let block = below.take_while(|line| line.is_empty() || line.starts_with(' '));
    let fields = inline.split(['{', ',', '}']).chain(block);
    let mut replicas = fields.filter_map(|field| field.trim().strip_prefix("replicas:"));
    replicas.next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_of_the_control_plane_are_parsed_and_not_those_of_workers() {
        let block = "compute:\n- name: worker\n  replicas: 5\ncontrolPlane:\n  name: master\n  replicas: 3\nmetadata:\n";
        assert_eq!(control_plane_replicas(block), Some(3));
        assert_eq!(control_plane_replicas("controlPlane: {name: master, replicas: 1}\n"), Some(1));
    }

    #[test]
    fn install_config_without_replicas_gives_none() {
        for yaml in [
            "",
            "controlPlane:\n  name: master\ncompute:\n  replicas: 3\n",
            "controlPlane:\n  replicas: many\n",
        ] {
            assert_eq!(control_plane_replicas(yaml), None, "{yaml}");
        }
    }
}
