//! Conversion of rule texts to a content tree.

use ccx_content::{ContentTree, Files};
use serde_json::json;

use crate::{DeclarativeRule, RuleContent, RuleSet};

/// Names of the ratings 1 to 4; a content tree refers to ratings by name.
const LEVELS: [&str; 4] = ["Low", "Moderate", "Important", "Critical"];

impl RuleSet {
    /// Returns a content tree with the texts of all rules that have `content`.
    ///
    /// # Panics
    ///
    /// Never: the configuration of the tree is generated.
    pub fn content(&self) -> ContentTree {
        tree(self.rules().iter())
    }
}

impl DeclarativeRule {
    /// Returns a content tree with the texts of the rule, or `None` if the rule file has no `content`.
    pub fn content_tree(&self) -> Option<ContentTree> {
        self.content().map(|_| tree(std::iter::once(self)))
    }

    /// Like [`Self::content_tree`], but a rule without `content` gets an entry that has only its error key.
    pub fn content_tree_or_key(&self) -> ContentTree {
        let files = files_of(self, self.content().unwrap_or(&RuleContent::default()));
        tree_of_files(files.into_iter())
    }
}

fn tree<'r>(rules: impl Iterator<Item = &'r DeclarativeRule>) -> ContentTree {
    tree_of_files(rules.filter_map(|rule| Some(files_of(rule, rule.content()?))).flatten())
}

fn tree_of_files(files: impl Iterator<Item = (String, String)>) -> ContentTree {
    let files: Files = files.chain([("config.yaml".to_owned(), config())]).collect();
    ContentTree::load(&files).expect("config.yaml is generated above")
}

fn config() -> String {
    let levels: serde_json::Map<_, _> =
        LEVELS.iter().zip(1..).map(|(name, level)| ((*name).to_owned(), json!(level))).collect();
    // JSON is a subset of YAML.
    json!({"impact": levels, "resolution_risk": levels}).to_string()
}

fn files_of(rule: &DeclarativeRule, content: &RuleContent) -> [(String, String); 6] {
    let level = |level: u8| LEVELS.get(usize::from(level).wrapping_sub(1));
    let metadata = json!({
        "description": content.description,
        "impact": level(content.impact),
        "likelihood": content.likelihood,
        "resolution_risk": level(content.resolution_risk),
        "tags": content.tags,
    });
    let plugin = json!({"name": rule.id(), "python_module": rule.id()});
    let folder = format!("external/rules/{}", rule.id());
    let key = format!("{folder}/{}", rule.error_key());
    [
        (format!("{folder}/plugin.yaml"), plugin.to_string()),
        (format!("{key}/metadata.yaml"), metadata.to_string()),
        (format!("{key}/generic.md"), content.generic.clone()),
        (format!("{key}/reason.md"), content.reason.clone()),
        (format!("{key}/resolution.md"), content.resolution.clone()),
        (format!("{key}/more_info.md"), content.more_info.clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleFiles;

    const TWO_RULES: &str = include_str!("../examples/nodes-differ.yaml");

    fn content(text: &str) -> ContentTree {
        RuleSet::new(&RuleFiles::from_texts([("a.yaml", text)])).unwrap().content()
    }

    #[test]
    fn content_of_rules_has_the_texts_of_their_file() {
        let tree = content(TWO_RULES);
        assert!(tree.rules().iter().all(|rule| rule.problems.is_empty()), "{:?}", tree.rules());
        let [behind, uneven] = &tree.contents().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(behind.selector.to_string(), "examples.external.nodes_differ|KUBELET_LEFT_BEHIND");
        assert_eq!(uneven.selector.to_string(), "examples.external.nodes_differ|WORKER_MEMORY_UNEVEN");
        assert_eq!(behind.description.source(), "Kubelets are two and more minor versions behind");
        assert_eq!(
            (behind.impact.level, behind.likelihood, behind.total_risk(), behind.resolution_risk.level),
            (3, 2, 2, 1)
        );
        assert_eq!(behind.tags, ["openshift", "service_availability"]);
        let details = json!({"newest": "1.30.2", "behind": [{"name": "b", "version": "1.28.9"}]});
        assert!(behind.texts.reason.render(&details).unwrap().contains("- `b`: 1.28.9"));
        assert!(behind.texts.resolution.source().contains("oc get machineconfigpools"));
    }

    #[test]
    fn rule_without_texts_is_not_in_the_tree() {
        let text = "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: KEY\ninputs: {v: {file: config/version.json}}\nwhen: v == null\n";
        assert_eq!(content(text).contents().count(), 0);
    }
}
