//! Platform Prometheus instances with an unusually high number of time series.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{SeriesCount, TSDB_STATUS},
};

const KEY: &str = "PROMETHEUS_HIGH_CARDINALITY";
const MAX_SERIES: i64 = 5_000_000;

/// Minimum number of series of a reported metric, whatever its share.
const MAX_SERIES_OF_METRIC: i64 = 500_000;

/// Share of all series that a metric may have: one in five.
const MAX_PART_OF_METRIC: i64 = 5;

/// Number of metrics that Prometheus lists by default.
const MAX_LISTED: usize = 10;

pub(super) struct PrometheusHighCardinality;

#[derive(Serialize)]
struct Details<'a> {
    series: i64,
    top: Vec<Metric<'a>>,
}

#[derive(Serialize)]
struct Metric<'a> {
    name: &'a str,
    value: i64,
}

impl Rule for PrometheusHighCardinality {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.prometheus_high_cardinality", KEY).requires(TSDB_STATUS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let statistics = &context.tsdb_status()?.data;
        let series = statistics.head_stats.num_series.0?;
        let metrics: Vec<Metric<'_>> =
            statistics.series_count_by_metric_name.iter().take(MAX_LISTED).filter_map(metric).collect();
        let is_too_large = |metric: &Metric<'_>| {
            metric.value > MAX_SERIES_OF_METRIC && metric.value.saturating_mul(MAX_PART_OF_METRIC) > series
        };
        let is_hit = series > MAX_SERIES || metrics.iter().any(is_too_large);
        is_hit.then(|| Response::hit(KEY, &Details { series, top: metrics }))
    }
}

fn metric<'a>(count: &'a SeriesCount<'_>) -> Option<Metric<'a>> {
    Some(Metric { name: &count.name, value: count.value.0? })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(series: &Value, of_metric: i64) -> Answer {
        let counts = json!([{"name": "a", "value": of_metric}, {"name": "b"}]);
        let data = json!({"headStats": {"numSeries": series}, "seriesCountByMetricName": counts});
        ask(PrometheusHighCardinality, &[("config/tsdb.json", json!({"data": data}))])
    }

    #[test]
    fn more_than_five_million_series_are_a_hit() {
        let hit = Answer::Hit(json!({"series": 5_000_001, "top": [{"name": "a", "value": 7}]}));
        assert_eq!(ask_about(&json!(5_000_001), 7), hit);
        assert_eq!(ask_about(&json!(5_000_000), 7), Answer::Miss);
    }

    #[test]
    fn metric_with_more_than_a_fifth_is_a_hit() {
        let hit = Answer::Hit(json!({"series": 2_600_000, "top": [{"name": "a", "value": 520_001}]}));
        assert_eq!(ask_about(&json!(2_600_000), 520_001), hit);
        assert_eq!(ask_about(&json!(2_600_000), 520_000), Answer::Miss);
        assert_eq!(ask_about(&json!(600_000), 500_000), Answer::Miss);
    }

    #[test]
    fn unknown_number_is_silent() {
        assert_eq!(ask_about(&json!("many"), 600_000), Answer::Miss);
        assert_eq!(ask(PrometheusHighCardinality, &[]), Answer::skip_all(&["tsdb_status"]));
    }
}
