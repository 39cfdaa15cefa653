//! A rule that hit, as the answers show it.

use ccx_messages::format_utc_seconds;
use ccx_storage::read::StoredHit;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A rule that hit.
#[derive(Serialize, ToSchema)]
pub(crate) struct Hit {
    /// The rule's module and `.report`.
    component: String,
    /// The error key: the rule's finding.
    key: String,
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
    /// The data for the rule's texts.
    #[schema(value_type = Object)]
    details: Box<RawValue>,
    /// Since when the rule has hit without interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-23T16:15:59Z", nullable = false)]
    impacted: Option<String>,
}

impl From<StoredHit> for Hit {
    fn from(stored: StoredHit) -> Self {
        Self {
            user_vote: stored.user_vote,
            disabled: stored.is_disabled,
            disabled_at: stored.disabled_at.map(format_utc_seconds).unwrap_or_default(),
            impacted: stored.created_at.map(format_utc_seconds),
            details: details(stored.template_data, &stored.component, &stored.error_key),
            component: stored.component,
            key: stored.error_key,
            disable_feedback: stored.disable_feedback,
        }
    }
}

/// Returns the data for the rule's texts. Clients fail on anything but an object, so anything else becomes an empty one.
pub(crate) fn details(template_data: String, component: &str, error_key: &str) -> Box<RawValue> {
    let details = RawValue::from_string(template_data).ok();
    details.filter(|details| details.get().starts_with('{')).unwrap_or_else(|| {
        tracing::warn!(component, error_key, "stored details of a hit are not a JSON object");
        RawValue::from_string("{}".into()).expect("an empty object is JSON")
    })
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
        serde_json::to_string(&Hit::from(hit.clone())).unwrap()
    }

    #[test]
    fn hit_details_are_passed_on_as_they_were_received() {
        let expected = r#"{"component":"a.b.report","key":"KEY","user_vote":-1,"disabled":true,"disable_feedback":"noisy","disabled_at":"2023-11-14T22:13:21Z","details":{"type": "rule","n":1.50},"impacted":"2023-11-14T22:13:20Z"}"#;
        assert_eq!(json(&hit()), expected);
    }

    #[test]
    fn hit_with_unknown_times_and_broken_details_has_empty_values() {
        let hit = StoredHit { created_at: None, disabled_at: None, template_data: "{".into(), ..hit() };
        let expected = r#"{"component":"a.b.report","key":"KEY","user_vote":-1,"disabled":true,"disable_feedback":"noisy","disabled_at":"","details":{}}"#;
        assert_eq!(json(&hit), expected);
        for details in ["null", "[1]", " 1"] {
            assert_eq!(json(&StoredHit { template_data: details.into(), ..hit.clone() }), expected);
        }
    }
}
