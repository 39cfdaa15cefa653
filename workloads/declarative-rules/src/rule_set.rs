//! Rule sets: all rules of all files, or none of them.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use ccx_content::{ContentTree, lint_details};
use ccx_rules::Rule;

use crate::{
    DeclarativeRule, Digest, FilesError, Loaded, Position, Problem, RuleFiles, Severity,
    lint::NO_CONTENT,
    load_files,
    run_tests::{TestFailure, TestRun},
};

/// A set of rules that were all loaded without errors and passed their tests.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<DeclarativeRule>,
    digest: Digest,
    warnings: Vec<Problem>,
}

/// Rule files were rejected because at least one has an error.
#[derive(Debug)]
pub struct Rejected {
    /// Digest of the rule files.
    pub digest: Digest,
    /// At least one error, followed by the warnings.
    pub problems: Vec<Problem>,
}

impl RuleSet {
    /// Creates a set from files: every rule must be free of errors, unique and pass its tests.
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

    /// Reads the files of the sources with [`RuleFiles::read`] and creates a set from them.
    pub fn load(sources: &[PathBuf]) -> Result<Result<Self, Rejected>, FilesError> {
        RuleFiles::read(sources).map(|files| Self::new(&files))
    }

    /// Returns the rules, in the order of their files.
    pub fn rules(&self) -> &[DeclarativeRule] {
        &self.rules
    }

    /// Returns the rules as boxed trait objects for an engine.
    pub fn engine_rules(&self) -> Vec<Box<dyn Rule>> {
        self.rules.iter().map(|rule| Box::new(rule.clone()) as Box<dyn Rule>).collect()
    }

    /// Returns the digest of the rule files.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the warnings.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Returns the problems of the set when a content tree has the texts of rules without `content`: the warnings, except those
    /// about texts that the tree has, and the problems of these texts when they are rendered with the details of tests.
    pub fn problems_with_content(&self, tree: &ContentTree) -> Vec<Problem> {
        let of_tree = |rule: &DeclarativeRule| match rule.content() {
            None => tree.get(rule.id(), rule.error_key()),
            Some(_) => None,
        };
        let with_texts: Vec<_> = self.rules.iter().filter_map(|rule| Some((rule, of_tree(rule)?))).collect();
        let is_solved = |problem: &Problem| {
            let is_of = |rule: &DeclarativeRule| {
                rule.file() == problem.file && Some(rule.position()) == problem.position
            };
            problem.message == NO_CONTENT && with_texts.iter().any(|(rule, _)| is_of(rule))
        };
        let warnings = self.warnings.iter().filter(|warning| !is_solved(warning)).cloned();
        let details = |rule: &DeclarativeRule| rule.test_runs().into_iter().filter_map(|run| run.details);
        let problems_of_texts: BTreeSet<Problem> = with_texts
            .iter()
            .flat_map(|(rule, content)| details(rule).flat_map(|details| lint_details(content, &details)))
            .collect();
        problems_of_texts.into_iter().chain(warnings).collect()
    }
}

impl Rejected {
    /// Returns the first error.
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

/// Returns the tests that fail, and the problems of the texts that are rendered with the details of their
/// hits.
fn test_problems(rule: &DeclarativeRule) -> Vec<Problem> {
    let runs = rule.test_runs();
    // The same fault in several tests has one cause.
    let mut faults = BTreeSet::new();
    let failed = runs.iter().filter_map(|TestRun { outcome, .. }| {
        let TestFailure { expected, actual, diff } = outcome.failure.as_ref()?;
        if actual.starts_with("failed: ") && !faults.insert(actual) {
            return None;
        }
        let hint = if diff.is_some() { "; `ccx rules test` shows the difference" } else { "" };
        let message = format!(
            "the test `{}` of {} expects {expected}, and the rule says: {actual}{hint}",
            outcome.name,
            rule.id()
        );
        Some(error(rule, outcome.position, message))
    });
    let failed: Vec<Problem> = failed.collect();
    let details = runs.iter().filter_map(|run| run.details.as_ref());
    failed.into_iter().chain(rule.rendering_problems(details)).collect()
}

fn error(rule: &DeclarativeRule, position: Position, message: String) -> Problem {
    Problem::error(rule.file(), message).at(Some(position))
}

#[cfg(test)]
mod tests;
