//! Collects all problems of a resource, so that they are reported together.

use crate::model::{
    kind::Kind,
    problem::{Problem, ValidationErrors},
    reason::Reason,
};

/// The problems found so far, in the order of the spec.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, reason: Reason, message: impl Into<String>) {
        let problem = Problem::new(reason, message);
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Returns the number of problems so far.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether a problem is about this field, or what it is part of.
    pub(super) fn mentions(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.message.contains(field))
    }

    /// Returns the missing references found after the first `count` problems.
    pub(super) fn missing_after(&self, count: usize) -> Vec<Problem> {
        let found = self.0.get(count..).unwrap_or_default();
        found.iter().filter(|problem| problem.is_missing_reference()).cloned().collect()
    }

    /// Adds a kind that the spec requires and the cluster does not serve.
    pub(super) fn push_not_served(&mut self, field: &str, kind: Kind, instead: &str) {
        let message = format!(
            "{field} needs the kind {} of {}, which the cluster does not serve; install what brings it, or {instead}",
            kind.name(),
            kind.api_version()
        );
        self.push(Reason::KindNotServed, message);
    }

    /// Adds the kind of an exposure that the cluster does not serve; `field` is its type.
    pub(super) fn push_exposure_not_served(&mut self, field: &str, kind: Kind) {
        let kind_of_exposure = if kind == Kind::HttpRoute { "Gateway" } else { kind.name() };
        self.push_not_served(&format!("{field} {kind_of_exposure}"), kind, "choose another type");
    }

    /// Returns the value if the only problems are missing references. A value that needs a correct spec is
    /// `None`.
    pub(super) fn none_or<T>(self, value: Option<T>) -> Result<T, ValidationErrors> {
        match value {
            Some(value) if self.0.iter().all(Problem::is_missing_reference) => Ok(value),
            _ => Err(ValidationErrors { problems: self.0 }),
        }
    }
}
