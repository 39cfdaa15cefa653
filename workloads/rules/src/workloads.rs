//! Checks of the users' own workloads by the deployment validation operator.
//!
//! The operator exports a metric for each check, with a sample for each object that fails it. One pass over
//! its text gives one recommendation for each check, with all the objects that it concerns. They are a report
//! of their own, for another topic.
//!
//! ```text
//!  config/dvo_metrics ──▶ samples ──▶ objects by check ──▶ WorkloadRecommendation
//!                        (of the metrics of the checks that are on)
//! ```

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    fmt,
};

use ccx_archive::Archive;
use ccx_messages::{ErrorKey, RuleFqdn};
use serde::Serialize;

use self::check::Check;
use crate::{Input, Location, Sample, metrics::Families};

mod check;

/// The metrics of the operator.
pub const WORKLOAD_CHECKS: Input =
    Input::text("workload_checks", &[Location::new(METRICS_FILE).since(4, 10)]);

const METRICS_FILE: &str = "config/dvo_metrics";

/// The most objects that are kept for a check; one takes some 200 bytes, and large clusters have some
/// thousand workloads.
const MAX_WORKLOADS_PER_CHECK: usize = 5000;

/// The largest file of metrics that is read: labels are copied, and the operator records 24 MiB at most in all.
const MAX_METRICS_BYTES: usize = 24 << 20;

/// The checks that are enabled.
pub struct WorkloadChecks {
    checks: Vec<Check>,
    /// The positions of the checks that a metric belongs to.
    by_metric: HashMap<String, Vec<usize>>,
    metrics: Families,
}

/// The name of a workload check that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCheck {
    name: String,
}

/// A check that objects of the cluster fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRecommendation {
    /// The module, as of a rule.
    pub rule: RuleFqdn,
    /// The key.
    pub error_key: ErrorKey,
    /// The name by which the operator and kube-linter know the check.
    pub check_name: String,
    /// The objects that fail it, by namespace.
    pub workloads: BTreeSet<Workload>,
}

/// An object of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Workload {
    /// Its namespace; empty when the operator exports no names.
    pub namespace: String,
    /// The id of its namespace.
    pub namespace_uid: String,
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name; empty when the operator exports no names.
    pub name: String,
    /// Its id.
    pub uid: String,
}

impl Default for WorkloadChecks {
    /// Returns the checks that the operator runs by default.
    fn default() -> Self {
        Self::new(check::known().into_iter().filter(|check| check.is_default).collect())
    }
}

impl WorkloadChecks {
    /// Returns no checks: the file is not read.
    pub fn none() -> Self {
        Self::new(Vec::new())
    }

    /// Returns the default checks and those of `enabled`, without those of `disabled`, by kube-linter's
    /// names.
    ///
    /// ```
    /// use ccx_rules::WorkloadChecks;
    ///
    /// let checks = WorkloadChecks::select(&["latest-tag".to_owned()], &[]).unwrap();
    /// assert!(checks.names().any(|(_, key)| key.as_str() == "DVO_LATEST_TAG"));
    /// ```
    ///
    /// An unknown name can be enabled: it may be a custom check of a cluster's administrator.
    pub fn select(enabled: &[String], disabled: &[String]) -> Result<Self, UnknownCheck> {
        let mut checks = check::known();
        for name in enabled.iter().filter(|name| !check::is_known(name)) {
            checks.push(Check::custom(name).ok_or_else(|| UnknownCheck { name: name.clone() })?);
        }
        if let Some(name) = disabled.iter().find(|name| !checks.iter().any(|check| check.name == **name)) {
            return Err(UnknownCheck { name: name.clone() });
        }
        checks.retain(|check| {
            (check.is_default || enabled.contains(&check.name)) && !disabled.contains(&check.name)
        });
        Ok(Self::new(checks))
    }

    fn new(mut checks: Vec<Check>) -> Self {
        checks.sort_by(|a, b| (&a.rule, &a.error_key).cmp(&(&b.rule, &b.error_key)));
        checks.dedup_by(|later, first| (&later.rule, &later.error_key) == (&first.rule, &first.error_key));
        let mut by_metric: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, check) in checks.iter().enumerate() {
            for metric in check.metrics() {
                by_metric.entry(metric).or_default().push(index);
            }
        }
        let metrics = Families::new(by_metric.keys().cloned().map(Cow::Owned));
        Self { checks, by_metric, metrics }
    }

    /// Returns the names of the checks, by rule and key.
    pub fn names(&self) -> impl Iterator<Item = (&RuleFqdn, &ErrorKey)> {
        self.checks.iter().map(|check| (&check.rule, &check.error_key))
    }

    /// Returns the checks that objects fail, by rule and key; `None` when the archive has no results or no
    /// check is enabled.
    pub fn run(&self, archive: &Archive) -> Option<Vec<WorkloadRecommendation>> {
        let is_readable = |text: &&[u8]| !self.checks.is_empty() && text.len() <= MAX_METRICS_BYTES;
        let text = archive.file(METRICS_FILE).filter(is_readable)?;
        let mut failing: Vec<BTreeSet<Workload>> = vec![BTreeSet::new(); self.checks.len()];
        for sample in self.metrics.parse(text).filter(|sample| sample.value > 0.0) {
            for &index in self.by_metric.get(sample.family).into_iter().flatten() {
                if failing[index].len() < MAX_WORKLOADS_PER_CHECK {
                    failing[index].insert(Workload::from_sample(&sample));
                }
            }
        }
        let by_check = self.checks.iter().zip(failing).filter(|(_, workloads)| !workloads.is_empty());
        Some(by_check.map(|(check, workloads)| check.recommendation(workloads)).collect())
    }
}

impl Workload {
    fn from_sample(sample: &Sample<'_>) -> Self {
        let mut workload = Self::default();
        for (label, value) in sample.labels() {
            match label {
                "namespace" => workload.namespace = value.into_owned(),
                "namespace_uid" => workload.namespace_uid = value.into_owned(),
                "kind" => workload.kind = value.into_owned(),
                "name" => workload.name = value.into_owned(),
                "uid" => workload.uid = value.into_owned(),
                _ => {}
            }
        }
        workload
    }
}

impl fmt::Display for UnknownCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<String> = check::known().into_iter().map(|check| check.name).collect();
        write!(f, "unknown workload check {:?}; name one of {}", self.name, known.join(", "))
    }
}

impl std::error::Error for UnknownCheck {}

#[cfg(test)]
mod tests;
