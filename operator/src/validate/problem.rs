//! What is wrong with a resource, all at once.

use std::fmt;

use crate::kind::Kind;

/// What kind of problem it is; each has a reason of its own in the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A value of the spec is not allowed.
    InvalidSpec,
    /// The resource's own name is of no use for its children.
    InvalidName,
    /// A Secret that the spec names does not exist.
    MissingSecret,
    /// A Secret exists, but not the key in it.
    MissingSecretKey,
    /// A ConfigMap that the spec names does not exist.
    MissingConfigMap,
    /// A ConfigMap exists, but not the key in it.
    MissingConfigMapKey,
    /// The cluster does not serve a kind that the spec asks for.
    KindNotServed,
    /// The Kafka of Strimzi does not exist.
    StrimziMissing,
    /// The Kafka of Strimzi does not say yet where its brokers are.
    StrimziNotReady,
}

impl ProblemKind {
    /// Whether something that the spec names is not there yet: whoever does not need it can go on.
    pub fn is_of_something_missing(self) -> bool {
        match self {
            Self::InvalidSpec | Self::InvalidName | Self::KindNotServed => false,
            Self::MissingSecret
            | Self::MissingSecretKey
            | Self::MissingConfigMap
            | Self::MissingConfigMapKey
            | Self::StrimziMissing
            | Self::StrimziNotReady => true,
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// The object, what is wrong with it, and what to do, as a sentence without a full stop.
    pub message: String,
}

/// Everything that is wrong with a resource; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidateErrors {
    /// What is wrong, in the order of the spec.
    pub problems: Vec<Problem>,
}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl ValidateErrors {
    /// The kind that decides the reason: the first problem's.
    pub fn kind(&self) -> ProblemKind {
        self.problems.first().map_or(ProblemKind::InvalidSpec, |problem| problem.kind)
    }
}

impl fmt::Display for ValidateErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self.problems.iter().map(|problem| problem.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl std::error::Error for ValidateErrors {}

impl Problems {
    pub(super) fn push(&mut self, kind: ProblemKind, message: impl Into<String>) {
        let problem = Problem { kind, message: message.into() };
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// How many there are so far.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// What was found to be missing after the first `count` problems.
    pub(super) fn missing_after(&self, count: usize) -> Vec<Problem> {
        let found = self.0.get(count..).unwrap_or_default();
        found.iter().filter(|problem| problem.kind.is_of_something_missing()).cloned().collect()
    }

    /// A kind that the spec asks for and the cluster does not serve.
    pub(super) fn push_not_served(&mut self, field: &str, kind: Kind, instead: &str) {
        let message = format!(
            "{field} needs the kind {} of {}, which the cluster does not serve; install what brings it, or {instead}",
            kind.name(),
            kind.api_version()
        );
        self.push(ProblemKind::KindNotServed, message);
    }

    /// The value, unless more is wrong than that something is missing. What can't be had without a problem is `None`.
    pub(super) fn none_or<T>(self, value: Option<T>) -> Result<T, ValidateErrors> {
        let is_missing = |problem: &Problem| problem.kind.is_of_something_missing();
        match value {
            Some(value) if self.0.iter().all(is_missing) => Ok(value),
            _ => Err(ValidateErrors { problems: self.0 }),
        }
    }
}
