//! The content type of an archive, which names the service that it is for.

use std::sync::LazyLock;

use regex::Regex;

/// The service and the category of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveType {
    pub(crate) service: String,
    pub(crate) category: String,
}

/// Content types of old clients of the service `advisor`.
const ADVISOR_TYPES: [&str; 3] =
    ["application/x-gzip; charset=binary", "application/gzip", "application/gzip; charset=binary"];

impl ArchiveType {
    /// Parses `application/vnd.redhat.<service>.<category>`, with or without a suffix.
    pub(crate) fn parse(content_type: &str) -> Option<Self> {
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^application/vnd\.redhat\.([a-z0-9-]+)\.([a-z0-9-]+)").expect("a valid pattern")
        });
        if ADVISOR_TYPES.contains(&content_type) {
            return Some(Self { service: "advisor".into(), category: "upload".into() });
        }
        let parts = PATTERN.captures(content_type)?;
        Some(Self { service: parts[1].to_owned(), category: parts[2].to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_names_service_and_category() {
        let parsed = |text: &str| ArchiveType::parse(text).map(|found| (found.service, found.category));
        let openshift = Some(("openshift".into(), "periodic".into()));
        for suffix in ["", "+tgz", "; charset=binary", "+tgz;version=1"] {
            assert_eq!(parsed(&format!("application/vnd.redhat.openshift.periodic{suffix}")), openshift);
        }
        for old in ADVISOR_TYPES {
            assert_eq!(parsed(old), Some(("advisor".into(), "upload".into())), "{old}");
        }
        for other in [
            "",
            "application/x-gzip",
            "application/vnd.redhat.openshift",
            "text/plain",
            "application/vnd.redhat..a",
        ] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
