//! Feature sets that prevent minor updates permanently.

use serde::Serialize;

use super::meta;
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::FEATURE_GATE};

const KEY: &str = "FEATURE_SET_NO_UPGRADE";
const FEATURE_SETS: [&str; 3] = ["TechPreviewNoUpgrade", "DevPreviewNoUpgrade", "CustomNoUpgrade"];

pub(super) struct FeatureSetBlocksUpgrade;

#[derive(Serialize)]
struct Details<'a> {
    feature_set: &'a str,
}

impl Rule for FeatureSetBlocksUpgrade {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.feature_set_blocks_upgrade", KEY).requires(FEATURE_GATE).adapts_to(
            ClusterKind::HostedControlPlane,
            "the HostedCluster sets the features; the advice is the same",
        )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let feature_set = &*context.feature_gate()?.spec.feature_set;
        FEATURE_SETS.contains(&feature_set).then(|| Response::hit(KEY, &Details { feature_set }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(feature_set: &str) -> Answer {
        ask(
            FeatureSetBlocksUpgrade,
            &[("config/featuregate.json", json!({"spec": {"featureSet": feature_set}}))],
        )
    }

    #[test]
    fn preview_feature_set_is_a_hit() {
        for feature_set in FEATURE_SETS {
            assert_eq!(ask_about(feature_set), Answer::Hit(json!({"feature_set": feature_set})));
        }
    }

    #[test]
    fn default_or_harmless_feature_set_is_silent() {
        assert_eq!(ask_about(""), Answer::Miss);
        assert_eq!(ask_about("LatencySensitive"), Answer::Miss);
        assert_eq!(ask(FeatureSetBlocksUpgrade, &[]), Answer::skip_all(&["feature_gate"]));
    }
}
