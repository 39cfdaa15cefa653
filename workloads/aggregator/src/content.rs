//! The texts about findings: the built-in ones, and those that the rules of users bring with them.
//!
//! ```text
//!  rules.directories ──▶ RuleFiles ──▶ Reloader ──┬─▶ a new tree, for the answers from now on
//!    (each interval)                    (pure)    └─▶ refused: the tree stays, the log says why
//! ```

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use ccx_config::Rules;
use ccx_content::{Content, ContentTree};
use ccx_declarative_rules::{Change, Reloader, RuleFiles};
use ccx_messages::RuleSelector;
use ccx_service::error_chain;
use tokio_util::sync::CancellationToken;

/// The texts of the moment.
#[derive(Default)]
pub(crate) struct CurrentContent(RwLock<Trees>);

/// The texts of one answer.
#[derive(Clone, Default)]
pub(crate) struct Trees {
    /// Those of the rules of users, once there are some.
    of_users: Option<Arc<ContentTree>>,
}

impl CurrentContent {
    /// The texts; an answer is made with the same ones from its beginning to its end.
    pub(crate) fn get(&self) -> Trees {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, of_users: ContentTree) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            Trees { of_users: Some(Arc::new(of_users)) };
    }
}

impl Trees {
    /// What is told about a rule and key. Users may say something else than we do.
    pub(crate) fn find(&self, selector: &RuleSelector) -> Option<&Content> {
        let of_users = self.of_users.as_ref().and_then(|tree| tree.find(selector));
        of_users.or_else(|| ContentTree::builtin().find(selector))
    }
}

/// Looks at the rules of users until `shutdown`, when the configuration has some.
pub(crate) async fn follow_rules(
    content: &Arc<CurrentContent>,
    settings: &Rules,
    shutdown: &CancellationToken,
) {
    if settings.directories.is_empty() {
        return;
    }
    let mut reloader = Reloader::default();
    loop {
        let (content, directories) = (Arc::clone(content), settings.directories.clone());
        // Files are read, expressions compiled, and the rules' tests run.
        let look = tokio::task::spawn_blocking(move || {
            look(&content, &directories, &mut reloader);
            reloader
        });
        match look.await {
            Ok(looked) => reloader = looked,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(settings.reload_interval)).await.is_none() {
            return;
        }
    }
}

fn look(content: &CurrentContent, directories: &[PathBuf], reloader: &mut Reloader) {
    let files = match RuleFiles::read(directories) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(error = error_chain(&error), "the texts of the rules of users stay as they are");
            return;
        }
    };
    match reloader.look_at(&files) {
        Change::None | Change::Restored => {}
        Change::Loaded(set) => {
            tracing::info!(rules = set.rules().len(), digest = %set.digest(), "the texts of the rules of users are in use");
            content.set(set.content());
        }
        Change::Refused(problems) => {
            let problem = problems.first().map(ToString::to_string);
            tracing::error!(problem, "the rules of users are refused; their texts stay as they are");
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
        let (content, mut reloader) = (CurrentContent::default(), Reloader::default());
        let mut after = |text: &str| {
            fs::write(directory.path().join("a.yaml"), text).unwrap();
            look(&content, &[directory.path().to_owned()], &mut reloader);
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
