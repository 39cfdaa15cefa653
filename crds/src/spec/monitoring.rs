//! `spec.monitoring`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration,
    schema::field::{duration_between, label_map},
};

/// Metrics, alerts and dashboards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Monitoring {
    /// The way in which Prometheus discovers the pods.
    pub scrape: Scrape,
    /// The scrape interval.
    #[schemars(transform = duration_between("5s", "10m"))]
    pub interval: GoDuration,
    /// Whether alerts are created, as a PrometheusRule.
    pub alerts: Presence,
    /// Grafana dashboards.
    pub dashboards: Dashboards,
    /// Further labels of monitors and rules, by which Prometheus selects them.
    ///
    /// Example: `{release: prometheus}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = label_map)]
    pub labels: BTreeMap<String, String>,
}

/// The way in which Prometheus discovers the pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scrape {
    /// A PodMonitor where the cluster has that kind, else annotations of the pods.
    #[default]
    Auto,
    /// A PodMonitor; an error if the cluster does not serve the kind.
    PodMonitor,
    /// ServiceMonitors; an error if the cluster does not serve the kind.
    ServiceMonitor,
    /// No discovery.
    Disabled,
}

/// Whether an optional part is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Presence {
    /// If the cluster serves the kind.
    #[default]
    Auto,
    /// Always; an error if the cluster does not serve the kind.
    Enabled,
    /// Never.
    Disabled,
}

/// Grafana dashboards, as ConfigMaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Dashboards {
    /// Whether dashboards are created. `Auto` means never: Grafana can't be detected.
    pub presence: Presence,
    /// Labels by which Grafana finds the ConfigMaps.
    #[schemars(transform = label_map)]
    pub labels: BTreeMap<String, String>,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            scrape: Scrape::default(),
            interval: GoDuration::from_secs(30),
            alerts: Presence::default(),
            dashboards: Dashboards::default(),
            labels: BTreeMap::new(),
        }
    }
}

impl Default for Dashboards {
    fn default() -> Self {
        Self {
            presence: Presence::default(),
            labels: BTreeMap::from([("grafana_dashboard".to_owned(), "1".to_owned())]),
        }
    }
}
