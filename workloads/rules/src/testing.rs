//! Small archives for the tests of rules; behind the feature `testing`.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that panics has failed")]

use std::time::Duration;

use ccx_archive::{Archive, Limits};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{Budget, Engine, Finding, Report, Rule};

/// The gathering time of the archives.
pub const NOW: &str = "2026-01-15T12:00:00Z";

/// The outcome of one rule on an archive.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// A hit, with these details besides `type` and `error_key`.
    Hit(Value),
    /// A fact, with these details besides `type` and `info_key`.
    Info(Value),
    /// No finding.
    Miss,
    /// A skip, with its reason.
    Skip(String),
}

impl Answer {
    /// Returns the skip of a rule that requires all of `inputs` and has none of them.
    pub fn skip_all(inputs: &[&str]) -> Self {
        Self::Skip(format!("All: ['{}'] Any: ", inputs.join("', '")))
    }
}

/// Runs a rule on an archive of these files: JSON, or text where the value is a string.
pub fn ask(rule: impl Rule + 'static, files: &[(&str, Value)]) -> Answer {
    let report = run(vec![Box::new(rule)], files);
    assert_eq!(report.faults, []);
    match (&report.hits[..], &report.info[..], &report.skips[..]) {
        ([hit], [], []) => Answer::Hit(own_details(hit, "error_key")),
        ([], [info], []) => Answer::Info(own_details(info, "info_key")),
        ([], [], [skip]) => Answer::Skip(skip.details.clone()),
        ([], [], []) => Answer::Miss,
        _ => panic!("one rule gave {report:?}"),
    }
}

/// Runs rules on an archive of these files.
pub fn run(rules: Vec<Box<dyn Rule>>, files: &[(&str, Value)]) -> Report {
    // Tests run in parallel, also on crowded machines.
    let budget = Budget { time_per_rule: Duration::from_mins(1), ..Budget::default() };
    Engine::new(rules, budget).run(&archive(files), Some(now()))
}

/// The gathering time of the archives.
pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// Creates an archive of these files: JSON, or text where the value is a string.
pub fn archive(files: &[(&str, Value)]) -> Archive {
    let mut tar = tar::Builder::new(Vec::new());
    // An archive without a file is an error before any rule sees it.
    for (path, content) in files.iter().chain(&[("config/none", json!(""))]) {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    Archive::read(tar.into_inner().unwrap().into(), &Limits::default()).unwrap()
}

fn own_details(finding: &Finding, key_field: &str) -> Value {
    let mut details: Value = serde_json::from_str(finding.details.get()).unwrap();
    let fields = details.as_object_mut().unwrap();
    assert!(fields.remove("type").is_some());
    assert_eq!(fields.remove(key_field), Some(json!(finding.error_key)));
    details
}
