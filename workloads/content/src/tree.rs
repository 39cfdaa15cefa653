//! Content trees.

use std::{collections::BTreeMap, sync::LazyLock};

use ccx_messages::{ErrorKey, RuleFqdn, RuleSelector};
use serde::Serialize;
use snafu::Snafu;

use crate::{Config, Content, Digest, Files, Group, Problem, Severity, problem_kind::ProblemKind};

pub(crate) mod load;

/// The content of all rules of a tree, or of one tree over another. Immutable, so that threads share it.
#[derive(Clone, Debug)]
pub struct ContentTree {
    config: Config,
    groups: Vec<Group>,
    contents: BTreeMap<RuleFqdn, BTreeMap<ErrorKey, Content>>,
    rules: Vec<RuleStatus>,
    digest: Digest,
}

/// The state of a rule's folder after loading.
#[derive(Clone, Debug, Serialize)]
pub struct RuleStatus {
    /// The path of the folder below the root.
    pub folder: String,
    /// The rule's module, if it could be read.
    pub rule: Option<RuleFqdn>,
    /// The keys that have content.
    pub error_keys: Vec<ErrorKey>,
    /// The problems of the rule, its keys and its texts.
    pub problems: Vec<Problem>,
}

/// The state of a rule's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// All keys have content that can be shown.
    Loaded,
    /// The rule, a key or a text can't be shown.
    Broken,
}

/// A folder is not a content tree.
#[derive(Debug, Snafu)]
pub enum LoadError {
    /// The `config.yaml` is missing.
    #[snafu(display("config.yaml is missing: the folder with config.yaml is the content tree"))]
    NoConfig,
    /// A file that all rules share can't be read.
    #[snafu(display("{problem}"))]
    Shared {
        /// The problem, with its file.
        problem: Problem,
    },
}

impl ContentTree {
    /// Returns the built-in tree.
    ///
    /// # Panics
    ///
    /// When the built-in tree can't be loaded, which a test rules out.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<ContentTree> = LazyLock::new(|| {
            ContentTree::load(&Files::builtin()).expect("a test has loaded the built-in tree")
        });
        &BUILTIN
    }

    /// Loads a tree. [`ContentTree::rules`] returns the problems of single rules.
    pub fn load(files: &Files) -> Result<Self, LoadError> {
        load::load(files)
    }

    /// Merges this tree over `below`: where both have content for a key, this one is used, with a warning.
    #[must_use]
    pub fn over(mut self, below: &Self) -> Self {
        for content in below.contents() {
            if self.get(&content.selector.rule, &content.selector.error_key).is_some() {
                self.warn_of_hidden(&content.selector);
            } else {
                self.insert(content.clone());
            }
        }
        self.rules.extend(below.rules.iter().cloned());
        if self.groups.is_empty() {
            self.groups.clone_from(&below.groups);
        }
        Self { digest: self.digest.over(below.digest), ..self }
    }

    /// Returns the content of a module and key.
    pub fn get(&self, rule: &RuleFqdn, error_key: &ErrorKey) -> Option<&Content> {
        self.contents.get(rule)?.get(error_key)
    }

    /// Returns the content of a composite id.
    pub fn find(&self, selector: &RuleSelector) -> Option<&Content> {
        self.get(&selector.rule, &selector.error_key)
    }

    /// Iterates over all content, ordered by module and key.
    pub fn contents(&self) -> impl Iterator<Item = &Content> {
        self.contents.values().flat_map(BTreeMap::values)
    }

    /// Returns the status of each rule's folder, ordered by path; after a merge, the upper tree's first.
    pub fn rules(&self) -> &[RuleStatus] {
        &self.rules
    }

    /// Returns the categories that users filter by.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the configuration of the tree.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the digest of the files.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    fn insert(&mut self, content: Content) {
        let RuleSelector { rule, error_key } = content.selector.clone();
        self.contents.entry(rule).or_default().insert(error_key, content);
    }

    fn warn_of_hidden(&mut self, selector: &RuleSelector) {
        let is_of_rule = |status: &&mut RuleStatus| status.rule.as_ref() == Some(&selector.rule);
        if let Some(status) = self.rules.iter_mut().find(is_of_rule) {
            let file = format!("{}/{}/metadata.yaml", status.folder, selector.error_key);
            status.problems.push(Problem::warning(file, ProblemKind::Hides { selector: selector.clone() }));
        }
    }
}

impl RuleStatus {
    /// Returns whether all content of the rule can be shown.
    pub fn state(&self) -> RuleState {
        let is_broken = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        if is_broken { RuleState::Broken } else { RuleState::Loaded }
    }
}

#[cfg(test)]
mod tests;
