//! The name of a resource.

use std::fmt;

/// The name of a resource, short enough that every child has a valid name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineName(String);

impl PipelineName {
    /// The limit in characters: `<name>-insights-results-aggregator` must not exceed 63, the limit of a
    /// Service's name.
    pub const MAX_LENGTH: usize = 35;

    /// Parses a name from which names of Services can be derived: lower-case letters, digits and `-`,
    /// starting with a letter.
    pub fn parse(name: &str) -> Option<Self> {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        let is_valid = begins_well
            && !name.ends_with('-')
            && name.len() <= Self::MAX_LENGTH
            && name.chars().all(is_inner);
        is_valid.then(|| Self(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PipelineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_leaves_room_for_longest_component() {
        for good in ["ccx", "a", "insights-2", &"a".repeat(35)] {
            assert!(PipelineName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "1ccx", "ccx-", "ccx.prod", "Ccx", &"a".repeat(36)] {
            assert!(PipelineName::parse(bad).is_none(), "{bad}");
        }
    }
}
