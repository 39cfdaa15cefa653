//! Prometheus and Alertmanager instances beside cluster monitoring.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CUSTOM_MONITORING, Text},
};

const KEY: &str = "CUSTOM_PROMETHEUS_INSTANCES";

pub(super) struct CustomPrometheus;

#[derive(Serialize)]
struct Details<'a> {
    prometheuses: &'a [Text<'a>],
    alertmanagers: &'a [Text<'a>],
}

impl Rule for CustomPrometheus {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.custom_prometheus", KEY).requires(CUSTOM_MONITORING)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let custom = context.custom_monitoring()?;
        let (prometheuses, alertmanagers) = (&*custom.prometheuses, &*custom.alertmanagers);
        let is_hit = !prometheuses.is_empty() || !alertmanagers.is_empty();
        is_hit.then(|| Response::hit(KEY, &Details { prometheuses, alertmanagers }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(document: Value) -> Answer {
        ask(CustomPrometheus, &[("aggregated/custom_prometheuses_alertmanagers.json", document)])
    }

    #[test]
    fn one_instance_is_a_hit() {
        let hit = |prometheuses: Value, alertmanagers: Value| {
            Answer::Hit(json!({"prometheuses": prometheuses, "alertmanagers": alertmanagers}))
        };
        assert_eq!(
            ask_about(json!({"prometheuses": ["p"], "alertmanagers": null})),
            hit(json!(["p"]), json!([]))
        );
        assert_eq!(ask_about(json!({"alertmanagers": ["a"]})), hit(json!([]), json!(["a"])));
    }

    #[test]
    fn empty_lists_are_silent() {
        assert_eq!(ask_about(json!({"prometheuses": [], "alertmanagers": []})), Answer::Miss);
        assert_eq!(ask(CustomPrometheus, &[]), Answer::skip_all(&["custom_monitoring"]));
    }
}
