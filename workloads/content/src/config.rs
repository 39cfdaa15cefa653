//! The levels of the names in `metadata.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Problem, yaml};

/// The `config.yaml` of a tree: the names that its metadata may use, and their levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    impact: BTreeMap<String, u8>,
    resolution_risk: BTreeMap<String, u8>,
    tags: Option<BTreeSet<String>>,
}

/// A name and its level: 1 is low, 4 is critical, 0 is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rating {
    /// The name, as in `config.yaml`.
    pub name: String,
    /// The level.
    pub level: u8,
}

impl Config {
    /// Parses a `config.yaml`. Keys for other programs are ignored.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let raw = yaml::parse::<Option<RawConfig>>(file, text)?.unwrap_or_default();
        let tags = raw.tags.map(|groups| groups.into_values().flatten().flatten().collect());
        Ok(Self { impact: by_name(raw.impact), resolution_risk: by_name(raw.resolution_risk), tags })
    }

    /// Returns the rating of an impact; an unknown name has level 0.
    pub(crate) fn impact(&self, name: &str) -> Rating {
        rating(&self.impact, name)
    }

    /// Returns the rating of a resolution risk; an unknown name has level 0.
    pub(crate) fn resolution_risk(&self, name: &str) -> Rating {
        rating(&self.resolution_risk, name)
    }

    /// Returns the tags that the tree may use; `None` when they are not restricted.
    pub fn tags(&self) -> Option<&BTreeSet<String>> {
        self.tags.as_ref()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawConfig {
    // The level of a null name applies to keys without a name.
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
    fn rating_of_unknown_name_has_level_zero() {
        let config = config("impact: {Data Loss: 4}\nresolution_risk: {Pod Restart: 2}\n");
        assert_eq!(config.impact("Data Loss").level, 4);
        assert_eq!(config.impact("Data loss").level, 0);
        assert_eq!(config.resolution_risk("Pod Restart").level, 2);
        assert_eq!(config.resolution_risk("").level, 0);
    }

    #[test]
    fn rating_of_absent_name_is_that_of_null() {
        assert_eq!(config("impact:\n  null: 1\n").impact("").level, 1);
    }

    #[test]
    fn parse_ignores_other_keys() {
        let text =
            "python_module: acme\nplugin_fields: [node_id]\nmarkdown_fields: {generic: {mandatory: all}}\n";
        assert_eq!(config(text), Config::default());
    }

    #[test]
    fn tags_of_all_kinds_are_allowed() {
        let config = config("tags:\n  product: [openshift]\n  other:\n    - etcd\n  empty:\n");
        assert_eq!(config.tags(), Some(&["etcd".to_owned(), "openshift".to_owned()].into()));
        assert_eq!(Config::default().tags(), None);
    }
}
