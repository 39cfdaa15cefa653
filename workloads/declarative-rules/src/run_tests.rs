//! Tests of rules: small archives and the expected verdicts.

use std::{fmt, sync::Arc};

use ccx_archive::{Archive, ArchiveError, Limits};
use ccx_rules::{Budget, Engine, Report};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use crate::{
    DeclarativeRule, Position,
    compile::paths,
    format::{Expectation, TestDefinition},
    parse::Source,
};

/// Default gathering time of a test.
const GATHERED_AT: &str = "2026-01-15T12:00:00Z";

/// A test of a rule.
#[derive(Clone, Debug)]
pub(crate) struct TestCase {
    pub name: String,
    position: Position,
    files: Vec<(String, Arc<[u8]>)>,
    gathered_at: DateTime<Utc>,
    expected: Expectation,
}

/// Result of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestOutcome {
    /// Name of the test.
    pub name: String,
    /// Start of the test in its file.
    pub position: Position,
    /// Reason of the failure; `None` if the test passed.
    pub failure: Option<TestFailure>,
}

/// Failure of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestFailure {
    /// Expected verdict: `hit`, `miss` or `skip`.
    pub expected: &'static str,
    /// Actual verdict with its reason.
    pub actual: String,
    /// Unified diff of the expected and the actual details.
    pub diff: Option<String>,
}

impl TestCase {
    /// Parses a test, or records the errors in `source` and returns `None`.
    pub(crate) fn parse(source: &mut Source<'_>, definition: &TestDefinition) -> Option<Self> {
        let name = definition.name.as_ref()?;
        let gathered_at = match &definition.gathered_at {
            None => GATHERED_AT.parse().ok()?,
            Some(time) => {
                let parsed = DateTime::parse_from_rfc3339(&time.value);
                if parsed.is_err() {
                    source.error(
                        time.at,
                        format!("`gathered_at` must be a time with its zone, as in {GATHERED_AT}"),
                    );
                }
                parsed.ok()?.to_utc()
            }
        };
        if !definition.files.iter().all(|(path, _)| paths::of_test(source, path)) {
            return None;
        }
        let files: Vec<(String, Arc<[u8]>)> =
            definition.files.iter().map(|(path, content)| (path.value.clone(), bytes_of(content))).collect();
        if let (Err(error), Some((path, _))) = (archive(&files), definition.files.first()) {
            source.error(
                path.at,
                format!("the files of the test `{}` are not a valid archive: {error}", name.value),
            );
            return None;
        }
        let expected = definition.expect.as_ref()?.value.clone();
        Some(Self {
            name: name.value.clone(),
            position: Position::from_offset(source.text, name.at),
            files,
            gathered_at,
            expected,
        })
    }

    fn run(&self, engine: &Engine) -> TestRun {
        let (failure, details) = match archive(&self.files) {
            Ok(archive) => {
                let report = engine.run(&archive, Some(self.gathered_at));
                let hit = report.hits.first();
                (self.compare(&report), hit.and_then(|hit| serde_json::from_str(hit.details.get()).ok()))
            }
            Err(error) => (Some(self.failure(format!("invalid archive: {error}"), None)), None),
        };
        let outcome = TestOutcome { name: self.name.clone(), position: self.position, failure };
        TestRun { outcome, details }
    }

    fn compare(&self, report: &Report) -> Option<TestFailure> {
        let actual = Actual::from_report(report);
        match (&self.expected, &actual) {
            (Expectation::Miss, Actual::Miss)
            | (Expectation::Skip, Actual::Skip(_))
            | (Expectation::Hit(None), Actual::Hit(_)) => None,
            (Expectation::Hit(Some(expected)), Actual::Hit(details)) => {
                let is_equal = normal(expected) == normal(details);
                let failure = || self.failure("hit with other details".into(), Some(diff(expected, details)));
                (!is_equal).then(failure)
            }
            _ => Some(self.failure(actual.to_string(), None)),
        }
    }

    fn failure(&self, actual: String, diff: Option<String>) -> TestFailure {
        let expected = match self.expected {
            Expectation::Hit(_) => "hit",
            Expectation::Miss => "miss",
            Expectation::Skip => "skip",
        };
        TestFailure { expected, actual, diff }
    }
}

impl DeclarativeRule {
    /// Runs the tests of the rule, in the order of the file.
    pub fn run_tests(&self) -> Vec<TestOutcome> {
        self.test_runs().into_iter().map(|run| run.outcome).collect()
    }

    pub(crate) fn test_runs(&self) -> Vec<TestRun> {
        let engine = Engine::new(vec![Box::new(self.clone())], Budget::default());
        self.0.tests.iter().map(|test| test.run(&engine)).collect()
    }
}

/// Result of a test with the details of the hit.
pub(crate) struct TestRun {
    pub outcome: TestOutcome,
    /// Details of the hit, as passed to templates.
    pub details: Option<Value>,
}

/// Returns the reason of a skip for people. In reports it is `All: ['a'] Any: ['b', 'c']`, the text that the
/// Python rules have.
pub fn skip_reason(reason: &str) -> String {
    let Some(lists) = reason.strip_prefix("All: ") else { return reason.to_owned() };
    let mut lists = lists.split("Any: ").map(|list| list.trim().trim_matches(['[', ']']).replace('\'', ""));
    let all = lists.next().filter(|list| !list.is_empty()).map(|list| format!("the archive lacks {list}"));
    let any = lists.filter(|list| !list.is_empty()).map(|list| format!("the archive needs one of {list}"));
    all.into_iter().chain(any).collect::<Vec<_>>().join("; ")
}

/// Actual verdict of a rule.
enum Actual {
    Hit(Value),
    Miss,
    Skip(String),
    Fault(String),
}

impl Actual {
    fn from_report(report: &Report) -> Self {
        if let Some(fault) = report.faults.first() {
            return Self::Fault(fault.reason.to_string());
        }
        if let Some(skip) = report.skips.first() {
            return Self::Skip(skip.details.clone());
        }
        let Some(hit) = report.hits.first() else { return Self::Miss };
        let mut details: Value = serde_json::from_str(hit.details.get()).unwrap_or_default();
        if let Some(fields) = details.as_object_mut() {
            fields.remove("type");
            fields.remove("error_key");
        }
        Self::Hit(details)
    }
}

impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit(details) => write!(f, "hit with {details}"),
            Self::Miss => f.write_str("miss"),
            Self::Skip(missing) => write!(f, "skip: {}", skip_reason(missing)),
            Self::Fault(reason) => f.write_str(reason),
        }
    }
}

/// Converts JSON to a value, so that `1` and `1.0` are equal.
fn normal(json: &Value) -> crate::cel::Value {
    crate::cel::Value::from_serde(json.clone())
}

fn diff(expected: &Value, actual: &Value) -> String {
    let text = |json: &Value| serde_json::to_string_pretty(json).unwrap_or_default() + "\n";
    let (expected, actual) = (text(expected), text(actual));
    TextDiff::from_lines(&expected, &actual).unified_diff().header("expected", "actual").to_string()
}

/// Returns the content of a file: a text as it is, anything else as JSON.
fn bytes_of(content: &Value) -> Arc<[u8]> {
    match content {
        Value::String(text) => text.as_bytes().into(),
        other => other.to_string().into_bytes().into(),
    }
}

fn archive(files: &[(String, Arc<[u8]>)]) -> Result<Archive, ArchiveError> {
    /// An empty file: an archive without files is invalid.
    const PLACEHOLDER: &str = "insights-operator/empty";
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in
        files.iter().map(|(path, content)| (path.as_str(), &**content)).chain([(PLACEHOLDER, &[][..])])
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        // Paths that tar does not support are left out; `Archive::read` checks the rest.
        let _ = tar.append_data(&mut header, path, content);
    }
    Archive::read(tar.into_inner().unwrap_or_default().into(), &Limits::default())
}

#[cfg(test)]
mod tests;
