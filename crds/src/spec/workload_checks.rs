//! `spec.dataPipeline.workloadChecks`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::rule::rule;

/// Which checks of clusters' workloads are sent, of those that the deployment validation operator makes there. None is, unless
/// `kafka.topics.workloads` names a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = WorkloadChecks::rules()))]
pub struct WorkloadChecks {
    /// Checks besides those that are made by default, by kube-linter's names; also those that an administrator has written.
    ///
    /// Example: `[latest-tag]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 128)))]
    pub enabled: Vec<String>,
    /// Checks that are not looked for. One that is neither made by default nor known to kube-linter stops the pipeline.
    ///
    /// Example: `[unset-cpu-requirements]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "set"), inner(length(min = 1, max = 128)))]
    pub disabled: Vec<String>,
    /// Compression of the messages. Those of large clusters can exceed the limit of a topic.
    pub compression: WorkloadCompression,
}

impl WorkloadChecks {
    fn rules() -> Vec<Rule> {
        let names = |field: &str| {
            let expression =
                format!("!has(self.{field}) || self.{field}.all(name, name.matches('^[a-z0-9-]+$'))");
            let message = "write names of checks: lower-case letters, digits and -";
            rule(&expression, message).field_path(format!(".{field}"))
        };
        let is_in_one =
            "!has(self.enabled) || !has(self.disabled) || !self.disabled.exists(name, name in self.enabled)";
        let once =
            rule(is_in_one, "name a check in one of enabled and disabled only").field_path(".disabled");
        vec![names("enabled"), names("disabled"), once]
    }
}

/// Compression of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadCompression {
    /// As they are.
    #[default]
    None,
    /// As a gzip file, which consumers recognise by its first bytes.
    Gzip,
}
