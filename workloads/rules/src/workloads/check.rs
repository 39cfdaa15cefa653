//! The known checks and their names.

use std::collections::BTreeSet;

use ccx_messages::{ErrorKey, RuleFqdn};

use super::{Workload, WorkloadRecommendation};

/// The prefix of all metrics of the operator.
const METRIC_PREFIX: &str = "deployment_validation_operator_";

/// The checks that the operator runs by default.
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

/// Checks that older operators ran by default, and that administrators often enable.
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

/// Checks that combine several of the operator's, with the module and key that other services use.
const AGGREGATES: [(&str, &str, &[&str]); 1] = [(
    "unset-requirements",
    "ccx_rules_ocp.external.dvo.unset_requirements",
    &["unset-cpu-requirements", "unset-memory-requirements"],
)];

/// A check of each workload.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// kube-linter's name.
    pub name: String,
    /// The module.
    pub rule: RuleFqdn,
    /// The key.
    pub error_key: ErrorKey,
    /// Whether it is enabled by default.
    pub is_default: bool,
    /// The operator's checks that it combines.
    parts: Vec<String>,
}

/// Returns all checks that have content.
pub(super) fn known() -> Vec<Check> {
    let default = ON_BY_DEFAULT.iter().filter_map(|name| Check::single(name, true));
    let others = OFF_BY_DEFAULT.iter().filter_map(|name| Check::single(name, false));
    let aggregates = AGGREGATES.iter().filter_map(|(name, module, parts)| {
        let parts = parts.iter().map(ToString::to_string).collect();
        Check::new(name, module, false, parts)
    });
    default.chain(others).chain(aggregates).collect()
}

/// Returns whether a check has content.
pub(super) fn is_known(name: &str) -> bool {
    let aggregates = AGGREGATES.iter().map(|(name, ..)| *name);
    ON_BY_DEFAULT.into_iter().chain(OFF_BY_DEFAULT).chain(aggregates).any(|known| known == name)
}

impl Check {
    /// Returns a custom check; `None` when the name is not valid.
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

    /// Returns the names of the operator's metrics for it.
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
    fn known_checks_have_valid_rule_names() {
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
    fn aggregate_has_the_metrics_of_its_parts() {
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
