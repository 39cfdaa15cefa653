//! The history of Jobs in the status, which outlives their objects.
//!
//! A migration that has succeeded is not repeated when its object is deleted, as by a TTL controller. A Job that
//! has failed is repeated after a pause that grows with each failure.

use std::time::Duration;

use ccx_crds::{CcxPipelineStatus, JobStatus};
use k8s_openapi::jiff::Timestamp;

use crate::model::component::MIGRATION;

/// The annotation of a resource whose change repeats the Jobs.
pub(crate) const RUN_JOBS: &str = "ccx.openshift.io/run-jobs";

/// The pause after the first failure of a Job, which doubles with each.
pub const FIRST_PAUSE: Duration = Duration::from_mins(5);

/// The ratio of the longest pause to the first: one hour.
const LONGEST_PAUSE_RATIO: u32 = 12;

/// The history of the Jobs of a resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobHistory {
    jobs: Vec<JobStatus>,
    storage: DatabaseStorage,
    first_pause: Duration,
}

/// The storage whose schema a migration has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum DatabaseStorage {
    /// A database that the operator does not run.
    #[default]
    External,
    /// The volume claim with this digest of its UID.
    Claim(String),
    /// A directory that is lost with its pod, or a claim that does not exist.
    Unknown,
}

impl JobHistory {
    pub(crate) fn new(
        status: Option<&CcxPipelineStatus>,
        storage: DatabaseStorage,
        first_pause: Option<Duration>,
    ) -> Self {
        let jobs = status.map(|status| status.jobs.clone()).unwrap_or_default();
        Self { jobs, storage, first_pause: first_pause.unwrap_or(FIRST_PAUSE) }
    }

    /// Whether the success of a migration is recorded, for any storage.
    pub(crate) fn is_recorded(&self, role: &str, job: &str) -> bool {
        role == MIGRATION && self.find(job).is_some_and(|it| it.succeeded)
    }

    /// Whether a Job without an object has succeeded, and need not be repeated.
    pub(crate) fn has_succeeded(&self, role: &str, job: &str) -> bool {
        let is_known = self.find(job).is_some_and(|it| it.succeeded && self.is_of_storage(it));
        role == MIGRATION && self.storage != DatabaseStorage::Unknown && is_known
    }

    /// Whether a Job has succeeded on another volume than the present one.
    pub(crate) fn is_of_lost_storage(&self, role: &str, job: &str) -> bool {
        role == MIGRATION && self.find(job).is_some_and(|it| it.succeeded && !self.is_of_storage(it))
    }

    /// Returns when a Job that failed at `failed_at` is repeated, and the number of its failures.
    pub(crate) fn retry(&self, job: &str, failed_at: Timestamp) -> (Timestamp, u32) {
        let repeated = self.find(job).map_or(0, |it| u32::try_from(it.failures).unwrap_or_default());
        let pause = self.first_pause.saturating_mul(2_u32.saturating_pow(repeated));
        let pause = pause.min(self.first_pause * LONGEST_PAUSE_RATIO);
        (failed_at.saturating_add(pause).unwrap_or(Timestamp::MAX), repeated + 1)
    }

    /// Returns the history after a reconcile, in which the Job `repeated` was deleted after a failure.
    pub(crate) fn after(
        &self,
        job: &str,
        role: &str,
        is_repeated: bool,
        outcome: Option<bool>,
    ) -> Option<JobStatus> {
        let before = self.find(job);
        let failures = before.map_or(0, |it| it.failures).saturating_add(i32::from(is_repeated));
        let succeeded = outcome.unwrap_or_else(|| self.has_succeeded(role, job));
        let volume = match before.filter(|it| it.succeeded) {
            Some(before) => before.volume.clone(),
            None => self.volume(),
        };
        let status = JobStatus {
            name: role.to_owned(),
            job: job.to_owned(),
            succeeded,
            failures: if succeeded { 0 } else { failures },
            volume: volume.filter(|_| succeeded && role == MIGRATION),
        };
        (succeeded || status.failures > 0).then_some(status)
    }

    fn find(&self, job: &str) -> Option<&JobStatus> {
        self.jobs.iter().find(|it| it.job == job)
    }

    fn is_of_storage(&self, job: &JobStatus) -> bool {
        job.volume == self.volume()
    }

    fn volume(&self) -> Option<String> {
        match &self.storage {
            DatabaseStorage::Claim(digest) => Some(digest.clone()),
            DatabaseStorage::External | DatabaseStorage::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(jobs: Vec<JobStatus>, storage: DatabaseStorage) -> JobHistory {
        let status = CcxPipelineStatus { jobs, ..CcxPipelineStatus::default() };
        JobHistory::new(Some(&status), storage, None)
    }

    fn job(succeeded: bool, failures: i32, volume: Option<&str>) -> JobStatus {
        JobStatus {
            name: MIGRATION.into(),
            job: "m-1".into(),
            succeeded,
            failures,
            volume: volume.map(Into::into),
        }
    }

    #[test]
    fn pause_doubles_with_each_failure_from_five_minutes_to_an_hour() {
        let failed = Timestamp::from_second(0).unwrap();
        let pauses = [0, 1, 2, 3, 4, 100].map(|failures| {
            history(vec![job(false, failures, None)], DatabaseStorage::External)
                .retry("m-1", failed)
                .0
                .as_second()
                / 60
        });
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn succeeded_migration_is_known_without_its_object_on_the_same_volume_only() {
        let claim = |uid: &str| DatabaseStorage::Claim(uid.into());
        let known =
            |volume, storage| history(vec![job(true, 0, volume)], storage).has_succeeded(MIGRATION, "m-1");
        assert!(known(Some("1"), claim("1")) && known(None, DatabaseStorage::External));
        assert!(!known(Some("1"), claim("2")) && !known(None, DatabaseStorage::Unknown));
        assert!(history(vec![job(true, 0, Some("1"))], claim("2")).is_of_lost_storage(MIGRATION, "m-1"));
        assert!(
            !history(vec![job(true, 0, None)], DatabaseStorage::External).has_succeeded(MIGRATION, "m-2")
        );
    }

    #[test]
    fn failures_are_counted_until_success() {
        let storage = || DatabaseStorage::External;
        let failed = history(Vec::new(), storage()).after("m-1", MIGRATION, true, Some(false));
        assert_eq!(failed, Some(job(false, 1, None)));
        let again = history(vec![job(false, 1, None)], storage());
        assert_eq!(again.after("m-1", MIGRATION, false, Some(false)), Some(job(false, 1, None)));
        assert_eq!(again.after("m-1", MIGRATION, false, Some(true)), Some(job(true, 0, None)));
        assert_eq!(again.after("m-2", MIGRATION, false, Some(false)), None);
    }
}
