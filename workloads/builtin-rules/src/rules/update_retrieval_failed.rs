//! Clusters that can't learn which updates there are.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CANNOT_RETRIEVE_UPDATES";

/// The administrator wants no updates.
const NO_CHANNEL: &str = "NoChannel";

pub(super) struct UpdateRetrievalFailed;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    channel: &'a str,
}

impl Rule for UpdateRetrievalFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.update_retrieval_failed", KEY).requires(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?;
        let retrieved = version.status.conditions.find_false("RetrievedUpdates")?;
        let details = Details {
            reason: &retrieved.reason,
            message: excerpt(&retrieved.message),
            channel: &version.spec.channel,
        };
        (details.reason != NO_CHANNEL).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(retrieved: &str, reason: &str) -> Answer {
        let condition =
            json!({"type": "RetrievedUpdates", "status": retrieved, "reason": reason, "message": "M"});
        let version = json!({"spec": {"channel": "stable-4.18"}, "status": {"conditions": [condition]}});
        ask(UpdateRetrievalFailed, &[("config/version.json", version)])
    }

    #[test]
    fn a_failed_retrieval_is_a_hit() {
        let details = json!({"reason": "RemoteFailed", "message": "M", "channel": "stable-4.18"});
        assert_eq!(ask_about("False", "RemoteFailed"), Answer::Hit(details));
    }

    #[test]
    fn a_cluster_that_shall_not_ask_is_none() {
        assert_eq!(ask_about("False", "NoChannel"), Answer::Miss);
        assert_eq!(ask_about("True", ""), Answer::Miss);
        assert_eq!(ask(UpdateRetrievalFailed, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
