//! `[workload_checks]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The checks of the users' workloads that the deployment validation operator makes. They are sent when `kafka.topics.workloads`
/// has a name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkloadChecks {
    /// Checks that are looked for besides those that the operator makes by default, by kube-linter's names; for example
    /// `latest-tag`, or one that an administrator has written.
    pub enabled: Vec<String>,
    /// Checks that are not looked for.
    pub disabled: Vec<String>,
    /// How the messages are packed. Those of large clusters can be larger than what a topic takes.
    pub compression: Compression,
}

/// How messages are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// As a gzip file, which consumers recognise by its first bytes.
    Gzip,
}
