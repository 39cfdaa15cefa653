//! The texts of rules: the built-in ones, and those of users' rules.
//!
//! ```text
//!  rules.directories ──▶ RuleWatcher ──┬─▶ a new tree, for the answers from now on
//!    (each interval)                      └─▶ refused: the tree stays, the log says why
//! ```

use std::sync::{Arc, PoisonError, RwLock};

use ccx_config::Rules;
use ccx_content::{Content, ContentTree};
use ccx_declarative_rules::{RuleUpdate, RuleWatcher};
use ccx_messages::RuleSelector;
use ccx_service::run_periodically;
use tokio_util::sync::CancellationToken;

/// The texts in use.
#[derive(Default)]
pub(crate) struct CurrentContent(RwLock<Trees>);

/// The texts for one answer.
#[derive(Clone, Default)]
pub(crate) struct Trees {
    /// The texts of users' rules, once there are any.
    of_users: Option<Arc<ContentTree>>,
}

impl CurrentContent {
    /// Returns the texts; one answer uses the same ones throughout.
    pub(crate) fn get(&self) -> Trees {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, of_users: ContentTree) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            Trees { of_users: Some(Arc::new(of_users)) };
    }
}

impl Trees {
    /// Returns the texts of a rule and key. Those of users come before the built-in ones.
    pub(crate) fn find(&self, selector: &RuleSelector) -> Option<&Content> {
        let of_users = self.of_users.as_ref().and_then(|tree| tree.find(selector));
        of_users.or_else(|| ContentTree::builtin().find(selector))
    }
}

/// Keeps the content of the users' rules up to date until `shutdown`, when the configuration has some.
pub(crate) async fn follow_rules(
    content: &Arc<CurrentContent>,
    settings: &Rules,
    shutdown: &CancellationToken,
) {
    if settings.directories.is_empty() {
        return;
    }
    let (content, mut watcher) = (Arc::clone(content), RuleWatcher::new(settings.directories.clone()));
    run_periodically(settings.reload_interval, shutdown, move || update(&content, watcher.poll())).await;
}

fn update(content: &CurrentContent, update: RuleUpdate) {
    match update {
        RuleUpdate::Unchanged => {}
        RuleUpdate::Loaded(set) => {
            tracing::info!(rules = set.rules().len(), digest = %set.digest(), "content of user rules loaded");
            content.set(set.content());
        }
        RuleUpdate::Recovered => tracing::info!("user rules are valid again; their content is up to date"),
        RuleUpdate::Rejected(problems) => {
            let problem = problems.first().map(ToString::to_string);
            tracing::error!(problem, "user rules rejected, keeping the content of the previous set");
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
    fn a_set_with_a_mistake_leaves_the_texts_of_the_one_before() {
        let directory = TempDir::new().unwrap();
        let content = CurrentContent::default();
        let mut watcher = RuleWatcher::new(vec![directory.path().to_owned()]);
        let mut after = |text: &str| {
            fs::write(directory.path().join("a.yaml"), text).unwrap();
            update(&content, watcher.poll());
            description(&content, "acme.external.a|KEY")
        };
        assert_eq!(after("- no rule"), None);
        assert_eq!(after(RULE).as_deref(), Some("OLD"));
        assert_eq!(after(&RULE.replace("when", "whn")).as_deref(), Some("OLD"));
        assert_eq!(after(&RULE.replace("OLD", "NEW")).as_deref(), Some("NEW"));
    }

    #[test]
    fn the_built_in_rules_have_texts_without_any_rule_of_users() {
        let found =
            description(&CurrentContent::default(), "ccx_rules.external.node_not_ready|NODE_NOT_READY");
        assert!(found.is_some_and(|description| !description.is_empty()));
    }
}
