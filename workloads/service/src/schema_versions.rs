//! The result of a migration, which `ccx migrate --result-file` writes and the operator reads.

use serde::{Deserialize, Serialize};

/// The versions of the database's schemas after a migration.
///
/// ```
/// use ccx_service::SchemaVersions;
///
/// let versions = SchemaVersions { public: 32, dvo: 4, postgresql: Some(17) };
/// assert_eq!(SchemaVersions::parse(&versions.to_json()), Some(versions));
/// assert_eq!(SchemaVersions::parse("error: no route to host"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersions {
    /// Version of the schema `dvo`, the tables of the workloads' recommendations.
    pub dvo: u16,
    /// Version of the schema `public`, the tables of the reports.
    pub public: u16,
    /// Major version of the PostgreSQL server; absent in the result of an older program.
    #[serde(default)]
    pub postgresql: Option<u16>,
}

impl SchemaVersions {
    /// Parses a result; `None` for any other text, such as that of an older program.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Formats the result as one line of JSON.
    pub fn to_json(self) -> String {
        let server = self.postgresql.map(|major| format!(",\"postgresql\":{major}")).unwrap_or_default();
        format!("{{\"dvo\":{},\"public\":{}{server}}}\n", self.dvo, self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_of_versions_with_other_members_ignores_these() {
        let expected = Some(SchemaVersions { public: 32, dvo: 4, postgresql: None });
        assert_eq!(SchemaVersions::parse("{\"dvo\":4,\"public\":32}\n"), expected);
        assert_eq!(SchemaVersions::parse("{\"dvo\":4,\"public\":32,\"other\":1}"), expected);
    }

    #[test]
    fn parse_of_other_text_is_none() {
        for text in ["", "error: no route to host", "{\"public\":32}", "{\"public\":-1,\"dvo\":4}"] {
            assert_eq!(SchemaVersions::parse(text), None, "{text}");
        }
    }
}
