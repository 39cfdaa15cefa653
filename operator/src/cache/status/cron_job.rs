//! Reported parts of a CronJob: its schedule and the outcome of its runs.

use k8s_openapi::{api::batch::v1::CronJobStatus, jiff::Timestamp};
use kube::core::DynamicObject;
use serde::Deserialize;

use crate::cache::partial_object::{Part, PartialObject};

/// The decoded parts of a CronJob.
pub(crate) type CronJob = PartialObject<DynamicObject, Suspension, CronJobStatus>;

/// Whether a CronJob is suspended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Suspension {
    suspend: bool,
}

impl Part for Suspension {}
impl Part for CronJobStatus {}

/// The state of a CronJob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CronJobState {
    /// `spec.suspend`: no runs are started.
    pub(crate) is_suspended: bool,
    /// When the last run was due.
    pub(crate) last_due: Option<Timestamp>,
    pub(crate) last_run: LastRun,
}

/// The outcome of the last run of a CronJob.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastRun {
    /// There was none.
    #[default]
    Never,
    /// It has not finished.
    Running,
    /// It finished successfully at this time.
    Succeeded(Timestamp),
    /// It finished without success.
    Failed,
}

impl From<&CronJob> for CronJobState {
    fn from(cron_job: &CronJob) -> Self {
        let status = &cron_job.status;
        let last_due = status.last_schedule_time.as_ref().map(|time| time.0);
        let succeeded = status.last_successful_time.as_ref().map(|time| time.0);
        let is_running = status.active.as_ref().is_some_and(|jobs| !jobs.is_empty());
        let last_run = match (is_running, last_due, succeeded) {
            (true, ..) => LastRun::Running,
            (false, None, None) => LastRun::Never,
            (false, due, Some(succeeded)) if due.is_none_or(|due| due <= succeeded) => {
                LastRun::Succeeded(succeeded)
            }
            _ => LastRun::Failed,
        };
        Self { is_suspended: cron_job.spec.suspend, last_due, last_run }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn last_run(status: &Value) -> LastRun {
        let cron_job: CronJob =
            serde_json::from_value(json!({"metadata": {}, "spec": {"suspend": true}, "status": status}))
                .unwrap();
        let state = CronJobState::from(&cron_job);
        assert!(state.is_suspended);
        state.last_run
    }

    #[test]
    fn last_run_follows_from_the_times_in_the_status() {
        let (first, second) = ("2026-01-01T03:23:00Z", "2026-01-01T03:24:00Z");
        let active = json!([{"kind": "Job", "name": "a"}]);
        assert_eq!(last_run(&json!({})), LastRun::Never);
        assert_eq!(last_run(&json!({"active": active, "lastScheduleTime": first})), LastRun::Running);
        let succeeded = json!({"lastScheduleTime": first, "lastSuccessfulTime": second});
        assert_eq!(last_run(&succeeded), LastRun::Succeeded(second.parse().unwrap()));
        assert_eq!(
            last_run(&json!({"lastScheduleTime": second, "lastSuccessfulTime": first})),
            LastRun::Failed
        );
        assert_eq!(last_run(&json!({"lastScheduleTime": first})), LastRun::Failed);
    }
}
