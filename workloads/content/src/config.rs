//! What the names in `metadata.yaml` weigh.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Problem, yaml};

/// `config.yaml`: the names that a tree may use, and their weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    impact: BTreeMap<String, u8>,
    resolution_risk: BTreeMap<String, u8>,
    tags: Option<BTreeSet<String>>,
}

/// A name and what it weighs: 1 is low, 4 is critical, 0 is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rating {
    /// The name, as in `config.yaml`.
    pub name: String,
    /// The weight.
    pub level: u8,
}

impl Config {
    /// Parses a `config.yaml`. What else it configures is somebody else's business.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let raw = yaml::parse::<Option<RawConfig>>(file, text)?.unwrap_or_default();
        let tags = raw.tags.map(|groups| groups.into_values().flatten().flatten().collect());
        Ok(Self { impact: by_name(raw.impact), resolution_risk: by_name(raw.resolution_risk), tags })
    }

    /// How bad an impact of this name is. An unknown name weighs nothing.
    pub(crate) fn impact(&self, name: &str) -> Rating {
        rating(&self.impact, name)
    }

    /// How risky a resolution of this name is. An unknown name weighs nothing.
    pub(crate) fn resolution_risk(&self, name: &str) -> Rating {
        rating(&self.resolution_risk, name)
    }

    /// The tags that the tree may use; `None` when it doesn't say.
    pub fn tags(&self) -> Option<&BTreeSet<String>> {
        self.tags.as_ref()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawConfig {
    // The weight of a null name is that of the keys that have none.
    impact: BTreeMap<Option<String>, u8>,
    resolution_risk: BTreeMap<Option<String>, u8>,
    tags: Option<BTreeMap<String, Option<Vec<String>>>>,
}

fn by_name(weights: BTreeMap<Option<String>, u8>) -> BTreeMap<String, u8> {
    weights.into_iter().map(|(name, level)| (name.unwrap_or_default(), level)).collect()
}

fn rating(weights: &BTreeMap<String, u8>, name: &str) -> Rating {
    Rating { name: name.to_owned(), level: weights.get(name).copied().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse("config.yaml", text).unwrap()
    }

    #[test]
    fn an_unknown_name_weighs_nothing() {
        let config = config("impact: {Data Loss: 4}\nresolution_risk: {Pod Restart: 2}\n");
        assert_eq!(config.impact("Data Loss").level, 4);
        assert_eq!(config.impact("Data loss").level, 0);
        assert_eq!(config.resolution_risk("Pod Restart").level, 2);
        assert_eq!(config.resolution_risk("").level, 0);
    }

    #[test]
    fn the_null_name_is_the_default_of_keys_without_one() {
        assert_eq!(config("impact:\n  null: 1\n").impact("").level, 1);
    }

    #[test]
    fn foreign_settings_are_ignored() {
        let text =
            "python_module: acme\nplugin_fields: [node_id]\nmarkdown_fields: {generic: {mandatory: all}}\n";
        assert_eq!(config(text), Config::default());
    }

    #[test]
    fn the_tags_of_all_kinds_are_allowed() {
        let config = config("tags:\n  product: [openshift]\n  other:\n    - etcd\n  empty:\n");
        assert_eq!(config.tags(), Some(&["etcd".to_owned(), "openshift".to_owned()].into()));
        assert_eq!(Config::default().tags(), None);
    }
}
