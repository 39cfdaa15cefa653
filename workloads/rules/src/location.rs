//! Locations of data in archives, and the OpenShift versions whose archives have it.
//!
//! The versions are those of the documentation of the Insights operator (`docs/gathered-data.md` in its
//! repository) and of its gatherers: the first minor release that records the data, releases with a backport
//! included, and the last one.

use std::{borrow::Cow, fmt};

use crate::documents::MinorVersion;

/// OpenShift versions from one minor release to another, both included; an end that is absent is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The first.
    pub since: Option<MinorVersion>,
    /// The last.
    pub until: Option<MinorVersion>,
}

impl Versions {
    /// All versions.
    pub const ALL: Self = Self { since: None, until: None };

    /// Returns the versions from the first of either to the last of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            since: self.since.zip(other.since).map(|(one, another)| one.min(another)),
            until: self.until.zip(other.until).map(|(one, another)| one.max(another)),
        }
    }

    /// Returns the versions that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { since: self.since.max(other.since), until: self.until.into_iter().chain(other.until).min() }
    }

    /// Returns whether `version` is one of them.
    pub fn contains(&self, version: MinorVersion) -> bool {
        self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version <= until)
    }
}

impl fmt::Display for Versions {
    /// `4.12+`, `to 4.17`, `4.9–4.17`, or nothing for all versions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.since, self.until) {
            (None, None) => Ok(()),
            (Some(since), None) => write!(f, "{since}+"),
            (None, Some(until)) => write!(f, "to {until}"),
            (Some(since), Some(until)) => write!(f, "{since}–{until}"),
        }
    }
}

/// Paths of an archive.
///
/// ```
/// use ccx_rules::{Location, documents::MinorVersion};
///
/// const CEPH: Location = Location::new("config/storage/*/cephclusters/*.json").since(4, 13);
/// assert_eq!(CEPH.versions().to_string(), "4.13+");
/// assert!(!CEPH.versions().contains(MinorVersion::new(4, 12)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Location {
    glob: &'static str,
    versions: Versions,
}

impl Location {
    /// Creates the paths that `glob` matches, in archives of all versions. `*` stands for any characters but
    /// `/`.
    pub const fn new(glob: &'static str) -> Self {
        Self { glob, versions: Versions::ALL }
    }

    /// Returns the same paths, in archives of `major.minor` and later.
    #[must_use]
    pub const fn since(mut self, major: u32, minor: u32) -> Self {
        self.versions.since = Some(MinorVersion::new(major, minor));
        self
    }

    /// Returns the same paths, in archives up to those of `major.minor`.
    #[must_use]
    pub const fn until(mut self, major: u32, minor: u32) -> Self {
        self.versions.until = Some(MinorVersion::new(major, minor));
        self
    }

    /// Returns the glob.
    pub const fn glob(&self) -> &'static str {
        self.glob
    }

    /// Returns the versions whose archives have these paths.
    pub const fn versions(&self) -> Versions {
        self.versions
    }
}

/// The locations of an input: constants in built-in rules, globs in rules that are created at run time.
#[derive(Clone, Debug)]
pub(crate) enum Locations {
    Known(&'static [Location]),
    Dynamic(std::sync::Arc<[String]>),
}

impl Locations {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Versions)> {
        let (known, dynamic) = match self {
            Self::Known(known) => (*known, &[][..]),
            Self::Dynamic(globs) => (&[][..], &**globs),
        };
        let known = known.iter().map(|location| (location.glob, location.versions));
        known.chain(dynamic.iter().map(|glob| (glob.as_str(), Versions::ALL)))
    }
}

/// A family of metrics in `config/metrics`.
#[derive(Clone, Debug)]
pub struct MetricFamily {
    /// The name.
    pub name: Cow<'static, str>,
    /// The versions whose archives have it.
    pub versions: Versions,
}

impl MetricFamily {
    /// Creates the family `name`, in archives of all versions.
    pub const fn new(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), versions: Versions::ALL }
    }

    /// Returns the same family, in archives of `major.minor` and later.
    #[must_use]
    pub fn since(mut self, major: u32, minor: u32) -> Self {
        self.versions.since = Some(MinorVersion::new(major, minor));
        self
    }
}

impl From<&'static str> for MetricFamily {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for MetricFamily {
    fn from(name: String) -> Self {
        Self { name: name.into(), versions: Versions::ALL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(since: Option<u32>, until: Option<u32>) -> Versions {
        let minor = |minor| MinorVersion::new(4, minor);
        Versions { since: since.map(minor), until: until.map(minor) }
    }

    #[test]
    fn versions_of_either_reach_from_the_first_to_the_last() {
        let old = versions(Some(9), Some(17));
        let new = versions(Some(17), None);
        assert_eq!(old.or(new), versions(Some(9), None));
        assert_eq!(new.or(old), versions(Some(9), None));
        assert_eq!(old.or(Versions::ALL), Versions::ALL);
        assert_eq!(old.or(versions(Some(4), Some(6))), versions(Some(4), Some(17)));
    }

    #[test]
    fn versions_of_both_begin_with_the_later_and_end_with_the_earlier() {
        let old = versions(Some(9), Some(17));
        assert_eq!(old.and(versions(Some(12), None)), versions(Some(12), Some(17)));
        assert_eq!(versions(None, None).and(old), old);
        assert_eq!(old.and(versions(None, Some(16))), versions(Some(9), Some(16)));
    }

    #[test]
    fn versions_contain_both_ends() {
        let old = versions(Some(9), Some(17));
        let contained = [8, 9, 17, 18].map(|minor| old.contains(MinorVersion::new(4, minor)));
        assert_eq!(contained, [false, true, true, false]);
        assert!(Versions::ALL.contains(MinorVersion::new(4, 1)));
    }

    #[test]
    fn versions_are_written_as_a_range() {
        for (range, text) in [
            (versions(None, None), ""),
            (versions(Some(12), None), "4.12+"),
            (versions(None, Some(17)), "to 4.17"),
            (versions(Some(9), Some(17)), "4.9–4.17"),
        ] {
            assert_eq!(range.to_string(), text);
        }
    }
}
