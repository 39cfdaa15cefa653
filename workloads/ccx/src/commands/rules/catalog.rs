//! The catalog of built-in rules and rules of users, with their texts.

use std::path::PathBuf;

use ccx_cli::CliError;
use ccx_config::Rules;
use ccx_content::{ContentTree, Problem};
use ccx_declarative_rules::DeclarativeRule;
use ccx_rules::{Budget, Engine, Rule};
use snafu::Snafu;

use super::files::{read_given_rules, read_rules};
use crate::cli::Global;

/// Rules and their texts.
pub(crate) struct Catalog {
    pub(super) engine: Engine,
    pub(super) content: ContentTree,
    pub(super) user_rules: Vec<DeclarativeRule>,
}

/// A content tree of the configuration can't be read.
#[derive(Debug, Snafu)]
#[snafu(display("{problem}"))]
struct ContentError {
    problem: Problem,
}

impl CliError for ContentError {
    fn advice(&self) -> Option<String> {
        Some("rules.content_directories of the configuration names content trees".into())
    }
}

impl Catalog {
    /// Reads the rules of files, and the rules and content trees that the configuration names.
    pub(crate) fn load(global: &Global, files: &[PathBuf]) -> Result<Self, Box<dyn CliError>> {
        let settings = global.config()?.rules;
        let mut user_rules = read_given_rules(files)?;
        user_rules.extend(read_rules(&settings.directories)?);
        let mut content: Option<ContentTree> = None;
        let mut add = |tree: ContentTree| {
            content = Some(match content.take() {
                Some(above) => above.over(&tree),
                None => tree,
            });
        };
        for rule in &user_rules {
            add(rule.content_tree_or_key());
        }
        if let Some(tree) = configured_content(&settings)? {
            add(tree);
        }
        let builtin = ContentTree::builtin();
        let content = content.map_or_else(|| builtin.clone(), |above| above.over(builtin));
        let of_users = user_rules.iter().map(|rule| Box::new(rule.clone()) as Box<dyn Rule>);
        let rules = ccx_builtin_rules::rules().into_iter().chain(of_users).collect();
        Ok(Self { engine: Engine::new(rules, Budget::default()), content, user_rules })
    }
}

/// Reads the content trees that the configuration names; `None` if it names none.
pub(super) fn configured_content(settings: &Rules) -> Result<Option<ContentTree>, Box<dyn CliError>> {
    if settings.content_directories.is_empty() {
        return Ok(None);
    }
    let tree = ContentTree::read_all(&settings.content_directories);
    Ok(Some(tree.map_err(|problem| ContentError { problem })?))
}
