//! A rule that hit, with what a user is told about it.

use ccx_content::{Content, Text};
use ccx_messages::{RuleFqdn, RuleSelector, format_utc_seconds};
use ccx_service::error_chain;
use ccx_storage::read::StoredHit;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{content::Trees, hit::details, openapi::schema};

/// The severity of a rule that nobody has written texts for. Clients know 1 to 4.
const UNKNOWN_RISK: u8 = 1;

/// A rule that hit, in the form in which clients of the service in front know it, and with its texts about this cluster.
#[derive(Serialize)]
pub(crate) struct RecommendationPayload<'a> {
    rule_id: &'a str,
    description: String,
    /// What the problem is on any cluster.
    details: String,
    reason: String,
    resolution: String,
    more_info: String,
    total_risk: u8,
    tags: &'a [String],
    user_vote: i16,
    disabled: bool,
    disable_feedback: &'a str,
    disabled_at: String,
    extra_data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    impacted: Option<String>,
}

impl<'a> RecommendationPayload<'a> {
    /// Joins a hit with its texts. A rule without texts is shown by its key.
    pub(crate) fn new(stored: &'a StoredHit, texts: &'a Trees) -> Self {
        let extra_data = details(stored);
        let content = selector(stored).and_then(|selector| texts.find(&selector));
        let data = serde_json::from_str(extra_data.get()).unwrap_or_default();
        let text =
            |of: fn(&Content) -> &Text| content.map(|content| render(of(content), &data)).unwrap_or_default();
        Self {
            rule_id: &stored.component,
            description: content
                .map_or_else(|| stored.error_key.clone(), |content| render(&content.description, &data)),
            details: text(|content| &content.texts.generic),
            reason: text(|content| &content.texts.reason),
            resolution: text(|content| &content.texts.resolution),
            more_info: text(|content| &content.texts.more_info),
            total_risk: content.map_or(UNKNOWN_RISK, |content| content.total_risk().clamp(1, 4)),
            tags: content.map(|content| &*content.tags).unwrap_or_default(),
            user_vote: stored.user_vote,
            disabled: stored.is_disabled,
            disable_feedback: &stored.disable_feedback,
            disabled_at: stored.disabled_at.map(format_utc_seconds).unwrap_or_default(),
            extra_data,
            impacted: stored.created_at.map(format_utc_seconds),
        }
    }

    /// The JSON schema.
    pub(crate) fn schema() -> Value {
        let text = |description: &str| json!({ "type": "string", "description": description });
        schema::object(&json!({
            "rule_id": text("The rule's module and `.report`."),
            "description": text("The headline; the key when there are no texts about it."),
            "details": text("What the problem is, for any cluster. Markdown, as the following texts."),
            "reason": text("What was found in this cluster, and why it matters."),
            "resolution": text("What to do about it."),
            "more_info": text("Where to read on."),
            "total_risk": { "type": "integer", "enum": [1, 2, 3, 4], "description": "How bad it is: 1 is low, 4 is critical." },
            "tags": { "type": "array", "items": { "type": "string" }, "description": "Words to filter by." },
            "user_vote": { "type": "integer", "enum": [-1, 0, 1], "description": "The user's vote on the rule." },
            "disabled": { "type": "boolean", "description": "Whether the rule is switched off for this cluster." },
            "disable_feedback": text("Why the user switched it off."),
            "disabled_at": schema::time("When it was switched off; empty when it was not."),
            "extra_data": { "type": "object", "description": "The data that the texts are made of, `error_key` among them." },
            "impacted": schema::time("Since when the rule has hit without a break."),
        }))
    }
}

fn selector(stored: &StoredHit) -> Option<RuleSelector> {
    let rule = RuleFqdn::from_component(&stored.component).ok()?;
    Some(RuleSelector { rule, error_key: stored.error_key.parse().ok()? })
}

/// The text about these data; as a template when it does not fit them, since it says more than nothing.
fn render(text: &Text, data: &Value) -> String {
    text.render(data).unwrap_or_else(|error| {
        tracing::debug!(error = error_chain(&error), "a text is shown as a template");
        text.source().to_owned()
    })
}

#[cfg(test)]
mod tests {
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
        serde_json::to_value(RecommendationPayload::new(hit, &Trees::default())).unwrap()
    }

    #[test]
    fn texts_speak_of_the_cluster() {
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
    fn a_rule_without_texts_is_shown_by_its_key() {
        let recommendation = recommendation(&hit("acme.unheard_of", "KEY", &json!({"a": 1})));
        let expected = json!({"rule_id": "acme.unheard_of.report", "description": "KEY", "details": "", "reason": "",
            "resolution": "", "more_info": "", "total_risk": 1, "tags": [], "user_vote": 0, "disabled": false,
            "disable_feedback": "", "disabled_at": "", "extra_data": {"a": 1}});
        assert_eq!(recommendation, expected);
    }

    #[test]
    fn a_text_that_does_not_fit_the_details_is_shown_as_a_template() {
        let hit = hit("ccx_rules.external.node_pressure", "NODE_RESOURCE_PRESSURE", &json!({}));
        assert!(recommendation(&hit)["reason"].as_str().unwrap().contains("pydata."));
    }
}
