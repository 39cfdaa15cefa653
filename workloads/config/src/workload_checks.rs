//! `[workload_checks]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The checks of users' workloads by the deployment validation operator. Results are sent if `kafka.topics.workloads` is set.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkloadChecks {
    /// Checks besides those that the operator runs by default, by kube-linter's names; for example `latest-tag`, or one that an
    /// administrator has written.
    pub enabled: Vec<String>,
    /// Checks that are left out.
    pub disabled: Vec<String>,
    /// Compression of messages. Those of large clusters can exceed the limit of a topic.
    pub compression: Compression,
}

/// Compression of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Not compressed.
    #[default]
    None,
    /// A gzip file, which consumers recognise by its first bytes.
    Gzip,
}
