//! Miniature clusters for the built-in rules: one that has the problem, and the closest one that has not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

const EXAMPLES: &str = include_str!("../tests/data/rule_examples.json");

/// The files of a miniature cluster by path: JSON, or text where the value is a string.
pub type ExampleFiles = BTreeMap<String, Value>;

/// What a built-in rule must and must not hit.
#[derive(Clone, Debug, Deserialize)]
pub struct Example {
    /// The rule hits.
    pub hit: ExampleFiles,
    /// The rule does not; empty for a rule that always reports.
    pub miss: ExampleFiles,
}

/// The examples of all built-in rules, by error key. Their data was gathered at 2026-01-15T12:00:00Z.
///
/// # Panics
///
/// Never: the examples are part of the program.
pub fn examples() -> BTreeMap<String, Example> {
    serde_json::from_str(EXAMPLES).expect("the examples are tested")
}
