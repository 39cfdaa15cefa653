//! Digests of the inputs of a process by object, so that a change can be reported with the object's name.
//!
//! The annotation of a pod is `Secret bucket=3c9d591045bc8876,Secret kafka-user=8f14e45fceea167a`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::model::digest::Digest;

/// The digest of the data that is read from one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputDigest {
    /// Kind and name.
    pub object: String,
    /// The digest.
    pub digest: String,
}

impl InputDigest {
    /// Returns the digest of a `content` that is not secret.
    pub fn new(object: impl Into<String>, content: impl AsRef<[u8]>) -> Self {
        Self { object: object.into(), digest: Digest::default().field(content).finish() }
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.object, self.digest)
    }
}

/// Formats one digest per object, sorted by object.
pub(crate) fn to_annotation(fingerprints: &[InputDigest]) -> String {
    let mut by_object: BTreeMap<&str, Digest> = BTreeMap::new();
    for InputDigest { object, digest } in fingerprints {
        let before = by_object.remove(object.as_str()).unwrap_or_default();
        by_object.insert(object, before.field(digest));
    }
    let parts = by_object.into_iter().map(|(object, digest)| format!("{object}={}", digest.finish()));
    parts.collect::<Vec<_>>().join(",")
}

/// Returns the objects whose digest differs between two annotations, or that only one of them has.
pub(crate) fn changed_objects(before: &str, after: &str) -> Vec<String> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (before.split(',').collect(), after.split(',').collect());
    let changed = before.symmetric_difference(&after).filter_map(|part| part.split_once('='));
    changed.map(|(object, _)| object.to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(parts: &[(&str, &str)]) -> String {
        to_annotation(
            &parts.iter().map(|(object, content)| InputDigest::new(*object, content)).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn annotation_has_each_object_once() {
        let annotation = annotation(&[("Secret b", "1"), ("Secret a", "1"), ("Secret b", "2")]);
        let objects: Vec<_> = annotation.split(',').map(|part| part.split_once('=').unwrap().0).collect();
        assert_eq!(objects, ["Secret a", "Secret b"]);
    }

    #[test]
    fn changed_added_and_removed_objects_are_named() {
        let before =
            annotation(&[("Secret a", "1"), ("Secret b", "1"), ("Secret b", "2"), ("Secret c", "1")]);
        let after = annotation(&[("Secret a", "1"), ("Secret b", "1"), ("Secret b", "3"), ("Secret d", "1")]);
        assert_eq!(changed_objects(&before, &after), ["Secret b", "Secret c", "Secret d"]);
        assert_eq!(changed_objects(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn annotation_of_other_format_names_no_object() {
        assert_eq!(changed_objects("3c9d591045bc8876", ""), Vec::<String>::new());
    }
}
