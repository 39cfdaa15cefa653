//! The JSON of `/rules`, which the operator reads.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The rules that a process runs, and the reason if it does not run the newest files of the users' rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesStatus {
    /// The digest of the users' rule set in use; `None` while none is.
    pub digest: Option<String>,
    /// Number of users' rules in use.
    pub rules: u32,
    /// Number of built-in rules in use.
    pub builtin: u32,
    /// The reason why the newest files are not in use.
    pub error: Option<RulesProblem>,
    /// The names of disabled rules that no rule has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_disabled: Vec<String>,
}

/// The first problem of a rejected rule set.
///
/// ```
/// use ccx_service::RulesProblem;
///
/// let problem = RulesProblem {
///     file: "pools.yaml".into(),
///     line: Some(3),
///     column: Some(7),
///     message: "unknown field `whn`".into(),
/// };
/// assert_eq!(problem.to_string(), "pools.yaml:3:7: unknown field `whn`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesProblem {
    /// Path of the file, or of the directory when the problem is not of one file.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// The problem, and what to do about it.
    pub message: String,
}

impl RulesStatus {
    /// Returns the number of rules in use.
    pub fn count(&self) -> u32 {
        self.rules.saturating_add(self.builtin)
    }

    /// Returns whether the process is configured with rules of users, which may change at any time.
    pub fn has_user_rules(&self) -> bool {
        self.digest.is_some() || self.error.is_some()
    }
}

impl fmt::Display for RulesProblem {
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
    fn problem_of_whole_file_has_no_line() {
        let json = r#"{"digest":"d","rules":2,"builtin":0,"error":{"file":"x","line":null,"column":null,"message":"too big"}}"#;
        let status: RulesStatus = serde_json::from_str(json).unwrap();
        assert_eq!(status.error.map(|problem| problem.to_string()).as_deref(), Some("x: too big"));
    }

    #[test]
    fn status_without_user_rules_counts_built_in_rules() {
        let status = RulesStatus { builtin: 86, ..RulesStatus::default() };
        assert_eq!((status.count(), status.has_user_rules()), (86, false));
    }
}
