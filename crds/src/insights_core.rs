//! `spec.dataPipeline.insightsCore`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigMapKeyRef, GoDuration, Resources};

/// Rules written for insights-core, run unchanged by Python workers in a sidecar of each pipeline pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InsightsCore {
    /// Whether the sidecar runs.
    pub mode: InsightsCoreMode,
    /// The image with Python, insights-core and the packages of rules.
    ///
    /// Example: `quay.io/our-org/our-insights-rules:3.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// Python packages that are loaded, with all their modules.
    ///
    /// Example: `["ccx_rules_ocp"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 256)))]
    pub packages: Vec<String>,
    /// The configuration of insights-core, read as it is; only its `plugins` count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyRef>,
    /// Worker processes in each pod.
    #[schemars(range(min = 1, max = 64))]
    pub workers: u32,
    /// How long one rule may work on one archive.
    pub rule_timeout: GoDuration,
    /// How long all rules together may work on one archive.
    pub archive_timeout: GoDuration,
    /// What the sidecar may use.
    pub resources: Resources,
}

/// Whether the sidecar runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InsightsCoreMode {
    /// It doesn't.
    #[default]
    Disabled,
    /// It does.
    Enabled,
}

impl Default for InsightsCore {
    fn default() -> Self {
        Self {
            mode: InsightsCoreMode::default(),
            image: None,
            packages: Vec::new(),
            config_map_key_ref: None,
            workers: 2,
            rule_timeout: GoDuration::from_secs(5),
            archive_timeout: GoDuration::from_secs(30),
            resources: Resources::of("250m", "512Mi", "2Gi"),
        }
    }
}
