//! All rules of users, or none.

use std::{collections::HashMap, path::PathBuf};

use ccx_rules::Rule;

use crate::{
    DeclarativeRule, Digest, FilesError, Loaded, Position, Problem, RuleFiles, Severity, load_files,
    run_tests::{TestFailure, TestRun},
};

/// The rules of some files. All of them were loaded and passed their tests.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<DeclarativeRule>,
    digest: Digest,
    warnings: Vec<Problem>,
}

/// A set is not used, since something is wrong with it.
#[derive(Debug)]
pub struct Rejected {
    /// What the files are known by.
    pub digest: Digest,
    /// What is wrong: at least one error, and the warnings.
    pub problems: Vec<Problem>,
}

impl RuleSet {
    /// Makes a set of files: every rule must be free of errors, be there once and pass its tests.
    pub fn new(files: &RuleFiles) -> Result<Self, Rejected> {
        let digest = files.digest();
        let Loaded { rules, mut problems } = load_files(files);
        problems.extend(duplicates(&rules));
        problems.extend(rules.iter().flat_map(test_problems));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            problems.sort_by_key(|problem| problem.severity);
            return Err(Rejected { digest, problems });
        }
        Ok(Self { rules, digest, warnings: problems })
    }

    /// [`RuleSet::new`] of the files of some sources, see [`RuleFiles::read`].
    pub fn load(sources: &[PathBuf]) -> Result<Result<Self, Rejected>, FilesError> {
        RuleFiles::read(sources).map(|files| Self::new(&files))
    }

    /// The rules, in the order of their files.
    pub fn rules(&self) -> &[DeclarativeRule] {
        &self.rules
    }

    /// The rules as an engine takes them.
    pub fn engine_rules(&self) -> Vec<Box<dyn Rule>> {
        self.rules.iter().map(|rule| Box::new(rule.clone()) as Box<dyn Rule>).collect()
    }

    /// What the set is known by.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What should be looked at.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Rejected {
    /// The first error.
    pub fn first(&self) -> Option<&Problem> {
        self.problems.first()
    }
}

fn duplicates(rules: &[DeclarativeRule]) -> Vec<Problem> {
    let mut first: HashMap<String, &DeclarativeRule> = HashMap::new();
    let mut problems = Vec::new();
    for rule in rules {
        let selector = format!("{}|{}", rule.id(), rule.error_key());
        if let Some(first) = first.get(&selector) {
            let Position { line, column } = first.position();
            let message = format!(
                "{selector} is already a rule, at {}:{line}:{column}; choose another key",
                first.file()
            );
            problems.push(error(rule, rule.position(), message));
        } else {
            first.insert(selector, rule);
        }
    }
    problems
}

/// Returns the tests that fail, and the problems of the texts that are rendered with the details of their hits.
fn test_problems(rule: &DeclarativeRule) -> Vec<Problem> {
    let runs = rule.test_runs();
    let failed = runs.iter().filter_map(|TestRun { outcome, .. }| {
        let TestFailure { expected, actual, .. } = outcome.failure.as_ref()?;
        let message = format!(
            "the test `{}` of {} expects {expected}, and the rule says: {actual}",
            outcome.name,
            rule.id()
        );
        Some(error(rule, outcome.position, message))
    });
    let details = runs.iter().filter_map(|run| run.details.as_ref());
    failed.chain(rule.rendering_problems(details)).collect()
}

fn error(rule: &DeclarativeRule, position: Position, message: String) -> Problem {
    Problem::error(rule.file(), message).at(Some(position))
}

#[cfg(test)]
mod tests;
