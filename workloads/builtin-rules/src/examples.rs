//! Example clusters for the built-in rules: one with the problem, and the most similar one without it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

const EXAMPLES: &str = include_str!("../tests/data/rule_examples.json");

/// Files of an example cluster by path: JSON, or text where the value is a string.
pub type ExampleFiles = BTreeMap<String, Value>;

/// Example clusters of one built-in rule.
#[derive(Clone, Debug, Deserialize)]
pub struct Example {
    /// Cluster on which the rule reports.
    pub hit: ExampleFiles,
    /// Cluster on which the rule does not report; empty for a rule that always reports.
    pub miss: ExampleFiles,
}

/// Returns the examples of all built-in rules, by error key. Their data was gathered at 2026-01-15T12:00:00Z.
///
/// # Panics
///
/// Never: the examples are part of the program.
pub fn examples() -> BTreeMap<String, Example> {
    serde_json::from_str(EXAMPLES).expect("the examples are tested")
}
