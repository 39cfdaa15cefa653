//! What pods answer.

use std::fmt;

use serde::Deserialize;

/// A condition that a pod says is not met: a line `name: reason` of its `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// The dependency.
    pub(crate) name: String,
    /// Why it is not met.
    pub(crate) reason: String,
}

impl Lack {
    /// All of an answer.
    pub(super) fn read(answer: &str) -> Vec<Self> {
        let lines = answer.lines().filter_map(|line| line.split_once(": "));
        lines.map(|(name, reason)| Self { name: name.trim().into(), reason: reason.trim().into() }).collect()
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

/// The rules of a pod: its `/rules`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RulesAnswer {
    /// Of the set of rules.
    pub(crate) digest: String,
    /// How many there are.
    #[serde(rename = "rules", deserialize_with = "count")]
    pub(crate) count: i32,
    /// Why the newest were not loaded.
    #[serde(default)]
    pub(crate) error: Option<RulesError>,
}

/// Where the rules are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RulesError {
    #[serde(default)]
    file: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    column: u32,
    message: String,
}

impl RulesAnswer {
    /// None when it is something else, as of an older version.
    pub(super) fn read(answer: &str) -> Option<Self> {
        serde_json::from_str(answer).ok()
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// A number, or a list that is counted.
fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(i32),
        List(Vec<serde::de::IgnoredAny>),
    }
    Ok(match Count::deserialize(deserializer)? {
        Count::Number(number) => number,
        Count::List(list) => i32::try_from(list.len()).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_readiness_report_is_a_lack() {
        let lacks = Lack::read("kafka: no broker: connection refused\ndatabase: not known yet\nok\n");
        let told: Vec<String> = lacks.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["kafka: no broker: connection refused", "database: not known yet"]);
        assert_eq!(lacks[0].name, "kafka");
    }

    #[test]
    fn rules_that_can_not_be_loaded_say_where() {
        let text =
            r#"{"digest":"d","rules":["a","b"],"error":{"file":"x.yaml","line":3,"column":7,"message":"no such key"}}"#;
        let answer = RulesAnswer::read(text);
        assert_eq!(answer.as_ref().map(|answer| answer.count), Some(2));
        let error = answer.and_then(|answer| answer.error).map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("x.yaml:3:7: no such key"));
        assert_eq!(RulesAnswer::read("not found"), None);
    }
}
