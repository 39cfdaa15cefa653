//! `spec.dataPipeline.workloadChecks`

use ccx_config::formats::Format;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{field::each, rule::rule};

/// The checks of clusters' workloads whose results are published, of those that the deployment validation operator runs. None, unless
/// `kafka.topics.workloads` names a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = WorkloadChecks::rules()))]
pub struct WorkloadChecks {
    /// Checks in addition to the default ones, by their names in kube-linter; custom ones too.
    ///
    /// Example: `[latest-tag]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 128)), transform = each(CHECKS))]
    pub enabled: Vec<String>,
    /// Checks whose results are not published. The pipeline does not start with a name that is neither a default check nor known to kube-linter.
    ///
    /// Example: `[unset-cpu-requirements]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 128)), transform = each(CHECKS))]
    pub disabled: Vec<String>,
    /// Compression of the messages. Those of large clusters can exceed the limit of a topic.
    pub compression: WorkloadCompression,
}

/// Names of checks.
const CHECKS: Format =
    Format { pattern: "^[a-z0-9-]+$", advice: "write the name of a check: lower-case letters, digits and -" };

impl WorkloadChecks {
    fn rules() -> Vec<Rule> {
        let is_in_one =
            "!has(self.enabled) || !has(self.disabled) || !self.disabled.exists(name, name in self.enabled)";
        let once =
            rule(is_in_one, "name a check in one of enabled and disabled only").field_path(".disabled");
        vec![once]
    }
}

/// Compression of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadCompression {
    /// Uncompressed.
    #[default]
    None,
    /// gzip, which consumers detect by its magic number.
    Gzip,
}
