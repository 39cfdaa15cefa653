//! What the cluster was installed as.

use crate::{Context, Input};

/// The file that the cluster was installed with, in YAML.
pub const INSTALL_CONFIG: Input =
    Input::text("install_config", &["config/configmaps/kube-system/cluster-config-v1/install-config"]);

impl Context<'_> {
    /// How many nodes of the control plane the cluster was installed with; `None` when [`INSTALL_CONFIG`] does not say.
    pub fn installed_control_plane_nodes(&self) -> Option<u32> {
        let file = self.files(&INSTALL_CONFIG).first()?;
        control_plane_replicas(std::str::from_utf8(file.content).ok()?)
    }
}

/// The value of `controlPlane.replicas`.
///
/// The installer writes plain block style, so this reads a block, or a mapping in braces on one line, and no more of YAML.
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
    fn the_replicas_of_the_control_plane_are_read_and_not_those_of_workers() {
        let block = "compute:\n- name: worker\n  replicas: 5\ncontrolPlane:\n  name: master\n  replicas: 3\nmetadata:\n";
        assert_eq!(control_plane_replicas(block), Some(3));
        assert_eq!(control_plane_replicas("controlPlane: {name: master, replicas: 1}\n"), Some(1));
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        for yaml in [
            "",
            "controlPlane:\n  name: master\ncompute:\n  replicas: 3\n",
            "controlPlane:\n  replicas: many\n",
        ] {
            assert_eq!(control_plane_replicas(yaml), None, "{yaml}");
        }
    }
}
