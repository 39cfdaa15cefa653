//! The categories that users filter by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Problem, yaml};

/// A category of the user interface: the findings that have one of its tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The display name: `name` in the file, `title` in the interface.
    #[serde(rename(deserialize = "name"))]
    pub title: String,
    /// A description for users.
    #[serde(default)]
    pub description: String,
    /// The tags of its findings.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Group {
    /// Parses a `groups_config.yaml`; the groups are ordered by their keys.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Vec<Self>, Problem> {
        let groups: Option<BTreeMap<String, Self>> = yaml::parse(file, text)?;
        Ok(groups.unwrap_or_default().into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_orders_groups_by_key() {
        let text = "b: {name: B, description: second, tags: [x, y]}\na: {name: A}\n";
        let groups = Group::parse("groups_config.yaml", text).unwrap();
        assert_eq!(
            serde_json::to_string(&groups[1]).unwrap(),
            r#"{"title":"B","description":"second","tags":["x","y"]}"#
        );
        assert_eq!(groups[0].title, "A");
    }

    #[test]
    fn parse_of_empty_file_has_no_groups() {
        assert_eq!(Group::parse("groups_config.yaml", "# none\n"), Ok(Vec::new()));
    }
}
