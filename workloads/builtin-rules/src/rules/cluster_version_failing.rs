//! Cluster version operators that fail to apply the desired release.

use serde::Serialize;

use super::{excerpt, meta, operator_state::MIN_DEGRADED};
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CLUSTER_VERSION_FAILING";

pub(super) struct ClusterVersionFailing;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    desired: &'a str,
    current: &'a str,
    is_hosted: bool,
}

impl Rule for ClusterVersionFailing {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_version_failing", KEY)
            .requires(CLUSTER_VERSION)
            .for_at_least(MIN_DEGRADED, "failing")
            .adapts_to(
                ClusterKind::Updating,
                "failures are reported after the same time as without an update",
            )
            .adapts_to(
                ClusterKind::HostedControlPlane,
                "the text names the management cluster, in which the version operator runs",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?;
        let failing = version.status.conditions.find_true("Failing")?;
        if !context.has_lasted(&failing.last_transition_time, MIN_DEGRADED) {
            return None;
        }
        let details = Details {
            reason: &failing.reason,
            message: excerpt(&failing.message),
            desired: &version.status.desired.version,
            current: version.current().unwrap_or_default(),
            is_hosted: context.is_kind(ClusterKind::HostedControlPlane),
        };
        Some(Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn cluster(failing: &str) -> Value {
        json!({"status": {
            "desired": {"version": "4.18.9"},
            "history": [{"state": "Partial", "version": "4.18.9"}, {"state": "Completed", "version": "4.18.8"}],
            "conditions": [{"type": "Failing", "status": failing, "reason": "R", "message": "M"}]}})
    }

    #[test]
    fn failing_update_is_a_hit() {
        let answer = ask(ClusterVersionFailing, &[("config/version.json", cluster("True"))]);
        let details = json!({"reason": "R", "message": "M", "desired": "4.18.9", "current": "4.18.8", "is_hosted": false});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn failure_of_minutes_is_silent() {
        let mut version = cluster("True");
        for (since, is_hit) in [("2026-01-15T11:31:00Z", false), ("2026-01-15T11:30:00Z", true)] {
            version["status"]["conditions"][0]["lastTransitionTime"] = json!(since);
            let answer = ask(ClusterVersionFailing, &[("config/version.json", version.clone())]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}");
        }
    }

    #[test]
    fn update_without_failure_is_silent() {
        assert_eq!(ask(ClusterVersionFailing, &[("config/version.json", cluster("False"))]), Answer::Miss);
        assert_eq!(ask(ClusterVersionFailing, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
