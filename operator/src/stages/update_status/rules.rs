//! The rules that the pipeline runs.

use super::{ConditionStatus, Observation};
use crate::model::reason::Reason;

pub(super) fn loaded(observation: &Observation) -> ConditionStatus {
    let Some(rules) = &observation.probed.rules else {
        return ConditionStatus::unknown(
            Reason::NotObserved,
            "no pod of data-pipeline has reported its rules",
        );
    };
    let unknown = &rules.unknown_disabled;
    match &rules.error {
        Some(error) => ConditionStatus::not_met(Reason::RulesRejected, error.to_string()),
        None if !unknown.is_empty() => ConditionStatus::met(
            Reason::UnknownRules,
            format!(
                "{} rules are loaded; spec.dataPipeline.rules.disabledRules names rules that do not exist: {}",
                rules.count(),
                unknown.join(", ")
            ),
        ),
        None if observation.is_selector_unmatched => ConditionStatus::met(
            Reason::AsExpected,
            format!(
                "{} rules are loaded; no ConfigMap has the labels of spec.dataPipeline.rules.configMapSelector",
                rules.count()
            ),
        ),
        None => ConditionStatus::met(Reason::AsExpected, format!("{} rules are loaded", rules.count())),
    }
}
