//! The categories that a user filters by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Problem, yaml};

/// A category of the user interface: its findings are those that have one of the tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What the category is called. The file calls it `name`, the interface `title`.
    #[serde(rename(deserialize = "name"))]
    pub title: String,
    /// What is in it.
    #[serde(default)]
    pub description: String,
    /// The tags of its findings.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Group {
    /// The groups of a `groups_config.yaml`, by their keys in it.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Self>, Problem> {
        let groups: Option<BTreeMap<String, Self>> = yaml::parse(file, text)?;
        Ok(groups.unwrap_or_default().into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_listed_by_their_keys() {
        let text = "b: {name: B, description: second, tags: [x, y]}\na: {name: A}\n";
        let groups = Group::parse("groups_config.yaml", text).unwrap();
        assert_eq!(
            serde_json::to_string(&groups[1]).unwrap(),
            r#"{"title":"B","description":"second","tags":["x","y"]}"#
        );
        assert_eq!(groups[0].title, "A");
    }

    #[test]
    fn no_group_is_no_error() {
        assert_eq!(Group::parse("groups_config.yaml", "# none\n"), Ok(Vec::new()));
    }
}
