//! The dates on which minor releases of OpenShift reach their end of life.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::NaiveDate;
use serde::Deserialize;

use ccx_rules::documents::MinorVersion;

/// The end of life of a minor release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Lifecycle {
    /// The last day of maintenance support.
    pub end_date: NaiveDate,
    /// Whether extended update support is available for the release.
    #[serde(default)]
    pub eus: bool,
}

impl Lifecycle {
    /// Returns the end of life of a minor release; `None` when it is not known yet.
    pub(super) fn find(minor: MinorVersion) -> Option<Self> {
        TABLE.minor_releases.get(&minor.to_string()).copied()
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/lifecycle.toml"))
        .expect("a test reads the table that is compiled in")
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    minor_releases: BTreeMap<String, Lifecycle>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found() {
        for (name, lifecycle) in &TABLE.minor_releases {
            let minor = MinorVersion::parse(name).unwrap();
            assert_eq!(minor.to_string(), *name);
            assert_eq!(Lifecycle::find(minor), Some(*lifecycle));
        }
    }

    #[test]
    fn later_releases_end_later() {
        let mut releases: Vec<_> = TABLE.minor_releases.iter().collect();
        releases.sort_by_key(|(name, _)| MinorVersion::parse(name));
        for pair in releases.windows(2) {
            // The support of 4.6 was extended beyond that of 4.7.
            let is_in_order = pair[0].1.end_date < pair[1].1.end_date || pair[0].0 == "4.6";
            assert!(is_in_order, "{pair:?}");
        }
    }

    #[test]
    fn future_release_is_unknown() {
        assert_eq!(Lifecycle::find(MinorVersion::new(9, 9)), None);
    }
}
