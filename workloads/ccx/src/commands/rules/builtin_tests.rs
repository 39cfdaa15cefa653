//! Tests of the built-in rules on small sample clusters.

use ccx_archive::{Archive, Limits};
use ccx_builtin_rules::ExampleFiles;
use ccx_rules::{Engine, Verdict};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::test::Outcome;

/// The gathering time of all examples.
const GATHERED_AT: DateTime<Utc> = DateTime::from_timestamp(1_768_478_400, 0).expect("2026-01-15T12:00:00Z");

/// Runs each rule on a cluster with the problem, on a similar one without it, and on one without data.
pub(super) fn run() -> Vec<Outcome> {
    let engine = ccx_builtin_rules::engine();
    let mut outcomes = Vec::new();
    for (key, example) in ccx_builtin_rules::examples() {
        let mut test = |name: &str, files: &ExampleFiles, expected: &[&str]| {
            let (rule, verdict) = judge(&engine, &key, files);
            let word = verdict.map_or("no such rule", Verdict::as_str);
            let failure =
                (!expected.contains(&word)).then(|| format!("expected {}, but {word}", expected[0]));
            outcomes.push(Outcome { rule, test: name.into(), place: format!("built in, {key}"), failure });
        };
        test("a cluster that has the problem", &example.hit, &["hit", "info"]);
        if !example.miss.is_empty() {
            test("the closest one that has not", &example.miss, &["miss"]);
        }
        test("a cluster without data", &ExampleFiles::new(), &["skip"]);
    }
    outcomes
}

fn judge(engine: &Engine, key: &str, files: &ExampleFiles) -> (String, Option<Verdict>) {
    let Some(archive) = archive(files) else { return (key.into(), None) };
    let report = engine.run(&archive, Some(GATHERED_AT));
    let run = report.runs.iter().find(|run| run.rule.error_keys.iter().any(|found| found.as_str() == key));
    run.map_or((key.into(), None), |run| (run.rule.rule.to_string(), Some(run.verdict)))
}

fn archive(files: &ExampleFiles) -> Option<Archive> {
    let mut tar = tar::Builder::new(Vec::new());
    // An archive without a file would be an error before any rule sees it.
    let none = ("config/none".to_owned(), Value::String(String::new()));
    for (path, content) in files.iter().chain([(&none.0, &none.1)]) {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        tar.append_data(&mut header, path, content.as_bytes()).ok()?;
    }
    Archive::read(tar.into_inner().ok()?.into(), &Limits::default()).ok()
}
