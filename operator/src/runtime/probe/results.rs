//! What pods answer.

use std::fmt;

use serde::Deserialize;

/// A condition that a pod says is not met: a line `name: reason` of its `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnmetDependency {
    /// The dependency.
    pub(crate) name: String,
    /// Why it is not met.
    pub(crate) reason: String,
}

impl UnmetDependency {
    /// All of an answer.
    pub(super) fn read(answer: &str) -> Vec<Self> {
        let lines = answer.lines().filter_map(|line| line.split_once(": "));
        lines.map(|(name, reason)| Self { name: name.trim().into(), reason: reason.trim().into() }).collect()
    }
}

impl fmt::Display for UnmetDependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

/// The rules of a pod: its `/rules`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RulesAnswer {
    /// Of the rules of users; none when there are none.
    pub(crate) digest: Option<String>,
    /// How many rules of users there are.
    rules: i32,
    /// How many rules of the image there are.
    builtin: i32,
    /// Why the newest were not loaded.
    pub(crate) error: Option<RulesError>,
}

/// Where the rules are wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RulesError {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
}

impl RulesAnswer {
    /// None when it is something else, as of an older version.
    pub(super) fn read(answer: &str) -> Option<Self> {
        serde_json::from_str(answer).ok()
    }

    /// How many rules run.
    pub(crate) fn count(&self) -> i32 {
        self.rules.saturating_add(self.builtin)
    }

    /// Whether there are rules of users, which may change at any time.
    pub(crate) fn has_rules_of_users(&self) -> bool {
        self.digest.is_some() || self.error.is_some()
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_readiness_report_is_a_lack() {
        let unmet =
            UnmetDependency::read("kafka: no broker: connection refused\ndatabase: not known yet\nok\n");
        let told: Vec<String> = unmet.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["kafka: no broker: connection refused", "database: not known yet"]);
        assert_eq!(unmet[0].name, "kafka");
    }

    #[test]
    fn rules_that_can_not_be_loaded_say_where() {
        let text = r#"{"digest":null,"rules":0,"builtin":86,
            "error":{"file":"x.yaml","line":3,"column":7,"message":"no such key"}}"#;
        let answer = RulesAnswer::read(text).expect("an answer of the pipeline");
        assert_eq!((answer.count(), answer.has_rules_of_users()), (86, true));
        assert_eq!(answer.error.map(|error| error.to_string()).as_deref(), Some("x.yaml:3:7: no such key"));
        assert_eq!(RulesAnswer::read("not found"), None);
    }

    #[test]
    fn a_mistake_of_a_whole_file_has_no_line() {
        let text = r#"{"digest":"d","rules":2,"builtin":0,"error":{"file":"x","line":null,"column":null,"message":"too big"}}"#;
        let error = RulesAnswer::read(text).and_then(|answer| answer.error).map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("x: too big"));
    }

    #[test]
    fn the_rules_of_the_image_alone_stay_as_they_are() {
        let answer = RulesAnswer::read(r#"{"digest":null,"rules":0,"builtin":86,"error":null}"#);
        assert_eq!(answer.map(|answer| answer.has_rules_of_users()), Some(false));
    }
}
