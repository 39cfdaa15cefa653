//! Routers with more servers than their metrics exporter reports individually.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{meta, non_empty, serialize_number};
use ccx_rules::{Context, MetricFamily, Response, Rule, RuleMeta, documents::METRICS};

const KEY: &str = "HAPROXY_EXPORTER_SERVER_THRESHOLD_EXCEEDED";
const THRESHOLD: &str = "haproxy_exporter_server_threshold";

pub(super) struct HaproxyExporterServerThresholdExceeded;

#[derive(Serialize)]
struct Details {
    routers: Vec<Router>,
}

#[derive(Serialize)]
struct Router {
    pod: String,
    #[serde(serialize_with = "serialize_number")]
    current: f64,
    #[serde(serialize_with = "serialize_number")]
    limit: f64,
}

/// Threshold and number of servers of a router.
#[derive(Default)]
struct Threshold {
    current: Option<f64>,
    limit: Option<f64>,
}

impl Rule for HaproxyExporterServerThresholdExceeded {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.haproxy_exporter_server_threshold_exceeded", KEY)
            .requires(METRICS)
            .reads_metric(MetricFamily::new(THRESHOLD).since(4, 17))
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut by_pod: BTreeMap<String, Threshold> = BTreeMap::new();
        for sample in context.within_budget(context.metric(THRESHOLD)) {
            let threshold = by_pod.entry(sample.label("pod").unwrap_or_default().into_owned()).or_default();
            match sample.label("type").as_deref() {
                Some("current") => threshold.current = Some(sample.value),
                Some("limit") => threshold.limit = Some(sample.value),
                _ => {}
            }
        }
        if by_pod.is_empty() {
            return Some(Response::undecided("the metrics do not include those of routers"));
        }
        let routers =
            non_empty(by_pod.into_iter().filter_map(|(pod, threshold)| beyond_limit(pod, &threshold)))?;
        Some(Response::hit(KEY, &Details { routers }))
    }
}

fn beyond_limit(pod: String, threshold: &Threshold) -> Option<Router> {
    let (current, limit) = (threshold.current?, threshold.limit?);
    (current > limit).then_some(Router { pod, current, limit })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(samples: &[(&str, &str, u32)]) -> Answer {
        let line = |(pod, kind, value): &(&str, &str, u32)| {
            format!("{THRESHOLD}{{pod=\"{pod}\",type=\"{kind}\"}} {value} 1\n")
        };
        let metrics: String = samples.iter().map(line).collect();
        ask(HaproxyExporterServerThresholdExceeded, &[("config/metrics", json!(metrics))])
    }

    #[test]
    fn router_above_its_limit_is_a_hit() {
        let answer = ask_about(&[
            ("a", "current", 501),
            ("b", "limit", 600),
            ("a", "limit", 500),
            ("b", "current", 501),
        ]);
        assert_eq!(answer, Answer::Hit(json!({"routers": [{"pod": "a", "current": 501, "limit": 500}]})));
    }

    #[test]
    fn metrics_without_those_of_routers_are_a_skip() {
        let metrics = [("config/metrics", json!("up 1 1\n"))];
        let answer = ask(HaproxyExporterServerThresholdExceeded, &metrics);
        assert_eq!(answer, Answer::Skip("the metrics do not include those of routers".into()));
    }

    #[test]
    fn router_at_its_limit_or_without_one_is_silent() {
        assert_eq!(ask_about(&[("a", "current", 500), ("a", "limit", 500)]), Answer::Miss);
        assert_eq!(ask_about(&[("a", "current", 900), ("b", "limit", 500)]), Answer::Miss);
        assert_eq!(ask(HaproxyExporterServerThresholdExceeded, &[]), Answer::skip_all(&["metrics"]));
    }
}
