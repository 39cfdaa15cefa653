//! The texts of rules, as a caller may see them.

use ccx_aggregator::Trees;
use ccx_content::{Content, Group, Publication, Text};
use ccx_messages::{RuleFqdn, RuleSelector};
use ccx_service::error_chain;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

/// The folder of a tree whose rules only listed organisations see.
const INTERNAL_SECTION: &str = "internal";

/// The tag of rules that concern clusters which the vendor manages.
const MANAGED_TAG: &str = "osd_customer";

/// The texts for one answer to one caller.
pub(crate) struct Texts {
    trees: Trees,
    sees_internal: bool,
}

/// The parts of a rule that a caller may see.
pub(crate) enum Visible<'a> {
    /// The texts.
    Texts(&'a Content),
    /// The rule has no texts.
    NoTexts,
    /// The rule exists for other organisations only.
    Hidden,
}

impl Texts {
    pub(crate) fn new(trees: Trees, sees_internal: bool) -> Self {
        Self { trees, sees_internal }
    }

    /// Returns the texts of a rule, if the caller may see them.
    pub(crate) fn find(&self, selector: &RuleSelector) -> Visible<'_> {
        match self.trees.find(selector) {
            None => Visible::NoTexts,
            Some(content) if self.may_see(content) => Visible::Texts(content),
            Some(_) => Visible::Hidden,
        }
    }

    /// Returns the texts of a rule that the caller may see.
    pub(crate) fn get(&self, selector: &RuleSelector) -> Option<&Content> {
        match self.find(selector) {
            Visible::Texts(content) => Some(content),
            _ => None,
        }
    }

    /// Returns all texts that the caller may see, sorted.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Content> {
        self.trees.contents().into_iter().filter(|content| self.may_see(content))
    }

    /// Returns all texts of a rule that the caller may see; `None` when all are hidden.
    pub(crate) fn for_rule(&self, rule: &RuleFqdn) -> Option<Vec<&Content>> {
        let of_rule: Vec<&Content> =
            self.trees.contents().into_iter().filter(|content| content.selector.rule == *rule).collect();
        if of_rule.is_empty() {
            return Some(of_rule);
        }
        let visible: Vec<&Content> = of_rule.into_iter().filter(|content| self.may_see(content)).collect();
        (!visible.is_empty()).then_some(visible)
    }

    /// Returns the categories that users filter by.
    pub(crate) fn groups(&self) -> &[Group] {
        self.trees.groups()
    }

    fn may_see(&self, content: &Content) -> bool {
        self.sees_internal || (!is_internal(content) && content.publication == Publication::Active)
    }
}

/// Returns whether only listed organisations see a rule.
pub(crate) fn is_internal(content: &Content) -> bool {
    &*content.section == INTERNAL_SECTION || content.selector.rule.as_str().contains(".internal.")
}

/// Returns whether a rule is shown for clusters that the vendor manages.
pub(crate) fn is_for_managed_clusters(content: &Content) -> bool {
    content.tags.iter().any(|tag| tag == MANAGED_TAG)
}

/// Returns the severity in the range that clients know: 1 to 4.
pub(crate) fn total_risk(content: &Content) -> u8 {
    content.total_risk().clamp(1, 4)
}

/// Returns when a rule was published; `None` when its file has no valid time.
pub(crate) fn publish_date(content: &Content) -> Option<DateTime<Utc>> {
    const FORMS: [&str; 3] = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let text = content.publish_date.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let in_form = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let as_date = || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    in_form.or_else(as_date).map(|time| time.and_utc())
}

/// Renders a text with the data of a hit; returns the template when they do not fit, as it says more than nothing.
pub(crate) fn render(text: &Text, data: &Value) -> String {
    text.render(data).unwrap_or_else(|error| {
        tracing::debug!(error = error_chain(&error), "template not rendered, showing its source");
        text.source().to_owned()
    })
}
