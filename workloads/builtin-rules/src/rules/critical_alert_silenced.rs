//! Critical platform alerts that have been firing for some time and are silenced.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{Alert, SILENCED_ALERTS, Text},
};

const KEY: &str = "CRITICAL_ALERT_SILENCED";

/// Administrators silence alerts while they work on the cause.
const MIN_FIRING: TimeDelta = TimeDelta::hours(1);

pub(super) struct CriticalAlertSilenced;

#[derive(Serialize)]
struct Details<'a> {
    alerts: Vec<Silenced<'a>>,
}

#[derive(Serialize)]
struct Silenced<'a> {
    alertname: &'a str,
    namespace: &'a str,
    silences: &'a [Text<'a>],
}

impl Rule for CriticalAlertSilenced {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.critical_alert_silenced", KEY)
            .requires(SILENCED_ALERTS)
            .for_at_least(MIN_FIRING, "firing while silenced")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let alerts =
            context.within_budget(context.silenced_alerts()?).filter(|alert| is_silenced_and_critical(alert));
        let lasting = alerts.filter(|alert| context.has_lasted(&alert.starts_at, MIN_FIRING));
        let alerts = non_empty(lasting.map(silenced))?;
        Some(Response::hit(KEY, &Details { alerts }))
    }
}

fn is_silenced_and_critical(alert: &Alert<'_>) -> bool {
    let is_critical = alert.labels.get("severity") == Some("critical");
    // An alert is also suppressed while another one inhibits it, as configured.
    let is_silenced = &*alert.status.state == "suppressed" && !alert.status.silenced_by.is_empty();
    is_critical && is_silenced && alert.is_of_platform()
}

fn silenced<'a>(alert: &'a Alert<'_>) -> Silenced<'a> {
    Silenced {
        alertname: alert.name(),
        namespace: alert.labels.get("namespace").unwrap_or_default(),
        silences: &alert.status.silenced_by,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(severity: &str, state: &str, silences: &Value) -> Answer {
        let alert = json!({"labels": {"alertname": "A", "namespace": "openshift-x", "severity": severity},
            "status": {"state": state, "silencedBy": silences}});
        ask(CriticalAlertSilenced, &[("config/silenced_alerts.json", json!([alert]))])
    }

    #[test]
    fn silenced_critical_alert_is_a_hit() {
        let alert = json!({"alertname": "A", "namespace": "openshift-x", "silences": ["s1", "s2"]});
        assert_eq!(
            ask_about("critical", "suppressed", &json!(["s1", "s2"])),
            Answer::Hit(json!({"alerts": [alert]}))
        );
    }

    #[test]
    fn alert_that_was_just_silenced_is_silent() {
        for (starts_at, is_hit) in [("2026-01-15T11:00:01Z", false), ("2026-01-15T11:00:00Z", true)] {
            let alert = json!({"labels": {"alertname": "A", "severity": "critical"}, "startsAt": starts_at,
                "status": {"state": "suppressed", "silencedBy": ["s"]}});
            let answer = ask(CriticalAlertSilenced, &[("config/silenced_alerts.json", json!([alert]))]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{starts_at}");
        }
    }

    #[test]
    fn alert_of_a_user_is_silent() {
        for (source, is_hit) in [("platform", true), ("user", false)] {
            let labels =
                json!({"alertname": "A", "severity": "critical", "openshift_io_alert_source": source});
            let alert = json!({"labels": labels, "status": {"state": "suppressed", "silencedBy": ["s"]}});
            let answer = ask(CriticalAlertSilenced, &[("config/silenced_alerts.json", json!([alert]))]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{source}");
        }
    }

    #[test]
    fn alert_that_is_less_severe_active_or_inhibited_is_silent() {
        assert_eq!(ask_about("warning", "suppressed", &json!(["s"])), Answer::Miss);
        assert_eq!(ask_about("critical", "active", &json!(["s"])), Answer::Miss);
        assert_eq!(ask_about("critical", "suppressed", &json!([])), Answer::Miss);
        assert_eq!(ask(CriticalAlertSilenced, &[]), Answer::skip_all(&["silenced_alerts"]));
    }
}
