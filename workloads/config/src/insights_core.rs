//! `[insights_core]`

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Problem;

/// Rules of insights-core, run unchanged in Python processes. Disabled unless `packages` or `config_file` is set.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InsightsCore {
    /// Python packages with rules.
    pub packages: Vec<String>,
    /// A configuration of ccx-messaging, of which `plugins`, `service.format` and `service.target_components` are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_file: Option<PathBuf>,
    /// The Python that has insights-core and the packages.
    pub python: PathBuf,
    /// Number of processes; 0 means one fewer than there are cores, and at least one.
    pub workers: usize,
    /// Directory in which archives are unpacked for Python: a file system in memory with room for one archive per process.
    pub work_folder: PathBuf,
    /// Time limit of one rule on one archive.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub rule_timeout: Duration,
    /// Time limit of all rules together on one archive.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub archive_timeout: Duration,
    /// Time limit of a process to load the packages.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub start_timeout: Duration,
    /// Maximum address space of a process.
    #[schemars(with = "String")]
    pub max_memory: ByteSize,
    /// Growth of a process's memory since its start after which it is replaced.
    #[schemars(with = "String")]
    pub max_memory_growth: ByteSize,
    /// Number of archives after which a process is replaced.
    pub max_archives: u32,
    /// The components that run.
    pub components: Components,
    /// The result of an archive on which Python fails twice.
    pub on_failure: OnFailure,
    /// Details of hits that some clients can't read.
    pub details: HitDetails,
}

/// The components of insights-core that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Components {
    /// The rules and their dependencies.
    Needed,
    /// All that are loaded, as in ccx-messaging.
    All,
}

/// The result of an archive on which the Python rules fail twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// The report is sent without their results and says so in `analysis_metadata.incomplete`.
    PublishIncomplete,
    /// The announcement becomes a dead letter.
    DeadLetter,
}

/// The handling of details that some clients can't read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HitDetails {
    /// A member `nodes` that is not a list of strings becomes a list of names, and the original becomes `node_details`.
    ForClients,
    /// Unchanged, for templates that are written for them; clients may drop the whole report of a cluster.
    AsIs,
}

impl Default for InsightsCore {
    fn default() -> Self {
        Self {
            packages: Vec::new(),
            config_file: None,
            python: "python3".into(),
            workers: 0,
            work_folder: "/dev/shm".into(),
            rule_timeout: Duration::from_secs(5),
            archive_timeout: Duration::from_secs(30),
            start_timeout: Duration::from_mins(1),
            max_memory: ByteSize::gib(2),
            max_memory_growth: ByteSize::mib(256),
            max_archives: 2000,
            components: Components::Needed,
            on_failure: OnFailure::PublishIncomplete,
            details: HitDetails::AsIs,
        }
    }
}

impl InsightsCore {
    /// Whether there are rules to run.
    pub fn is_on(&self) -> bool {
        !self.packages.is_empty() || self.config_file.is_some()
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let times = [
            ("insights_core.rule_timeout", self.rule_timeout),
            ("insights_core.archive_timeout", self.archive_timeout),
            ("insights_core.start_timeout", self.start_timeout),
        ];
        problems.extend(
            times.iter().filter(|(_, time)| time.is_zero()).map(|(key, _)| Problem::new(*key, "is 0s")),
        );
        if self.max_archives == 0 {
            problems.push(Problem::new(
                "insights_core.max_archives",
                "is 0; every process would be replaced at once",
            ));
        }
    }
}
