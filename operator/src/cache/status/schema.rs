//! What a migration says at its end.

use serde::Deserialize;

/// The versions that a migration has brought the database to, as `ccx migrate --result-file` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct SchemaVersions {
    /// The tables of the reports.
    pub(crate) public: u16,
    /// The tables of the workloads' recommendations.
    pub(crate) dvo: u16,
}

impl SchemaVersions {
    /// None when the message is of another kind: an older program says nothing.
    pub(super) fn read(message: &str) -> Option<Self> {
        serde_json::from_str(message).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_read_whatever_else_is_said() {
        let expected = Some(SchemaVersions { public: 32, dvo: 4 });
        assert_eq!(SchemaVersions::read("{\"dvo\":4,\"public\":32}\n"), expected);
        assert_eq!(SchemaVersions::read("{\"dvo\":4,\"public\":32,\"other\":1}"), expected);
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        for message in ["", "error: no route to host", "{\"public\":32}", "{\"public\":-1,\"dvo\":4}"] {
            assert_eq!(SchemaVersions::read(message), None, "{message}");
        }
    }
}
