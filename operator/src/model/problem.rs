//! A problem of a resource: one reason and one message, compared as values.

use std::fmt;

use super::reason::Reason;

/// Why something is not as specified. Reported as a condition, an Event and a metric label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Problem {
    /// The reason of the condition.
    pub reason: Reason,
    /// The object, what is wrong with it, and what to do, as a sentence without a full stop.
    pub message: String,
}

impl Problem {
    /// A problem with this reason and message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// Returns the message with what to do.
    pub(crate) fn advised(&self) -> String {
        match self.reason.hint() {
            Some(hint) => format!("{}; {hint}", self.message.trim_end_matches('.')),
            None => self.message.clone(),
        }
    }

    /// Whether a referenced object does not exist, is not ready yet or does not fit: only the children that need it
    /// wait.
    pub fn is_missing_reference(&self) -> bool {
        matches!(
            self.reason,
            Reason::SecretMissing | Reason::KafkaUnreachable | Reason::DatabaseVersionMismatch
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// All problems of a resource that can't be built; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationErrors {
    /// The problems, in the order of the spec.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ValidationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self.problems.iter().map(|problem| problem.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl std::error::Error for ValidationErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_of_the_cluster_is_advised_without_its_full_stop() {
        let problem = Problem::new(Reason::QuotaExceeded, "exceeded quota: small.");
        assert_eq!(
            problem.advised(),
            "exceeded quota: small; raise the quota, or lower resources and replicas"
        );
        assert_eq!(Problem::new(Reason::Conflict, "Secret a exists").advised(), "Secret a exists");
    }
}
