//! `spec.dataPipeline.insightsCore`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ConfigMapKeyRef, GoDuration, Resources,
    field::{duration_between, image},
    rule::{needed_when, not_longer, rule},
};

/// Rules written for insights-core, run unchanged by Python workers in a sidecar of each pipeline pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = InsightsCore::rules()))]
pub struct InsightsCore {
    /// Whether the sidecar runs.
    pub mode: InsightsCoreMode,
    /// The image with Python, insights-core and the packages of rules.
    ///
    /// Example: `quay.io/our-org/our-insights-rules:3.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
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
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub rule_timeout: GoDuration,
    /// How long all rules together may work on one archive.
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub archive_timeout: GoDuration,
    /// What the sidecar may use.
    pub resources: Resources,
}

impl InsightsCore {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "packages",
                "self.mode == 'Enabled' && !has(self.configMapKeyRef)",
                "set packages or configMapKeyRef: without them there is no rule to run",
            ),
            needed_when(
                "image",
                "self.mode == 'Enabled'",
                "set image: the sidecar needs Python, insights-core and the packages of rules",
            ),
            not_longer("ruleTimeout", "archiveTimeout"),
            rule(
                "!has(self.packages) || self.packages.all(name, name.matches('^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$'))",
                "write names of Python packages, such as ccx_rules_ocp.external",
            )
            .field_path(".packages"),
        ]
    }
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
