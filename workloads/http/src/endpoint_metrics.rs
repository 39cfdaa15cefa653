//! Counts and times the requests of each route, with the names and labels of the services that ours replace.
//!
//! Each route holds its counters, so that a good answer needs no lookup of labels.

use std::time::Instant;

use axum::http::StatusCode;
use ccx_service::MetricRegistrar;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};

/// The metrics of all routes of an API.
#[derive(Clone, Debug)]
pub struct EndpointMetrics {
    requests: IntCounterVec,
    response_time: HistogramVec,
    status_codes: IntCounterVec,
    user_agents: Option<IntCounterVec>,
}

/// Counts and times the requests of one route.
#[derive(Debug)]
pub struct RouteMetrics {
    endpoint: String,
    requests: IntCounter,
    microseconds: Histogram,
    ok: IntCounter,
    other: IntCounterVec,
    user_agents: Option<IntCounterVec>,
}

impl EndpointMetrics {
    /// Registers the metrics.
    pub fn new(registrar: &MetricRegistrar<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            requests: registrar.counters("api_endpoints_requests", "Requests per endpoint", &["endpoint"])?,
            response_time: registrar.histograms(
                "api_endpoints_response_time",
                "Time to the answer in microseconds",
                prometheus::linear_buckets(0.0, 20.0, 20)?,
                &["endpoint"],
            )?,
            status_codes: registrar.counters(
                "api_endpoints_status_codes",
                "Answers per status and endpoint",
                &["status_code", "endpoint"],
            )?,
            user_agents: None,
        })
    }

    /// Also counts requests by the product of their user agent (`insights-operator`, `acm-operator`, …).
    pub fn with_user_agents(self, registrar: &MetricRegistrar<'_>) -> Result<Self, prometheus::Error> {
        let user_agents = registrar.counters(
            "api_endpoints_user_agent",
            "Requests per endpoint and product of the user agent",
            &["endpoint", "user_agent"],
        )?;
        Ok(Self { user_agents: Some(user_agents), ..self })
    }

    /// Returns the counters of one route; `endpoint` is its whole path with the parameters' names.
    pub fn route(&self, endpoint: String) -> RouteMetrics {
        RouteMetrics {
            requests: self.requests.with_label_values(&[&endpoint]),
            microseconds: self.response_time.with_label_values(&[&endpoint]),
            ok: self.status_codes.with_label_values(&["200", &endpoint]),
            other: self.status_codes.clone(),
            user_agents: self.user_agents.clone(),
            endpoint,
        }
    }
}

impl RouteMetrics {
    /// Returns the whole path with the parameters' names.
    pub fn path(&self) -> &str {
        &self.endpoint
    }

    /// Counts a request that has come in.
    pub(crate) fn started(&self) -> Instant {
        self.requests.inc();
        Instant::now()
    }

    /// Counts the product of a request's user agent.
    pub(crate) fn requested_by(&self, user_agent: Option<&str>) {
        if let Some(user_agents) = &self.user_agents {
            user_agents.with_label_values(&[self.endpoint.as_str(), product(user_agent)]).inc();
        }
    }

    /// Counts and times the answer to a request that came in at `started`.
    pub(crate) fn answered(&self, started: Instant, status: StatusCode) {
        let elapsed = started.elapsed();
        self.microseconds.observe(elapsed.as_secs_f64() * 1e6);
        if status == StatusCode::OK {
            self.ok.inc();
        } else {
            self.other.with_label_values(&[status.as_str(), &self.endpoint]).inc();
        }
    }
}

/// Returns the product of a user agent if it is a known one: the label's values are bounded.
fn product(user_agent: Option<&str>) -> &'static str {
    const KNOWN: [&str; 8] = [
        "insights-operator",
        "support-operator",
        "acm-operator",
        "Mozilla",
        "curl",
        "python-requests",
        "Go-http-client",
        "ccx",
    ];
    let Some(user_agent) = user_agent else { return "none" };
    let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
    KNOWN.into_iter().find(|known| *known == name).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use prometheus::{Encoder as _, Registry, TextEncoder};

    use super::*;

    #[test]
    fn user_agent_is_counted_by_its_product() {
        assert_eq!(product(Some("insights-operator/8f2 cluster/34c3")), "insights-operator");
        assert_eq!(product(Some("acm-operator/v2.3.0 cluster/34c3")), "acm-operator");
        assert_eq!(product(Some("anything/1")), "other");
        assert_eq!(product(None), "none");
    }

    #[test]
    fn endpoint_metrics_have_the_names_and_labels_of_the_dashboards() {
        let registry = Registry::new();
        let registrar = MetricRegistrar::new(&registry, "proxy");
        let metrics = EndpointMetrics::new(&registrar).unwrap().with_user_agents(&registrar).unwrap();
        let route = metrics.route("/api/v2/info".into());
        route.requested_by(Some("curl/8"));
        route.answered(route.started(), StatusCode::OK);
        route.answered(route.started(), StatusCode::NOT_FOUND);
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for line in [
            "proxy_api_endpoints_requests{endpoint=\"/api/v2/info\"} 2\n",
            "proxy_api_endpoints_response_time_bucket{endpoint=\"/api/v2/info\",le=\"380\"}",
            "proxy_api_endpoints_status_codes{endpoint=\"/api/v2/info\",status_code=\"200\"} 1\n",
            "proxy_api_endpoints_status_codes{endpoint=\"/api/v2/info\",status_code=\"404\"} 1\n",
            "proxy_api_endpoints_user_agent{endpoint=\"/api/v2/info\",user_agent=\"curl\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
