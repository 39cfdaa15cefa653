//! A rule that hit, as the answers show it.

use ccx_messages::format_utc_seconds;
use ccx_storage::read::StoredHit;
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::openapi::schema;

/// A rule that hit.
#[derive(Serialize)]
pub(crate) struct HitPayload<'a> {
    component: &'a str,
    key: &'a str,
    user_vote: i16,
    disabled: bool,
    disable_feedback: &'a str,
    /// Empty unless somebody has disabled the rule or said why.
    disabled_at: String,
    details: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    impacted: Option<String>,
}

impl<'a> From<&'a StoredHit> for HitPayload<'a> {
    fn from(stored: &'a StoredHit) -> Self {
        Self {
            component: &stored.component,
            key: &stored.error_key,
            user_vote: stored.user_vote,
            disabled: stored.is_disabled,
            disable_feedback: &stored.disable_feedback,
            disabled_at: stored.disabled_at.map(format_utc_seconds).unwrap_or_default(),
            details: details(stored),
            impacted: stored.created_at.map(format_utc_seconds),
        }
    }
}

/// The data for the rule's texts. Clients fall over anything but an object, so what is none becomes an empty one.
pub(crate) fn details(stored: &StoredHit) -> &RawValue {
    let details = serde_json::from_str::<&RawValue>(&stored.template_data).ok();
    details.filter(|details| details.get().starts_with('{')).unwrap_or_else(|| {
        let StoredHit { component, error_key, .. } = stored;
        tracing::warn!(component, error_key, "a hit's stored details are no JSON object");
        serde_json::from_str("{}").expect("an empty object is JSON")
    })
}

impl HitPayload<'_> {
    /// The JSON schema.
    pub(crate) fn schema() -> Value {
        schema::object(&json!({
            "component": { "type": "string", "description": "The rule's module and `.report`." },
            "key": { "type": "string", "description": "What the rule found." },
            "user_vote": { "type": "integer", "enum": [-1, 0, 1], "description": "The user's vote on the rule." },
            "disabled": { "type": "boolean", "description": "Whether the rule is switched off for this cluster." },
            "disable_feedback": { "type": "string", "description": "Why the user switched it off." },
            "disabled_at": schema::time("When it was switched off; empty when it was not."),
            "details": { "type": "object", "description": "The data for the rule's texts." },
            "impacted": schema::time("Since when the rule has hit without a break."),
        }))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn hit() -> StoredHit {
        StoredHit {
            component: "a.b.report".into(),
            error_key: "KEY".into(),
            template_data: r#"{"type": "rule","n":1.50}"#.into(),
            created_at: Some(DateTime::from_timestamp(1_700_000_000, 999_000_000).unwrap()),
            is_disabled: true,
            disabled_at: Some(DateTime::from_timestamp(1_700_000_001, 0).unwrap()),
            disable_feedback: "noisy".into(),
            user_vote: -1,
        }
    }

    fn json(hit: &StoredHit) -> String {
        serde_json::to_string(&HitPayload::from(hit)).unwrap()
    }

    #[test]
    fn the_details_are_passed_on_as_they_were_received() {
        let expected = r#"{"component":"a.b.report","key":"KEY","user_vote":-1,"disabled":true,"disable_feedback":"noisy","disabled_at":"2023-11-14T22:13:21Z","details":{"type": "rule","n":1.50},"impacted":"2023-11-14T22:13:20Z"}"#;
        assert_eq!(json(&hit()), expected);
    }

    #[test]
    fn what_is_not_known_is_empty_or_absent_and_broken_details_are_an_empty_object() {
        let hit = StoredHit { created_at: None, disabled_at: None, template_data: "{".into(), ..hit() };
        let expected = r#"{"component":"a.b.report","key":"KEY","user_vote":-1,"disabled":true,"disable_feedback":"noisy","disabled_at":"","details":{}}"#;
        assert_eq!(json(&hit), expected);
        for details in ["null", "[1]", " 1"] {
            assert_eq!(json(&StoredHit { template_data: details.into(), ..hit.clone() }), expected);
        }
    }
}
