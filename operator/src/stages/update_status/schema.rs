//! The version of the database's tables.

use ccx_crds::{CcxPipelineStatus, Endpoints, SchemaVersion};
use ccx_service::SchemaVersions;

use super::{JobView, Observation};
use crate::{
    cache::status::{JobProgress, JobState},
    model::component::MIGRATION,
};

/// Returns the version that the last successful migration reported; it is kept when the pod and the Job no
/// longer exist. `endpoints` are the desired ones, `None` when they are not known.
pub(super) fn version(
    observation: &Observation,
    before: &CcxPipelineStatus,
    endpoints: Option<&Endpoints>,
) -> Option<SchemaVersion> {
    let known =
        before.schema_version.clone().filter(|_| is_same_database(before.endpoints.as_ref(), endpoints));
    match observation.state.jobs.iter().find(|job| job.role == MIGRATION) {
        // Another Job may have migrated beyond the version that the previous one reported.
        Some(job) if has_succeeded(job) => told(job).or_else(|| known.filter(|known| known.job == job.name)),
        // A migration changes all or nothing.
        _ => known,
    }
}

fn is_same_database(before: Option<&Endpoints>, now: Option<&Endpoints>) -> bool {
    now.is_none_or(|now| before.is_some_and(|before| before.database == now.database))
}

fn has_succeeded(job: &JobView) -> bool {
    matches!(job.progress, Some(JobProgress { state: JobState::Succeeded, .. }))
}

fn told(job: &JobView) -> Option<SchemaVersion> {
    let SchemaVersions { public, dvo, postgresql } = job.schema?;
    Some(SchemaVersion {
        public: public.into(),
        dvo: dvo.into(),
        postgresql: postgresql.map(Into::into),
        job: job.name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::update_status::tests::{healthy, job};

    fn known(job: &str) -> SchemaVersion {
        SchemaVersion { public: 31, dvo: 3, postgresql: None, job: job.into() }
    }

    fn at(database: &str) -> Endpoints {
        Endpoints { database: Some(database.into()), ..Endpoints::default() }
    }

    /// Returns the version after that of the Job `ccx-migration-0`, when `ccx-migration-1` has this state and
    /// report.
    fn after(state: JobState, schema: Option<SchemaVersions>) -> Option<SchemaVersion> {
        let before = CcxPipelineStatus {
            schema_version: Some(known("ccx-migration-0")),
            endpoints: Some(at("db:5432/ccx")),
            ..CcxPipelineStatus::default()
        };
        let mut observation = healthy();
        observation.state.jobs = vec![JobView { schema, ..job(state) }];
        version(&observation, &before, Some(&at("db:5432/ccx")))
    }

    #[test]
    fn successful_migration_pod_reports_the_version() {
        let told =
            after(JobState::Succeeded, Some(SchemaVersions { public: 32, dvo: 4, postgresql: Some(17) }));
        assert_eq!(
            told,
            Some(SchemaVersion { public: 32, dvo: 4, postgresql: Some(17), job: "ccx-migration-1".into() })
        );
    }

    #[test]
    fn unfinished_migration_keeps_the_version() {
        for state in [JobState::Running, JobState::Failed("too often".into())] {
            assert_eq!(after(state, None), Some(known("ccx-migration-0")));
        }
    }

    #[test]
    fn successful_migration_without_a_report_clears_the_version() {
        assert_eq!(after(JobState::Succeeded, None), None);
    }

    #[test]
    fn version_is_kept_without_pod_job_or_valid_resource() {
        let before = CcxPipelineStatus {
            schema_version: Some(known("ccx-migration-1")),
            ..CcxPipelineStatus::default()
        };
        let mut observation = healthy();
        assert_eq!(version(&observation, &before, None), Some(known("ccx-migration-1")), "its pod is gone");
        observation.state.jobs[0].progress = None;
        assert_eq!(version(&observation, &before, None), Some(known("ccx-migration-1")), "the Job is gone");
        observation.state.jobs.clear();
        assert_eq!(
            version(&observation, &before, None),
            Some(known("ccx-migration-1")),
            "the desired database is not known"
        );
    }

    #[test]
    fn changed_database_clears_the_version() {
        let before = CcxPipelineStatus {
            schema_version: Some(known("ccx-migration-0")),
            endpoints: Some(at("old:5432/ccx")),
            ..CcxPipelineStatus::default()
        };
        let mut observation = healthy();
        observation.state.jobs = vec![job(JobState::Running)];
        assert_eq!(version(&observation, &before, Some(&at("new:5432/ccx"))), None);
    }
}
