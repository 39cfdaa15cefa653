//! A rule that hit, with its texts.

use ccx_content::{Content, Text};
use ccx_messages::{RuleFqdn, RuleSelector, format_utc_seconds};
use ccx_service::error_chain;
use ccx_storage::read::StoredHit;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{content::Trees, hit::details};

/// The severity of a rule without texts. Clients know 1 to 4.
const UNKNOWN_RISK: u8 = 1;

/// A rule that hit, in the form that clients of the service in front know, with its texts about this cluster.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recommendation {
    /// The rule's module and `.report`.
    rule_id: String,
    /// The headline; the key when the rule has no texts.
    description: String,
    /// The problem on any cluster. Markdown, as the following texts.
    details: String,
    /// The finding in this cluster, and its consequences.
    reason: String,
    /// The steps that solve the problem.
    resolution: String,
    /// Links to more information.
    more_info: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    total_risk: u8,
    /// Words to filter by.
    tags: Vec<String>,
    /// The user's vote on the rule: -1, 0 or 1.
    #[schema(minimum = -1, maximum = 1)]
    user_vote: i16,
    /// Whether the rule is disabled for the cluster.
    disabled: bool,
    /// The user's reason for disabling the rule.
    disable_feedback: String,
    /// When the rule was disabled or a reason was given; empty when neither.
    #[schema(example = "2026-01-23T16:15:59Z")]
    disabled_at: String,
    /// The data for the texts, `error_key` among them.
    #[schema(value_type = Object)]
    extra_data: Box<RawValue>,
    /// Since when the rule has hit without interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-23T16:15:59Z", nullable = false)]
    impacted: Option<String>,
}

impl Recommendation {
    /// Joins a hit with its texts. A rule without texts is shown by its key.
    pub(crate) fn new(stored: StoredHit, texts: &Trees) -> Self {
        let content = selector(&stored).and_then(|selector| texts.find(&selector));
        let extra_data = details(stored.template_data, &stored.component, &stored.error_key);
        let data = serde_json::from_str(extra_data.get()).unwrap_or_default();
        let text =
            |of: fn(&Content) -> &Text| content.map(|content| render(of(content), &data)).unwrap_or_default();
        Self {
            description: content
                .map_or_else(|| stored.error_key.clone(), |content| render(&content.description, &data)),
            details: text(|content| &content.texts.generic),
            reason: text(|content| &content.texts.reason),
            resolution: text(|content| &content.texts.resolution),
            more_info: text(|content| &content.texts.more_info),
            total_risk: content.map_or(UNKNOWN_RISK, |content| content.total_risk().clamp(1, 4)),
            tags: content.map(|content| content.tags.clone()).unwrap_or_default(),
            rule_id: stored.component,
            user_vote: stored.user_vote,
            disabled: stored.is_disabled,
            disable_feedback: stored.disable_feedback,
            disabled_at: stored.disabled_at.map(format_utc_seconds).unwrap_or_default(),
            extra_data,
            impacted: stored.created_at.map(format_utc_seconds),
        }
    }
}

fn selector(stored: &StoredHit) -> Option<RuleSelector> {
    let rule = RuleFqdn::from_component(&stored.component).ok()?;
    Some(RuleSelector { rule, error_key: stored.error_key.parse().ok()? })
}

/// Renders a text with these data; returns the template when they do not fit, as it says more than nothing.
fn render(text: &Text, data: &Value) -> String {
    text.render(data).unwrap_or_else(|error| {
        tracing::debug!(error = error_chain(&error), "template not rendered, showing its source");
        text.source().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hit(module: &str, key: &str, details: &Value) -> StoredHit {
        StoredHit {
            component: format!("{module}.report"),
            error_key: key.into(),
            template_data: details.to_string(),
            created_at: None,
            is_disabled: false,
            disabled_at: None,
            disable_feedback: String::new(),
            user_vote: 0,
        }
    }

    fn recommendation(hit: &StoredHit) -> Value {
        serde_json::to_value(Recommendation::new(hit.clone(), &Trees::default())).unwrap()
    }

    #[test]
    fn recommendation_texts_name_the_objects_of_the_cluster() {
        let details = json!({"type": "rule", "error_key": "CONTROL_PLANE_NODE_REPLICAS", "control_plane_nodes": 2, "expected": 3,
            "nodes": ["m0", "m1"]});
        let hit = hit(
            "ccx_rules_ocp.external.rules.control_plane_replicas",
            "CONTROL_PLANE_NODE_REPLICAS",
            &details,
        );
        let recommendation = recommendation(&hit);
        assert_eq!(
            recommendation["description"],
            "The control plane does not have the supported number of nodes"
        );
        assert!(recommendation["reason"].as_str().unwrap().contains("m1"), "{recommendation}");
        assert_eq!((&recommendation["total_risk"], &recommendation["extra_data"]), (&json!(2), &details));
    }

    #[test]
    fn rule_without_texts_is_shown_by_its_key() {
        let recommendation = recommendation(&hit("acme.unheard_of", "KEY", &json!({"a": 1})));
        let expected = json!({"rule_id": "acme.unheard_of.report", "description": "KEY", "details": "", "reason": "",
            "resolution": "", "more_info": "", "total_risk": 1, "tags": [], "user_vote": 0, "disabled": false,
            "disable_feedback": "", "disabled_at": "", "extra_data": {"a": 1}});
        assert_eq!(recommendation, expected);
    }

    #[test]
    fn text_that_does_not_fit_the_details_is_shown_as_a_template() {
        let hit = hit("ccx_rules.external.node_pressure", "NODE_RESOURCE_PRESSURE", &json!({}));
        assert!(recommendation(&hit)["reason"].as_str().unwrap().contains("pydata."));
    }
}
