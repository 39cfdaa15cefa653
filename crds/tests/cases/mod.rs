//! Test cases of the CEL rules, for this crate and for a real API server.

use std::{fs, path::Path};

use ccx_test_support::merge_patch;
use serde::Deserialize;
use serde_json::Value;

/// A rule, with a resource that keeps it and one that breaks it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The rule's message.
    pub(crate) rule: String,
    /// The field that the message is about.
    pub(crate) path: String,
    /// The resource before the change, for a rule about changes.
    pub(crate) old: Option<Value>,
    /// A resource that keeps the rule.
    pub(crate) passes: Value,
    /// A resource that breaks this rule and no other.
    pub(crate) fails: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    path: String,
    old: Option<Value>,
    passes: Value,
    fails: Value,
}

/// All cases, file by file.
pub(crate) fn all() -> Vec<Case> {
    let minimal: Value = read(&folder().join("../../examples/minimal.yaml"));
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let entries = files.iter().flat_map(|path| read::<Vec<Entry>>(path));
    entries.map(|entry| complete(&minimal, entry)).collect()
}

/// The crates of this repository that use this file are beside each other.
fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crds/tests/cases"))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn complete(minimal: &Value, entry: Entry) -> Case {
    let over_minimal = |patch: &Value| {
        let mut resource = minimal.clone();
        merge_patch(&mut resource, patch.clone());
        resource
    };
    Case {
        rule: entry.rule,
        path: entry.path,
        old: entry.old.as_ref().map(over_minimal),
        passes: over_minimal(&entry.passes),
        fails: over_minimal(&entry.fails),
    }
}
