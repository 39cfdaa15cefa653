//! Critical platform alerts that have been firing for some time.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ALERTS, Alert},
};

const KEY: &str = "CRITICAL_ALERT_FIRING";

/// Alerts that resolve sooner are mostly caused by an update.
const MIN_FIRING: TimeDelta = TimeDelta::minutes(15);

pub(super) struct CriticalAlertFiring;

#[derive(Serialize)]
struct Details<'a> {
    alerts: Vec<Firing<'a>>,
}

#[derive(Serialize)]
struct Firing<'a> {
    alertname: &'a str,
    namespace: &'a str,
    since: &'a str,
    summary: &'a str,
}

impl Rule for CriticalAlertFiring {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.critical_alert_firing", KEY)
            .requires(ALERTS)
            .for_at_least(MIN_FIRING, "firing")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let alerts = context.within_budget(context.alerts()?).filter(|alert| is_platform_problem(alert));
        let lasting = alerts.filter(|alert| context.has_lasted(&alert.starts_at, MIN_FIRING));
        let alerts = non_empty(lasting.map(firing))?;
        Some(Response::hit(KEY, &Details { alerts }))
    }
}

fn is_platform_problem(alert: &Alert<'_>) -> bool {
    let is_critical = alert.labels.get("severity") == Some("critical");
    is_critical && alert.is_active() && alert.is_of_platform()
}

fn firing<'a>(alert: &'a Alert<'_>) -> Firing<'a> {
    Firing {
        alertname: alert.name(),
        namespace: alert.labels.get("namespace").unwrap_or_default(),
        since: &alert.starts_at,
        summary: excerpt(alert.annotations.get("summary").unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn alert() -> Value {
        json!({
            "labels": {"alertname": "KubeAPIDown", "severity": "critical", "namespace": "openshift-x"},
            "annotations": {"summary": "S"}, "status": {"state": "active"},
            "startsAt": "2026-01-15T11:00:00Z", "updatedAt": "2026-01-15T11:59:00Z"})
    }

    fn ask_about(alert: &Value) -> Answer {
        ask(CriticalAlertFiring, &[("config/alerts.json", json!([alert]))])
    }

    /// Returns the alert with one value replaced.
    fn alert_with(pointer: &str, value: &str) -> Value {
        let mut alert = alert();
        *alert.pointer_mut(pointer).unwrap() = json!(value);
        alert
    }

    #[test]
    fn critical_alert_is_a_hit() {
        let firing = json!({"alertname": "KubeAPIDown", "namespace": "openshift-x", "since": "2026-01-15T11:00:00Z", "summary": "S"});
        assert_eq!(ask_about(&alert()), Answer::Hit(json!({"alerts": [firing]})));
    }

    #[test]
    fn alert_that_is_young_silenced_or_less_severe_is_silent() {
        for (pointer, value) in [
            ("/labels/severity", "warning"),
            ("/status/state", "suppressed"),
            ("/startsAt", "2026-01-15T11:45:01Z"),
        ] {
            assert_eq!(ask_about(&alert_with(pointer, value)), Answer::Miss, "{pointer}");
        }
    }

    #[test]
    fn alert_without_a_start_is_a_hit() {
        assert!(matches!(ask_about(&alert_with("/startsAt", "?")), Answer::Hit(_)));
        assert!(matches!(ask_about(&alert_with("/startsAt", "2026-01-15T11:45:00Z")), Answer::Hit(_)));
    }

    #[test]
    fn alert_of_user_workloads_is_silent() {
        for (source, is_hit) in [("platform", true), ("user", false)] {
            let mut alert = alert();
            alert["labels"]["openshift_io_alert_source"] = json!(source);
            assert_eq!(matches!(ask_about(&alert), Answer::Hit(_)), is_hit, "{source}");
        }
    }

    #[test]
    fn empty_list_is_silent_and_missing_file_is_a_skip() {
        assert_eq!(ask(CriticalAlertFiring, &[("config/alerts.json", json!([]))]), Answer::Miss);
        assert_eq!(
            ask(CriticalAlertFiring, &[("config/alerts.json", json!({}))]),
            Answer::skip_all(&["alerts"])
        );
        assert_eq!(ask(CriticalAlertFiring, &[]), Answer::skip_all(&["alerts"]));
    }
}
