//! The rules that the pipeline has.

use super::{Observation, Verdict};
use crate::reason::Reason;

pub(super) fn loaded(observation: &Observation) -> Verdict {
    let Some(rules) = &observation.answers.rules else {
        return Verdict::unknown(Reason::NotObserved, "no pod of the pipeline has told its rules");
    };
    match &rules.error {
        Some(error) => Verdict::no(Reason::RulesRejected, error.to_string()),
        None => Verdict::yes(Reason::AsExpected, format!("{} rules are loaded", rules.count())),
    }
}
