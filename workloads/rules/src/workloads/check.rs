//! The checks that are known, and how they are named.

use std::collections::BTreeSet;

use ccx_messages::{ErrorKey, RuleFqdn};

use super::{Workload, WorkloadRecommendation};

/// How the names of all the operator's metrics begin.
const METRIC_PREFIX: &str = "deployment_validation_operator_";

/// Those that the operator makes when nobody configures it.
const ON_BY_DEFAULT: [&str; 12] = [
    "host-ipc",
    "host-network",
    "host-pid",
    "non-isolated-pod",
    "pdb-max-unavailable",
    "pdb-min-available",
    "privilege-escalation-container",
    "privileged-container",
    "run-as-non-root",
    "unsafe-sysctls",
    "unset-cpu-requirements",
    "unset-memory-requirements",
];

/// Those that older operators made by default, and that administrators like to switch on.
const OFF_BY_DEFAULT: [&str; 8] = [
    "dnsconfig-options",
    "latest-tag",
    "minimum-three-replicas",
    "no-anti-affinity",
    "no-liveness-probe",
    "no-node-affinity",
    "no-read-only-root-fs",
    "no-readiness-probe",
];

/// Checks that are several of the operator's in one, under the module and key that they are known by elsewhere.
const AGGREGATES: [(&str, &str, &[&str]); 1] = [(
    "unset-requirements",
    "ccx_rules_ocp.external.dvo.unset_requirements",
    &["unset-cpu-requirements", "unset-memory-requirements"],
)];

/// A check: a question about each workload.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// kube-linter's name.
    pub name: String,
    /// The module.
    pub rule: RuleFqdn,
    /// The key.
    pub error_key: ErrorKey,
    /// Whether it is on when nobody says otherwise.
    pub is_default: bool,
    /// The checks of the operator that it is made of.
    parts: Vec<String>,
}

/// All checks that have texts.
pub(super) fn known() -> Vec<Check> {
    let default = ON_BY_DEFAULT.iter().filter_map(|name| Check::single(name, true));
    let others = OFF_BY_DEFAULT.iter().filter_map(|name| Check::single(name, false));
    let aggregates = AGGREGATES.iter().filter_map(|(name, module, parts)| {
        let parts = parts.iter().map(ToString::to_string).collect();
        Check::new(name, module, false, parts)
    });
    default.chain(others).chain(aggregates).collect()
}

/// Whether a check has texts.
pub(super) fn is_known(name: &str) -> bool {
    let aggregates = AGGREGATES.iter().map(|(name, ..)| *name);
    ON_BY_DEFAULT.into_iter().chain(OFF_BY_DEFAULT).chain(aggregates).any(|known| known == name)
}

impl Check {
    /// A check that somebody has written; `None` when it can't be called so.
    pub(super) fn custom(name: &str) -> Option<Self> {
        let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !name.is_empty() && name.bytes().all(is_valid) { Self::single(name, false) } else { None }
    }

    fn single(name: &str, is_default: bool) -> Option<Self> {
        let module = format!("ccx_rules.external.dvo.{}", underscored(name));
        Self::new(name, &module, is_default, vec![name.to_owned()])
    }

    fn new(name: &str, module: &str, is_default: bool, parts: Vec<String>) -> Option<Self> {
        let error_key = format!("DVO_{}", underscored(name).to_uppercase());
        let (rule, error_key) = (module.parse().ok()?, error_key.parse().ok()?);
        Some(Self { name: name.to_owned(), rule, error_key, is_default, parts })
    }

    /// The names of the operator's metrics for it.
    pub(super) fn metrics(&self) -> impl Iterator<Item = String> {
        self.parts.iter().map(|part| format!("{METRIC_PREFIX}{}", underscored(part)))
    }

    pub(super) fn recommendation(&self, workloads: BTreeSet<Workload>) -> WorkloadRecommendation {
        let Self { name, rule, error_key, .. } = self.clone();
        WorkloadRecommendation { rule, error_key, check_name: name, workloads }
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_check_has_a_name_that_rules_may_have() {
        assert_eq!(known().len(), ON_BY_DEFAULT.len() + OFF_BY_DEFAULT.len() + AGGREGATES.len());
        assert!(known().iter().all(|check| is_known(&check.name)));
    }

    #[test]
    fn names_metrics_and_keys_follow_from_each_other() {
        let check = Check::custom("my-own-check").unwrap();
        assert_eq!(check.rule.as_str(), "ccx_rules.external.dvo.my_own_check");
        assert_eq!(check.error_key.as_str(), "DVO_MY_OWN_CHECK");
        assert_eq!(check.metrics().collect::<Vec<_>>(), ["deployment_validation_operator_my_own_check"]);
    }

    #[test]
    fn an_aggregate_has_the_metrics_of_its_parts() {
        let checks = known();
        let aggregate = checks.iter().find(|check| check.name == "unset-requirements").unwrap();
        assert_eq!(aggregate.rule.as_str(), "ccx_rules_ocp.external.dvo.unset_requirements");
        assert_eq!(aggregate.error_key.as_str(), "DVO_UNSET_REQUIREMENTS");
        assert_eq!(aggregate.metrics().count(), 2);
    }

    #[test]
    fn names_of_another_form_are_refused() {
        for name in ["", "Host-IPC", "a b", "a.b", "a|b", "é"] {
            assert!(Check::custom(name).is_none(), "{name}");
        }
    }
}
