//! Versions such as `4.16.0-rc.3`, in the order of Semantic Versioning.

use std::{cmp::Ordering, fmt, str::FromStr};

/// A version.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// Without build metadata, which has no part in the order.
    parsed: semver::Version,
    text: Box<str>,
}

impl Version {
    /// Returns major, minor and patch.
    pub(crate) fn numbers(&self) -> [u64; 3] {
        [self.parsed.major, self.parsed.minor, self.parsed.patch]
    }
}

impl FromStr for Version {
    type Err = ();

    /// Parses `4.16.3`, `4.16` or `4`, optionally with a leading `v`, and ignores build metadata after a `+`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let without_v = text.strip_prefix('v').unwrap_or(text);
        let (without_build, _) = without_v.split_once('+').unwrap_or((without_v, ""));
        let core = without_build.split('-').next().unwrap_or_default();
        let pre_release = &without_build[core.len()..];
        let missing = 3_usize.checked_sub(core.split('.').count()).ok_or(())?;
        let complete = format!("{core}{}{pre_release}", ".0".repeat(missing));
        let parsed = semver::Version::parse(&complete).map_err(|_| ())?;
        Ok(Self { parsed, text: without_v.into() })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parsed.cmp_precedence(&other.parsed)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_semantic_versioning() {
        let in_order = [
            "4.9",
            "4.10.0-alpha",
            "4.10.0-alpha.1",
            "4.10.0-alpha.beta",
            "4.10.0-rc.2",
            "4.10.0-rc.10",
            "4.10.0",
        ];
        let versions: Vec<Version> = in_order.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }

    #[test]
    fn leading_v_and_build_metadata_are_ignored() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(version("v1.28.2+abc").cmp(&version("1.28.2")), Ordering::Equal);
        assert_eq!(version("4.16").numbers(), [4, 16, 0]);
    }

    #[test]
    fn invalid_version_is_an_error() {
        for text in [
            "",
            "four",
            "4.",
            "4..1",
            "1.2.3.4",
            "4.16.0-",
            "4.16.0-a..b",
            "-1",
            "4.1é",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<Version>(), Err(()), "{text}");
        }
    }
}
