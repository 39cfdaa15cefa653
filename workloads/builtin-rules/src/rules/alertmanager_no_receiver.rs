//! Alertmanager without a receiver that sends alerts.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{ALERTMANAGER_CONFIG, ALERTS, Alert, AlertmanagerConfig, SILENCED_ALERTS},
};

const KEY: &str = "ALERTMANAGER_RECEIVERS_NOT_CONFIGURED";
const ALERT: &str = "AlertmanagerReceiversNotConfigured";

pub(super) struct AlertmanagerNoReceiver;

#[derive(Serialize)]
struct Details {
    source: &'static str,
}

impl Rule for AlertmanagerNoReceiver {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.alertmanager_no_receiver", KEY)
            .requires_any(&[ALERTS, SILENCED_ALERTS, ALERTMANAGER_CONFIG])
            .not_on(ClusterKind::ManagedService, "the provider receives the alerts of the platform")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let (firing, silenced) =
            (context.alerts().unwrap_or_default(), context.silenced_alerts().unwrap_or_default());
        let config = context.alertmanager_config();
        let has_no_alerts_file = context.alerts().is_none() && context.silenced_alerts().is_none();
        if has_no_alerts_file && config.is_some_and(is_incomplete) {
            return Some(Response::undecided(
                "the Alertmanager configuration has no receivers, or an empty one",
            ));
        }
        let source = if context.within_budget(firing.iter().chain(silenced)).any(is_about_receivers) {
            "alert"
        } else if config.is_some_and(sends_nothing) {
            "config"
        } else {
            return None;
        };
        Some(Response::hit(KEY, &Details { source }))
    }
}

fn is_about_receivers(alert: &Alert<'_>) -> bool {
    alert.name() == ALERT
}

/// Returns whether a configuration has no receivers, or one without a name: it is invalid and does not count.
fn is_incomplete(config: &AlertmanagerConfig<'_>) -> bool {
    config.receivers.is_empty() || config.receivers.iter().any(|receiver| receiver.iter().next().is_none())
}

/// Returns whether no receiver has an integration.
fn sends_nothing(config: &AlertmanagerConfig<'_>) -> bool {
    let mut fields = config.receivers.iter().flat_map(|receiver| receiver.iter());
    !is_incomplete(config) && !fields.any(|field| field.ends_with("_configs"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn config(receivers: &Value) -> (&'static str, Value) {
        ("config/secrets/openshift-monitoring/alertmanager-main/data.json", json!({"receivers": receivers}))
    }

    fn alerts(path: &'static str, name: &str) -> (&'static str, Value) {
        (path, json!([{"labels": {"alertname": name}, "status": {"state": "suppressed"}}]))
    }

    #[test]
    fn receivers_that_are_only_names_are_a_hit() {
        let answer =
            ask(AlertmanagerNoReceiver, &[config(&json!([{"name": "Default"}, {"name": "Watchdog"}]))]);
        assert_eq!(answer, Answer::Hit(json!({"source": "config"})));
    }

    #[test]
    fn firing_or_silenced_alert_is_a_hit() {
        for path in ["config/alerts.json", "config/silenced_alerts.json"] {
            assert_eq!(
                ask(AlertmanagerNoReceiver, &[alerts(path, ALERT)]),
                Answer::Hit(json!({"source": "alert"})),
                "{path}"
            );
        }
    }

    #[test]
    fn single_receiver_is_silent() {
        let files = [
            config(&json!([{"name": "Default"}, {"name": "chat", "slack_configs": [{}]}])),
            alerts("config/alerts.json", "Watchdog"),
        ];
        assert_eq!(ask(AlertmanagerNoReceiver, &files), Answer::Miss);
    }

    #[test]
    fn configuration_without_receivers_is_a_skip() {
        for receivers in [json!(null), json!([]), json!([{"name": "Default"}, {}])] {
            let skip =
                Answer::Skip("the Alertmanager configuration has no receivers, or an empty one".into());
            assert_eq!(ask(AlertmanagerNoReceiver, &[config(&receivers)]), skip);
        }
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = "All: [] Any: ['alerts', 'silenced_alerts', 'alertmanager_config']";
        assert_eq!(ask(AlertmanagerNoReceiver, &[]), Answer::Skip(missing.into()));
    }
}
