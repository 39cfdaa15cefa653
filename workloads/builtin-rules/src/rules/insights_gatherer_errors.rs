//! Data that the Insights operator failed to gather.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{GATHERING_REPORT, GathererStatus, Text},
};

const KEY: &str = "INSIGHTS_GATHERER_FAILED";

/// A few gatherers fail on many clusters, for example because monitoring is restarting.
const MAX_FAILURES: usize = 5;
/// Ends of errors that only say that the cluster does not have a resource or its API, as on hosted control
/// planes.
const NOT_THERE: [&str; 2] = ["not found", "could not find the requested resource"];

pub(super) struct InsightsGathererErrors;

#[derive(Serialize)]
struct Details<'a> {
    gatherers: Vec<Failing<'a>>,
}

#[derive(Serialize)]
struct Failing<'a> {
    name: &'a str,
    error: &'a str,
    #[serde(skip)]
    panicked: bool,
}

impl Rule for InsightsGathererErrors {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.insights_gatherer_errors", KEY)
            .requires(GATHERING_REPORT)
            .adapts_to(ClusterKind::Updating, "only panics count: gatherers fail while API servers restart")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let gatherers =
            context.within_budget(context.gathering_report()?.gatherers.iter()).filter_map(failing);
        let gatherers = non_empty(gatherers)?;
        let failures = gatherers.iter().filter(|gatherer| !gatherer.panicked).count();
        let has_panicked = gatherers.iter().any(|gatherer| gatherer.panicked);
        let is_hit = has_panicked || (failures > MAX_FAILURES && !context.is_updating());
        is_hit.then(|| Response::hit(KEY, &Details { gatherers }))
    }
}

fn failing<'a>(gatherer: &'a GathererStatus<'_>) -> Option<Failing<'a>> {
    let panicked = gatherer.panic.is_some();
    let is_failure = |error: &&Text<'_>| !NOT_THERE.iter().any(|end| error.trim_end().ends_with(end));
    let error = gatherer.panic.as_ref().or_else(|| gatherer.errors.iter().find(is_failure))?;
    Some(Failing { name: &gatherer.name, error: excerpt(error), panicked })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn failed(name: &str) -> Value {
        json!({"name": name, "errors": ["e1", "e2"], "panic": null})
    }

    fn ask_about(reports: &[Value]) -> Answer {
        ask(InsightsGathererErrors, &[("insights-operator/gathers.json", json!({"status_reports": reports}))])
    }

    #[test]
    fn panic_is_a_hit() {
        let panicked = json!({"name": "p", "errors": null, "panic": "boom"});
        let gatherers = json!([{"name": "a", "error": "e1"}, {"name": "p", "error": "boom"}]);
        assert_eq!(ask_about(&[failed("a"), panicked]), Answer::Hit(json!({"gatherers": gatherers})));
        let speechless = json!({"name": "p", "panic": {"code": 1}});
        assert_eq!(ask_about(&[speechless]), Answer::Hit(json!({"gatherers": [{"name": "p", "error": ""}]})));
    }

    #[test]
    fn more_than_five_failures_are_a_hit() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let gatherers: Vec<Value> = names.iter().map(|name| json!({"name": name, "error": "e1"})).collect();
        let reports = names.map(failed);
        assert_eq!(ask_about(&reports), Answer::Hit(json!({"gatherers": gatherers})));
        assert_eq!(ask_about(&reports[1..]), Answer::Miss);
    }

    #[test]
    fn resources_that_the_cluster_does_not_have_are_no_failures() {
        let absent = |name: &str| {
            let errors =
                ["the server could not find the requested resource", "machineconfigpools.x \"a\" not found"];
            json!({"name": name, "errors": errors, "panic": null})
        };
        assert_eq!(ask_about(&["a", "b", "c", "d", "e", "f"].map(absent)), Answer::Miss);
        let mut forbidden = ["a", "b", "c", "d", "e", "f"].map(absent);
        for report in &mut forbidden {
            report["errors"][1] = json!("pods is forbidden: clusterrole not found, denied");
        }
        assert!(matches!(ask_about(&forbidden), Answer::Hit(_)));
    }

    #[test]
    fn failures_during_an_update_are_silent_and_panics_are_not() {
        let updating = json!({"status": {"conditions": [{"type": "Progressing", "status": "True"}]}});
        let is_hit = |reports: &[Value]| {
            let files = [
                ("insights-operator/gathers.json", json!({"status_reports": reports})),
                ("config/version.json", updating.clone()),
            ];
            matches!(ask(InsightsGathererErrors, &files), Answer::Hit(_))
        };
        assert!(!is_hit(&["a", "b", "c", "d", "e", "f"].map(failed)));
        assert!(is_hit(&[json!({"name": "p", "panic": "boom"})]));
    }

    #[test]
    fn gathering_without_errors_is_silent() {
        assert_eq!(ask_about(&[json!({"name": "a", "errors": [], "panic": null})]), Answer::Miss);
        assert_eq!(ask(InsightsGathererErrors, &[]), Answer::skip_all(&["gathering_report"]));
    }
}
