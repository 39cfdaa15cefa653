//! An update, or the keeping of the current version, that fails.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CLUSTER_VERSION_FAILING";

pub(super) struct ClusterVersionFailing;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    desired: &'a str,
    current: &'a str,
}

impl Rule for ClusterVersionFailing {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_version_failing", KEY).requires(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?;
        let failing = version.status.conditions.find_true("Failing")?;
        let details = Details {
            reason: &failing.reason,
            message: excerpt(&failing.message),
            desired: &version.status.desired.version,
            current: version.current().unwrap_or_default(),
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
    fn a_failing_update_is_a_hit() {
        let answer = ask(ClusterVersionFailing, &[("config/version.json", cluster("True"))]);
        let details = json!({"reason": "R", "message": "M", "desired": "4.18.9", "current": "4.18.8"});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn an_update_that_goes_well_is_none() {
        assert_eq!(ask(ClusterVersionFailing, &[("config/version.json", cluster("False"))]), Answer::Miss);
        assert_eq!(ask(ClusterVersionFailing, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
