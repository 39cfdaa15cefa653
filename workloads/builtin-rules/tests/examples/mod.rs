//! Minimal archives of every rule.
//!
//! `../data/rule_examples.json` has for each key the files of a `hit` and of a `miss`: JSON, or text where
//! the value is a string.

use std::collections::BTreeMap;

use ccx_archive::{Archive, Limits};
use ccx_rules::Report;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// Files by path.
pub(crate) type Files = BTreeMap<String, Value>;

/// Two clusters for one error key.
#[derive(Deserialize)]
pub(crate) struct Example {
    /// Minimal cluster with the problem.
    pub(crate) hit: Files,
    /// Most similar cluster without the problem.
    #[allow(dead_code, reason = "not every test uses healthy clusters")]
    pub(crate) miss: Files,
}

/// Returns the examples by error key.
pub(crate) fn examples() -> BTreeMap<String, Example> {
    serde_json::from_str(include_str!("../data/rule_examples.json")).unwrap()
}

/// Runs the built-in rules on an archive of these files.
pub(crate) fn run(files: &Files) -> Report {
    run_at(files, Some("2026-01-15T12:00:00Z".parse().unwrap()))
}

/// Runs the built-in rules on an archive that was gathered at a time.
pub(crate) fn run_at(files: &Files, gathered_at: Option<DateTime<Utc>>) -> Report {
    ccx_builtin_rules::engine().run(&archive(files), gathered_at)
}

/// Builds an archive of these files.
pub(crate) fn archive(files: &Files) -> Archive {
    let mut tar = tar::Builder::new(Vec::new());
    let empty = ("config/none".to_owned(), Value::String(String::new()));
    for (path, content) in files.iter().chain([(&empty.0, &empty.1)]) {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    Archive::read(tar.into_inner().unwrap().into(), &Limits::default()).unwrap()
}
