//! Rules that Prometheus or Thanos fails to evaluate.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ALERTS, Alert},
};

const KEY: &str = "PROMETHEUS_RULE_EVALUATION_FAIL";
const EVALUATION_ALERTS: [&str; 4] = [
    "PrometheusRuleFailures",
    "ThanosRuleRuleEvaluationLatencyHigh",
    "ThanosRuleHighRuleEvaluationFailures",
    "ThanosNoRuleEvaluations",
];

pub(super) struct PrometheusRuleEvaluationFail;

#[derive(Serialize)]
struct Details<'a> {
    alerts: Vec<Failing<'a>>,
}

#[derive(Serialize)]
struct Failing<'a> {
    alertname: &'a str,
    namespace: &'a str,
    description: &'a str,
}

impl Rule for PrometheusRuleEvaluationFail {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.prometheus_rule_evaluation_fail", KEY).requires(ALERTS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_wanted = |alert: &&Alert<'_>| alert.is_active() && EVALUATION_ALERTS.contains(&alert.name());
        let alerts = non_empty(context.within_budget(context.alerts()?).filter(is_wanted).map(failing))?;
        Some(Response::hit(KEY, &Details { alerts }))
    }
}

fn failing<'a>(alert: &'a Alert<'_>) -> Failing<'a> {
    Failing {
        alertname: alert.name(),
        namespace: alert.labels.get("namespace").unwrap_or_default(),
        description: excerpt(alert.annotations.get("description").unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(name: &str, state: &str) -> Answer {
        let alert = json!({"labels": {"alertname": name, "namespace": "openshift-monitoring"},
            "annotations": {"description": "D"}, "status": {"state": state}});
        ask(PrometheusRuleEvaluationFail, &[("config/alerts.json", json!([alert]))])
    }

    #[test]
    fn alerts_about_rules_are_hits() {
        for name in EVALUATION_ALERTS {
            let alert = json!({"alertname": name, "namespace": "openshift-monitoring", "description": "D"});
            assert_eq!(ask_about(name, "active"), Answer::Hit(json!({"alerts": [alert]})));
        }
    }

    #[test]
    fn other_or_suppressed_alert_is_silent() {
        assert_eq!(ask_about("Watchdog", "active"), Answer::Miss);
        assert_eq!(ask_about("PrometheusRuleFailures", "suppressed"), Answer::Miss);
        assert_eq!(ask(PrometheusRuleEvaluationFail, &[]), Answer::skip_all(&["alerts"]));
    }
}
