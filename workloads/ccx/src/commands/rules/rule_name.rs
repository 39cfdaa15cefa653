//! The names of rules on the command line.

use std::ffi::OsStr;

use ccx_cli::{CliError, Exit};
use ccx_content::{Content, ContentTree};
use clap::{
    Arg, Command,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};
use snafu::Snafu;

/// An unknown rule name.
#[derive(Debug, Snafu)]
#[snafu(display("no rule and no error key is called {name:?}"))]
pub(crate) struct UnknownRule {
    name: String,
    similar: Vec<String>,
}

impl CliError for UnknownRule {
    fn exit(&self) -> Exit {
        Exit::Setup
    }

    fn advice(&self) -> Option<String> {
        Some(advice(&self.similar))
    }
}

/// Returns what to do about an unknown name, given similar ones.
pub(super) fn advice(similar: &[String]) -> String {
    match similar {
        [] => "`ccx rules list` shows all".into(),
        similar => format!("did you mean {}?", similar.join(" or ")),
    }
}

/// Accepts any name, and completes error keys in shells.
#[derive(Clone)]
pub(crate) struct RuleNameParser;

impl TypedValueParser for RuleNameParser {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let keys = ContentTree::builtin().contents().map(|content| content.selector.error_key.as_str());
        Some(Box::new(keys.map(PossibleValue::new)))
    }
}

/// Returns the content that a name refers to: an error key, a module or its last part, a component, or
/// `<module>|<ERROR_KEY>`.
pub(crate) fn find<'a>(tree: &'a ContentTree, name: &str) -> Result<Vec<&'a Content>, UnknownRule> {
    let module =
        name.strip_suffix(".report").or_else(|| name.strip_suffix(".recommendation")).unwrap_or(name);
    let is_named = |content: &&Content| {
        let rule = content.selector.rule.as_str();
        content.selector.error_key.as_str().eq_ignore_ascii_case(name)
            || content.selector.to_string() == name
            || rule == module
            || rule.rsplit('.').next() == Some(module)
    };
    let found: Vec<&Content> = tree.contents().filter(is_named).collect();
    if found.is_empty() {
        Err(UnknownRule { name: name.to_owned(), similar: similar(tree, name) })
    } else {
        Ok(found)
    }
}

/// The number of names that an error suggests.
const MAX_SUGGESTIONS: usize = 3;

/// Words with fewer letters, such as NO, NOT and OF, are in keys of all kinds.
const MIN_LETTERS: usize = 4;

/// A word that says nothing about which rule is meant.
const ANY_RULE: &str = "RULE";

/// Returns the error keys that share most words with a name, in singular or plural.
pub(super) fn similar(tree: &ContentTree, name: &str) -> Vec<String> {
    let wanted = name.to_ascii_uppercase();
    let singular = |word: &'_ str| word.strip_suffix('S').unwrap_or(word).to_owned();
    let words: Vec<String> = wanted
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| word.len() >= MIN_LETTERS)
        .map(singular)
        .filter(|word| word != ANY_RULE)
        .collect();
    let shared = |key: &str| key.split('_').filter(|word| words.contains(&singular(word))).count();
    let mut keys: Vec<(usize, &str)> = tree
        .contents()
        .map(|content| content.selector.error_key.as_str())
        .map(|key| (shared(key), key))
        .collect();
    keys.retain(|(count, _)| *count > 0);
    keys.sort_by(|a, b| (b.0, a.1.len()).cmp(&(a.0, b.1.len())));
    keys.into_iter().take(MAX_SUGGESTIONS).map(|(_, key)| key.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_is_found_by_each_of_its_names() {
        for name in [
            "NODE_NOT_READY",
            "node_not_ready",
            "ccx_rules.external.node_not_ready",
            "ccx_rules.external.node_not_ready.report",
            "ccx_rules.external.node_not_ready|NODE_NOT_READY",
        ] {
            let found = find(ContentTree::builtin(), name).unwrap();
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].selector.error_key.as_str(), "NODE_NOT_READY");
        }
    }

    #[test]
    fn unknown_rule_name_is_reported_with_similar_ones() {
        let error = find(ContentTree::builtin(), "NODES_NOT_READY").unwrap_err();
        assert_eq!(error.to_string(), r#"no rule and no error key is called "NODES_NOT_READY""#);
        assert!(error.advice().unwrap().contains("NODE_NOT_READY"), "{:?}", error.advice());
        let error = find(ContentTree::builtin(), "nodes_not_redy").unwrap_err();
        assert!(error.advice().unwrap().contains("NODE_NOT_READY"), "{:?}", error.advice());
        let error = find(ContentTree::builtin(), "NO_SUCH_RULE").unwrap_err();
        assert_eq!(error.advice().unwrap(), "`ccx rules list` shows all", "NO is no word to search for");
        let error = find(ContentTree::builtin(), "xyzzy").unwrap_err();
        assert_eq!(error.advice().unwrap(), "`ccx rules list` shows all");
    }
}
