//! The configuration of cluster monitoring.

use serde::Deserialize;

use super::{Object, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the cluster's monitoring: JSON, or in some archives the YAML that the administrator
/// wrote.
pub const MONITORING_CONFIG: Input = Input::documents(
    "monitoring_config",
    &[
        Location::new("config/configmaps/openshift-monitoring/cluster-monitoring-config/config.json")
            .since(4, 6),
        Location::new("config/configmaps/openshift-monitoring/cluster-monitoring-config/config.yaml")
            .since(4, 6),
    ],
    |context| context.monitoring_config().is_some(),
);

impl Context<'_> {
    /// Returns the configuration in [`MONITORING_CONFIG`].
    pub fn monitoring_config(&self) -> Option<MonitoringConfig> {
        let read = || {
            self.files(&MONITORING_CONFIG).iter().find_map(|file| {
                parse_object(file).as_ref().map(from_json).or_else(|| from_yaml(file.content))
            })
        };
        *self.documents.monitoring_config.get_or_init(read)
    }
}

/// The configuration of the cluster's monitoring, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitoringConfig {
    /// The storage of Prometheus.
    pub prometheus_storage: Storage,
}

/// A kind of storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Volumes that outlive the pod.
    Persistent,
    /// A directory that goes with the pod.
    Ephemeral,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    prometheus_k8s: Object<Prometheus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Prometheus {
    volume_claim_template: Option<Object<Template>>,
}

/// Only its presence counts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Template {}

fn from_json(document: &Document) -> MonitoringConfig {
    config(document.prometheus_k8s.volume_claim_template.is_some())
}

/// Looks for the template below `prometheusK8s`, in a text where sections are told by how far their lines are
/// indented.
fn from_yaml(content: &[u8]) -> Option<MonitoringConfig> {
    let text = std::str::from_utf8(content).ok()?;
    let is_section_start =
        |line: &&str| line.starts_with(|first: char| !first.is_whitespace() && first != '#');
    text.lines().find(is_section_start).filter(|line| line.contains(':'))?;
    let mut lines = text.lines().skip_while(|line| !line.starts_with("prometheusK8s:"));
    let first = lines.next().unwrap_or_default();
    let mut section = std::iter::once(first).chain(lines.take_while(|line| !is_section_start(line)));
    Some(config(
        section.any(|line| line.contains("volumeClaimTemplate:") && !line.trim_start().starts_with('#')),
    ))
}

fn config(has_template: bool) -> MonitoringConfig {
    MonitoringConfig {
        prometheus_storage: if has_template { Storage::Persistent } else { Storage::Ephemeral },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(yaml: &str) -> Option<Storage> {
        from_yaml(yaml.as_bytes()).map(|config| config.prometheus_storage)
    }

    #[test]
    fn volume_claim_template_of_prometheus_alone_is_persistent_storage() {
        let with = |section: &str| {
            format!(
                "# ours\nenableUserWorkload: true\n{section}:\n  retention: 7d\n  volumeClaimTemplate:\n    spec: {{}}\n"
            )
        };
        assert_eq!(storage(&with("prometheusK8s")), Some(Storage::Persistent));
        assert_eq!(storage(&with("alertmanagerMain")), Some(Storage::Ephemeral));
        assert_eq!(
            storage("prometheusK8s:\n  # volumeClaimTemplate:\n  retention: 7d\ngrafana: {}\n"),
            Some(Storage::Ephemeral)
        );
    }

    #[test]
    fn text_without_sections_is_not_a_configuration() {
        for text in ["", "null", "[]", "\u{fffd}", "  x: y"] {
            assert_eq!(storage(text), None, "{text}");
        }
        assert!(from_yaml(&[0xff, b':']).is_none());
    }
}
