//! OpenShift version of the cluster.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CLUSTER_VERSION_INFO";

pub(super) struct VersionInfo;

#[derive(Serialize)]
struct Details<'a> {
    version: &'a str,
}

impl Rule for VersionInfo {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_processing.version_info", KEY).requires(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let version = context.cluster_version()?.current()?;
        Some(Response::info(KEY, &Details { version }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn cluster(history: &serde_json::Value) -> serde_json::Value {
        json!({"status": {"desired": {"version": "4.18.9"}, "history": history}})
    }

    #[test]
    fn newest_completed_version_counts() {
        let history = json!([
            {"state": "Partial", "version": "4.18.9"},
            {"state": "Completed", "version": "4.18.8"},
            {"state": "Completed", "version": "4.17.1"},
        ]);
        let answer = ask(VersionInfo, &[("config/version.json", cluster(&history))]);
        assert_eq!(answer, Answer::Info(json!({"version": "4.18.8"})));
    }

    #[test]
    fn cluster_in_installation_has_the_desired_version() {
        let answer = ask(VersionInfo, &[("config/version.json", cluster(&json!([])))]);
        assert_eq!(answer, Answer::Info(json!({"version": "4.18.9"})));
    }

    #[test]
    fn file_name_of_old_archives_is_read() {
        let answer = ask(VersionInfo, &[("config/version", cluster(&json!([])))]);
        assert_eq!(answer, Answer::Info(json!({"version": "4.18.9"})));
    }

    #[test]
    fn unknown_version_is_silent() {
        assert_eq!(ask(VersionInfo, &[]), Answer::skip_all(&["cluster_version"]));
        assert_eq!(ask(VersionInfo, &[("config/version.json", json!({"status": 3}))]), Answer::Miss);
    }
}
