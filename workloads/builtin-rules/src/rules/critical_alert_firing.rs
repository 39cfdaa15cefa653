//! Critical alerts of the platform that have been firing for a while.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ALERTS, Alert},
    parse_time,
};

const KEY: &str = "CRITICAL_ALERT_FIRING";

/// Alerts that end sooner are mostly the noise of an update.
const MIN_DURATION: TimeDelta = TimeDelta::minutes(15);

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
        meta("ccx_rules.external.critical_alert_firing", KEY).requires(ALERTS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let alerts = context.within_budget(context.alerts()?).filter(|alert| is_platform_problem(alert));
        let alerts = non_empty(alerts.map(firing))?;
        Some(Response::hit(KEY, &Details { alerts }))
    }
}

fn is_platform_problem(alert: &Alert<'_>) -> bool {
    let is_critical = alert.labels.get("severity") == Some("critical");
    let is_of_platform =
        alert.labels.get("openshift_io_alert_source").is_none_or(|source| source == "platform");
    is_critical
        && alert.is_active()
        && is_of_platform
        && duration(alert).is_some_and(|duration| duration > MIN_DURATION)
}

fn duration(alert: &Alert<'_>) -> Option<TimeDelta> {
    Some(parse_time(&alert.updated_at)? - parse_time(&alert.starts_at)?)
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

    /// The alert with one value replaced.
    fn alert_with(pointer: &str, value: &str) -> Value {
        let mut alert = alert();
        *alert.pointer_mut(pointer).unwrap() = json!(value);
        alert
    }

    #[test]
    fn a_critical_alert_is_a_hit() {
        let firing = json!({"alertname": "KubeAPIDown", "namespace": "openshift-x", "since": "2026-01-15T11:00:00Z", "summary": "S"});
        assert_eq!(ask_about(&alert()), Answer::Hit(json!({"alerts": [firing]})));
    }

    #[test]
    fn an_alert_that_is_young_silenced_or_less_severe_is_none() {
        for (pointer, value) in [
            ("/labels/severity", "warning"),
            ("/status/state", "suppressed"),
            ("/updatedAt", "2026-01-15T11:15:00Z"),
            ("/startsAt", "?"),
        ] {
            assert_eq!(ask_about(&alert_with(pointer, value)), Answer::Miss, "{pointer}");
        }
    }

    #[test]
    fn an_alert_of_the_users_own_software_is_none() {
        for (source, is_hit) in [("platform", true), ("user", false)] {
            let mut alert = alert();
            alert["labels"]["openshift_io_alert_source"] = json!(source);
            assert_eq!(matches!(ask_about(&alert), Answer::Hit(_)), is_hit, "{source}");
        }
    }

    #[test]
    fn no_alerts_are_good_news_but_no_file_is_none() {
        assert_eq!(ask(CriticalAlertFiring, &[("config/alerts.json", json!([]))]), Answer::Miss);
        assert_eq!(
            ask(CriticalAlertFiring, &[("config/alerts.json", json!({}))]),
            Answer::skip_all(&["alerts"])
        );
        assert_eq!(ask(CriticalAlertFiring, &[]), Answer::skip_all(&["alerts"]));
    }
}
