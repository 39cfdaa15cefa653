//! `spec.dataPipeline.insightsCore`

use ccx_config::formats::Format;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, ConfigMapKeyRef, GoDuration,
    schema::{
        field::{duration_between, each, image, size_from},
        rule::{needed_when, not_longer},
    },
};

/// Rules written for insights-core, run unchanged by Python processes in each pipeline pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = InsightsCore::rules()))]
pub struct InsightsCore {
    /// Whether these rules run.
    pub mode: InsightsCoreMode,
    /// The image of the pipeline pods: `ccx` with Python, insights-core and the packages of rules.
    /// Absent means `spec.dataPipeline.image`.
    ///
    /// Example: `quay.io/our-org/ccx-with-our-rules:3.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// The Python that has insights-core and the packages.
    #[schemars(length(min = 1, max = 512))]
    pub python: String,
    /// Python packages with rules; all their modules are loaded.
    ///
    /// Example: `["ccx_rules_ocp"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 256)), transform = each(PACKAGES))]
    pub packages: Vec<String>,
    /// The configuration file of ccx-messaging, from which packages, format and components are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyRef>,
    /// Processes in each pod; 0 means one fewer than there are cores, and at least one.
    #[schemars(range(min = 0, max = 64))]
    pub workers: u32,
    /// Timeout of one rule on one archive.
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub rule_timeout: GoDuration,
    /// Timeout of all rules together on one archive.
    #[schemars(transform = duration_between("1ms", "1h"))]
    pub archive_timeout: GoDuration,
    /// Timeout of loading the packages.
    #[schemars(transform = duration_between("1s", "1h"))]
    pub start_timeout: GoDuration,
    /// Maximum address space of a process.
    #[schemars(transform = size_from("64Mi"))]
    pub max_memory: ByteQuantity,
    /// Growth in memory since its start after which a process is replaced.
    #[schemars(transform = size_from("1Mi"))]
    pub max_memory_growth: ByteQuantity,
    /// Number of archives after which a process is replaced.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_archives: u32,
    /// Whether only what the rules need is run.
    pub components: InsightsCoreComponents,
    /// Treatment of an archive on which Python fails twice.
    pub on_failure: InsightsCoreFailure,
}

/// Names of Python packages.
const PACKAGES: Format = Format {
    pattern: "^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$",
    advice: "write the name of a Python package, such as ccx_rules_ocp.external",
};

impl InsightsCore {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "packages",
                "self.mode == 'Enabled' && !has(self.configMapKeyRef)",
                "set packages or configMapKeyRef: without them there is no rule to run",
            ),
            not_longer("ruleTimeout", "archiveTimeout"),
        ]
    }
}

/// Whether rules of insights-core run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InsightsCoreMode {
    /// They do not run.
    #[default]
    Disabled,
    /// They run.
    Enabled,
}

/// The components of insights-core that run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InsightsCoreComponents {
    /// The rules and what they depend on.
    #[default]
    Needed,
    /// All loaded components, as in ccx-messaging.
    All,
}

/// Treatment of an archive on which Python fails twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InsightsCoreFailure {
    /// The report is published without the results of these rules, and states that.
    #[default]
    PublishIncomplete,
    /// The announcement is dead-lettered.
    DeadLetter,
}

impl Default for InsightsCore {
    fn default() -> Self {
        Self {
            mode: InsightsCoreMode::default(),
            image: None,
            python: "python3".into(),
            packages: Vec::new(),
            config_map_key_ref: None,
            workers: 0,
            rule_timeout: GoDuration::from_secs(5),
            archive_timeout: GoDuration::from_secs(30),
            start_timeout: GoDuration::from_mins(1),
            max_memory: ByteQuantity::gibibytes(2),
            max_memory_growth: ByteQuantity::mebibytes(256),
            max_archives: 2000,
            components: InsightsCoreComponents::default(),
            on_failure: InsightsCoreFailure::default(),
        }
    }
}
