//! How long minor releases of OpenShift get fixes.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::NaiveDate;
use serde::Deserialize;

use ccx_rules::documents::MinorVersion;

/// When a minor release stops to get fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Lifecycle {
    /// The last day with fixes for everybody.
    pub end_date: NaiveDate,
    /// Whether subscriptions with longer support exist.
    #[serde(default)]
    pub eus: bool,
}

impl Lifecycle {
    /// What is known of a minor release.
    pub(super) fn of(minor: MinorVersion) -> Option<Self> {
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
    fn the_table_is_sound() {
        for (name, lifecycle) in &TABLE.minor_releases {
            let minor = MinorVersion::of_release(name).unwrap();
            assert_eq!(minor.to_string(), *name);
            assert_eq!(Lifecycle::of(minor), Some(*lifecycle));
        }
    }

    #[test]
    fn later_releases_live_longer() {
        let mut releases: Vec<_> = TABLE.minor_releases.iter().collect();
        releases.sort_by_key(|(name, _)| MinorVersion::of_release(name));
        for pair in releases.windows(2) {
            // The support of 4.6 was prolonged beyond that of 4.7.
            let is_in_order = pair[0].1.end_date < pair[1].1.end_date || pair[0].0 == "4.6";
            assert!(is_in_order, "{pair:?}");
        }
    }

    #[test]
    fn a_release_of_the_future_is_not_known() {
        assert_eq!(Lifecycle::of(MinorVersion::new(9, 9)), None);
    }
}
