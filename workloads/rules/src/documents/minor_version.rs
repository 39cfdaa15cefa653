//! Minor releases of OpenShift.

use std::fmt;

/// A minor release of OpenShift, such as 4.18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MinorVersion {
    major: u32,
    minor: u32,
}

impl MinorVersion {
    /// Creates the release `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Parses the minor release of a release such as `4.18.9` or `4.17.0-rc.0`.
    ///
    /// ```
    /// use ccx_rules::documents::MinorVersion;
    ///
    /// let minor = MinorVersion::parse("4.18.9").unwrap();
    /// assert!(minor > MinorVersion::new(4, 9));
    /// ```
    pub fn parse(version: &str) -> Option<Self> {
        let mut parts = version.split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for MinorVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_belong_to_minor_releases() {
        for (release, minor) in [
            ("4.18.9", "4.18"),
            ("4.17.0-rc.0", "4.17"),
            ("4.9", "4.9"),
            ("5.0.0-0.nightly-2026-01-01", "5.0"),
        ] {
            assert_eq!(MinorVersion::parse(release).map(|minor| minor.to_string()).as_deref(), Some(minor));
        }
        for text in ["", "4", "4.x.1", "v4.18.1", "4.-1.0"] {
            assert_eq!(MinorVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn minor_versions_compare_as_numbers() {
        assert!(MinorVersion::new(4, 10) > MinorVersion::new(4, 9));
        assert!(MinorVersion::new(5, 0) > MinorVersion::new(4, 20));
    }
}
