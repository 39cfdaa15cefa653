//! Clusters that cannot retrieve the list of available updates.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CANNOT_RETRIEVE_UPDATES";

/// Reason when no channel is configured: updates are not retrieved on purpose.
const NO_CHANNEL: &str = "NoChannel";

/// Duration of the platform's own alert `CannotRetrieveUpdates`.
const MIN_FAILING: TimeDelta = TimeDelta::hours(1);

pub(super) struct UpdateRetrievalFailed;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    channel: &'a str,
    /// The address of the update service; empty for the public one.
    upstream: &'a str,
}

impl Rule for UpdateRetrievalFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.update_retrieval_failed", KEY)
            .requires(CLUSTER_VERSION)
            .for_at_least(MIN_FAILING, "failing to retrieve updates")
            .not_on(ClusterKind::HostedControlPlane, "the HostedCluster has the channel")
            .adapts_to(
                ClusterKind::Disconnected,
                "the text explains the OpenShift Update Service and how to disable update checks",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?;
        let retrieved = version.status.conditions.find_false("RetrievedUpdates")?;
        let details = Details {
            reason: &retrieved.reason,
            message: excerpt(&retrieved.message),
            channel: &version.spec.channel,
            upstream: &version.spec.upstream,
        };
        let is_failing = context.has_lasted(&retrieved.last_transition_time, MIN_FAILING);
        (details.reason != NO_CHANNEL && is_failing).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(retrieved: &str, reason: &str, since: &str) -> Answer {
        let condition = json!({"type": "RetrievedUpdates", "status": retrieved, "reason": reason, "message": "M",
            "lastTransitionTime": since});
        let version = json!({"spec": {"channel": "stable-4.18"}, "status": {"conditions": [condition]}});
        ask(UpdateRetrievalFailed, &[("config/version.json", version)])
    }

    #[test]
    fn failure_of_an_hour_is_a_hit() {
        let details =
            json!({"reason": "RemoteFailed", "message": "M", "channel": "stable-4.18", "upstream": ""});
        assert_eq!(ask_about("False", "RemoteFailed", "2026-01-15T11:00:00Z"), Answer::Hit(details));
        assert_eq!(ask_about("False", "RemoteFailed", "2026-01-15T11:00:01Z"), Answer::Miss);
    }

    #[test]
    fn update_service_of_the_cluster_is_named() {
        let upstream = "https://updates.example.com/graph";
        let condition = json!({"type": "RetrievedUpdates", "status": "False", "reason": "RemoteFailed"});
        let version = json!({"spec": {"upstream": upstream}, "status": {"conditions": [condition]}});
        let details = json!({"reason": "RemoteFailed", "message": "", "channel": "", "upstream": upstream});
        assert_eq!(ask(UpdateRetrievalFailed, &[("config/version.json", version)]), Answer::Hit(details));
    }

    #[test]
    fn cluster_without_a_channel_is_silent() {
        assert_eq!(ask_about("False", "NoChannel", ""), Answer::Miss);
        assert_eq!(ask_about("True", "", ""), Answer::Miss);
        assert_eq!(ask(UpdateRetrievalFailed, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
