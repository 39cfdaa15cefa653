//! Whether the cleaner runs on its schedule and succeeds.

use super::{ConditionStatus, Observation, ReconcileMode, pod_issue};
use crate::{
    cache::status::{CronJobState, LastRun, PodIssue},
    model::{problem::Problem, reason::Reason},
};

/// The observed state of the cleaner.
#[derive(Clone, Debug, Default)]
pub(crate) struct CleanerView {
    pub(crate) name: String,
    /// Absent while its CronJob does not exist.
    pub(crate) state: Option<CronJobState>,
    /// The issue of its last pod that has one, and the pod's name.
    pub(crate) issue: Option<(String, PodIssue)>,
    /// The first missing reference that it waits for.
    pub(crate) missing: Option<Problem>,
    /// The cause for which its change is held back.
    pub(crate) held: Option<Problem>,
}

/// Returns the status of the cleaner; `None` when the spec has none.
pub(super) fn ready(observation: &Observation) -> Option<ConditionStatus> {
    let cleaner = observation.state.cleaner.as_ref()?;
    let Some(state) = &cleaner.state else { return Some(absent(cleaner, observation)) };
    let name = &cleaner.name;
    let due = state.last_due.map(|due| format!(" of {due:.0}")).unwrap_or_default();
    Some(match state.last_run {
        LastRun::Failed => {
            let output = cleaner
                .issue
                .as_ref()
                .map(|(pod, issue)| format!(": {}", pod_issue::problem(pod, issue, observation.now).message));
            let output = output.unwrap_or_default();
            ConditionStatus::not_met(
                Reason::CleanerFailed,
                format!("the run{due} of CronJob {name} failed{output}"),
            )
        }
        _ if state.is_suspended => {
            ConditionStatus::not_met(Reason::Suspended, format!("CronJob {name} is suspended"))
        }
        LastRun::Never => ConditionStatus::met(
            Reason::AsExpected,
            format!("CronJob {name} is scheduled; no run was due yet"),
        ),
        LastRun::Running => {
            ConditionStatus::met(Reason::AsExpected, format!("the run{due} of CronJob {name} is in progress"))
        }
        LastRun::Succeeded(at) => ConditionStatus::met(
            Reason::AsExpected,
            format!("the last run of CronJob {name} succeeded at {at:.0}"),
        ),
    })
}

fn absent(cleaner: &CleanerView, observation: &Observation) -> ConditionStatus {
    if observation.mode == ReconcileMode::Planned {
        let message =
            format!("CronJob {} does not exist; status.plan lists what would be created", cleaner.name);
        return ConditionStatus::not_met(Reason::Planned, message);
    }
    let own = cleaner.missing.as_ref().or(cleaner.held.as_ref());
    match own.or(observation.errors.first()).or(observation.waiting.as_ref()) {
        Some(cause) => ConditionStatus::not_met_by(cause),
        None => {
            ConditionStatus::not_met(Reason::Starting, format!("CronJob {} does not exist yet", cleaner.name))
        }
    }
}
