//! The organisations whose results are stored.

use std::{collections::HashSet, fs, path::Path};

use ccx_messages::OrgId;
use snafu::ResultExt;

use crate::{
    WriterError,
    error::{ParseAllowListSnafu, ReadAllowListSnafu},
};

/// All organisations, or those of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AllowList {
    Every,
    Only(HashSet<OrgId>),
}

impl AllowList {
    /// Reads a CSV file with the organisation in the first column; without a file every organisation is allowed.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, WriterError> {
        let Some(path) = file else { return Ok(Self::Every) };
        let text = fs::read_to_string(path).context(ReadAllowListSnafu { path })?;
        Self::parse(&text)
            .map_err(|(line, error)| ParseAllowListSnafu { path, line, expected: error.expected() }.build())
    }

    /// The first line may be a heading; empty lines are skipped. An error comes with its line.
    fn parse(csv: &str) -> Result<Self, (usize, ccx_messages::IdError)> {
        let mut organisations = HashSet::new();
        for (line, text) in (1..).zip(csv.lines()) {
            let first = text.split(',').next().unwrap_or_default().trim().trim_matches('"');
            let is_heading = line == 1 && !first.starts_with(|character: char| character.is_ascii_digit());
            if first.is_empty() || is_heading {
                continue;
            }
            organisations.insert(first.parse().map_err(|error| (line, error))?);
        }
        Ok(Self::Only(organisations))
    }

    pub(crate) fn allows(&self, org_id: OrgId) -> bool {
        match self {
            Self::Every => true,
            Self::Only(organisations) => organisations.contains(&org_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u64) -> OrgId {
        OrgId::new(number).unwrap()
    }

    #[test]
    fn every_organisation_is_allowed_without_a_file() {
        assert!(AllowList::load(None).unwrap().allows(org(1)));
    }

    #[test]
    fn organisation_outside_of_the_file_is_not_allowed() {
        for csv in ["OrgID\n1\n3\n", "1\n3", "\"org\",name\r\n\"1\",one\r\n\r\n 3 ,three\r\n"] {
            let list = AllowList::parse(csv).unwrap();
            assert_eq!([1, 2, 3].map(|number| list.allows(org(number))), [true, false, true], "{csv:?}");
        }
    }

    #[test]
    fn invalid_line_is_named() {
        assert_eq!(AllowList::parse("OrgID\n1\nx\n").unwrap_err().0, 3);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orgs.csv");
        assert!(
            AllowList::load(Some(&path))
                .unwrap_err()
                .to_string()
                .starts_with("failed to read the list of organisations")
        );
        fs::write(&path, "1\n0\n").unwrap();
        assert!(AllowList::load(Some(&path)).unwrap_err().to_string().starts_with("line 2 of the list"));
    }
}
