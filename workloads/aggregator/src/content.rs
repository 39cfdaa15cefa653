//! The texts about rules: of users' rules, of content trees (for rules in Python, for example), and the built-in ones.
//!
//! ```text
//!  rules.directories ────────▶ RuleWatcher ────┬─▶ a new tree, for the responses from now on
//!  rules.content_directories ▶ ContentWatcher ─┴─▶ rejected: the tree stays, the log says why
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use ccx_config::Rules;
use ccx_content::{Content, ContentTree, ContentWatcher, Digest, Group, Update};
use ccx_declarative_rules::{RuleSet, RuleWatcher};
use ccx_messages::RuleSelector;
use ccx_service::run_periodically;
use tokio_util::sync::CancellationToken;

/// The texts in use.
#[derive(Debug, Default)]
pub struct CurrentContent(RwLock<Trees>);

/// The texts for one response.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    /// The texts of users' rules, once there are any.
    user_rules: Option<Arc<ContentTree>>,
    /// The texts of the configured content trees, once they are read.
    user_content: Option<Arc<ContentTree>>,
}

impl CurrentContent {
    /// Returns the texts; one response uses the same ones throughout.
    pub fn get(&self) -> Trees {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Trees)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Trees {
    /// Returns the texts of a rule and key: of users' rules, else of content trees, else the built-in ones.
    pub fn find(&self, selector: &RuleSelector) -> Option<&Content> {
        self.trees().find_map(|tree| tree.find(selector))
    }

    /// Returns the texts of all rules and keys, each once, sorted.
    pub fn contents(&self) -> Vec<&Content> {
        let mut contents: BTreeMap<&RuleSelector, &Content> = BTreeMap::new();
        for tree in self.trees() {
            for content in tree.contents() {
                contents.entry(&content.selector).or_insert(content);
            }
        }
        contents.into_values().collect()
    }

    /// Returns the categories that users filter by: of content trees, else the built-in ones.
    pub fn groups(&self) -> &[Group] {
        self.trees().map(ContentTree::groups).find(|groups| !groups.is_empty()).unwrap_or_default()
    }

    /// Returns what changes with the texts: the digests of the trees.
    pub fn version(&self) -> Vec<Digest> {
        self.trees().map(ContentTree::digest).collect()
    }

    /// Returns the trees, the first of which counts where several have texts for a key.
    pub fn trees(&self) -> impl Iterator<Item = &ContentTree> {
        let of_users = [&self.user_rules, &self.user_content].into_iter().flatten();
        of_users.map(|tree| &**tree).chain([ContentTree::builtin()])
    }
}

/// Keeps the texts of the configured directories up to date until `shutdown`.
pub async fn follow_rules(content: &Arc<CurrentContent>, settings: &Rules, shutdown: &CancellationToken) {
    if settings.directories.is_empty() && settings.content_directories.is_empty() {
        return;
    }
    let mut follower = Follower::new(Arc::clone(content), settings);
    run_periodically(settings.reload_interval, shutdown, move || follower.poll()).await;
}

struct Follower {
    content: Arc<CurrentContent>,
    rules: Option<RuleWatcher>,
    trees: Option<ContentWatcher>,
}

impl Follower {
    fn new(content: Arc<CurrentContent>, settings: &Rules) -> Self {
        let (rules, trees) = (&settings.directories, &settings.content_directories);
        Self {
            content,
            rules: (!rules.is_empty()).then(|| RuleWatcher::new(rules.clone())),
            trees: (!trees.is_empty()).then(|| ContentWatcher::new(trees.clone())),
        }
    }

    fn poll(&mut self) {
        if let Some(set) = self.rules.as_mut().and_then(|rules| loaded(rules.poll(), "user rules")) {
            self.take_rules(&set);
        }
        if let Some(tree) = self.trees.as_mut().and_then(|trees| loaded(trees.poll(), "content trees")) {
            self.take_trees(tree);
        }
    }

    fn take_rules(&self, set: &RuleSet) {
        tracing::info!(rules = set.rules().len(), digest = %set.digest(), "content of user rules loaded");
        let tree = Arc::new(set.content());
        self.content.change(|trees| trees.user_rules = Some(tree));
    }

    fn take_trees(&self, tree: ContentTree) {
        for problem in tree.rules().iter().flat_map(|status| &status.problems) {
            tracing::warn!(%problem, "content of a rule is invalid");
        }
        tracing::info!(keys = tree.contents().count(), digest = %tree.digest(), "content trees loaded");
        self.content.change(|trees| trees.user_content = Some(Arc::new(tree)));
    }
}

/// Returns what is to be used from now on, and logs anything else that has happened.
fn loaded<T>(update: Update<T>, source: &'static str) -> Option<T> {
    match update {
        Update::Unchanged => None,
        Update::Loaded(set) => Some(set),
        Update::Recovered => {
            tracing::info!(source, "files are valid again; the content in use is up to date");
            None
        }
        Update::Rejected(problems) => {
            let problem = problems.first().map(ToString::to_string);
            tracing::error!(source, problem, "files rejected, keeping the previous content");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const RULE: &str = "apiVersion: ccx.rules/v1\nid: acme.external.a\nerror_key: KEY\ninputs: {version: {file: config/version.json}}\n\
                        when: version == null\ncontent: {description: OLD, reason: R, resolution: S}\n";

    fn description(content: &CurrentContent, selector: &str) -> Option<String> {
        Some(content.get().find(&selector.parse().unwrap())?.description.source().to_owned())
    }

    #[test]
    fn content_tree_has_texts_of_rules_that_are_not_ours_and_replaces_built_in_ones() {
        let directory = TempDir::new().unwrap();
        for (module, key) in
            [("acme.rules.python", "P"), ("ccx_rules.external.node_not_ready", "NODE_NOT_READY")]
        {
            let rule = directory.path().join("external/rules").join(key);
            fs::create_dir_all(rule.join(key)).unwrap();
            fs::write(rule.join("plugin.yaml"), format!("python_module: {module}\n")).unwrap();
            fs::write(rule.join("generic.md"), "G").unwrap();
            fs::write(rule.join("reason.md"), "R").unwrap();
            fs::write(rule.join(key).join("metadata.yaml"), "description: OURS\n").unwrap();
        }
        fs::write(directory.path().join("config.yaml"), "impact: {}\n").unwrap();
        let content = Arc::<CurrentContent>::default();
        let settings = Rules { content_directories: vec![directory.path().to_owned()], ..Rules::default() };
        let mut follower = Follower::new(Arc::clone(&content), &settings);
        follower.poll();
        for selector in ["acme.rules.python|P", "ccx_rules.external.node_not_ready|NODE_NOT_READY"] {
            assert_eq!(description(&content, selector).as_deref(), Some("OURS"), "{selector}");
        }
        fs::remove_file(directory.path().join("config.yaml")).unwrap();
        follower.poll();
        assert_eq!(description(&content, "acme.rules.python|P").as_deref(), Some("OURS"));
    }

    #[test]
    fn invalid_set_keeps_the_texts_of_the_previous_one() {
        let directory = TempDir::new().unwrap();
        let content = Arc::<CurrentContent>::default();
        let settings = Rules { directories: vec![directory.path().to_owned()], ..Rules::default() };
        let mut follower = Follower::new(Arc::clone(&content), &settings);
        let mut after = |text: &str| {
            fs::write(directory.path().join("a.yaml"), text).unwrap();
            follower.poll();
            description(&content, "acme.external.a|KEY")
        };
        assert_eq!(after("- no rule"), None);
        assert_eq!(after(RULE).as_deref(), Some("OLD"));
        assert_eq!(after(&RULE.replace("when", "whn")).as_deref(), Some("OLD"));
        assert_eq!(after(&RULE.replace("OLD", "NEW")).as_deref(), Some("NEW"));
    }

    #[test]
    fn built_in_rules_have_texts_without_rules_of_users() {
        let found =
            description(&CurrentContent::default(), "ccx_rules.external.node_not_ready|NODE_NOT_READY");
        assert!(found.is_some_and(|description| !description.is_empty()));
    }
}
