//! Deployments, StatefulSets and Jobs.

use k8s_openapi::{
    api::{
        apps::v1::{DeploymentCondition, DeploymentStatus, StatefulSetStatus},
        batch::v1::{JobCondition, JobStatus},
    },
    jiff::Timestamp,
};
use kube::core::DynamicObject;
use serde::{Deserialize, de::IgnoredAny};

use crate::cache::partial_object::{Part, PartialObject};

/// The decoded parts of a Deployment.
pub(crate) type Deployment = PartialObject<DynamicObject, Replicas, DeploymentStatus>;

/// The decoded parts of a StatefulSet.
pub(crate) type StatefulSet = PartialObject<DynamicObject, Replicas, StatefulSetStatus>;

/// The decoded parts of a Job.
pub(crate) type Job = PartialObject<DynamicObject, IgnoredAny, JobStatus>;

/// The desired replicas of a spec.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Replicas {
    pub(crate) replicas: Option<i32>,
}

impl Part for Replicas {}
impl Part for DeploymentStatus {}
impl Part for StatefulSetStatus {}
impl Part for JobStatus {}

/// The rollout of a Deployment or StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rollout {
    /// Whether its controller has observed the newest generation.
    pub(crate) is_observed: bool,
    /// Desired replicas.
    pub(crate) desired: i32,
    /// Existing pods of all revisions.
    pub(crate) total: i32,
    /// Pods of the newest revision.
    pub(crate) updated: i32,
    /// Ready pods.
    pub(crate) ready: i32,
    /// Whether pods are being replaced by those of the newest revision.
    pub(crate) is_rolling: bool,
    /// The reason for which pods can't be created: quota, admission.
    pub(crate) refused: Option<Box<str>>,
    /// The pods did not become ready within the progress deadline.
    pub(crate) is_stuck: bool,
}

/// The progress of a Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobProgress {
    /// Its state.
    pub(crate) state: JobState,
    /// The number of its failed pods.
    pub(crate) failures: i32,
    /// When it failed.
    pub(crate) failed_at: Option<Timestamp>,
}

/// The state of a Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// Not finished.
    Running,
    /// Finished successfully.
    Succeeded,
    /// Finished with a failure, and its reason.
    Failed(Box<str>),
}

impl Rollout {
    /// Whether all pods have the newest revision and are Ready, and no other pod exists.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_observed
            && self.updated == self.desired
            && self.total == self.desired
            && self.ready >= self.desired
    }

    /// Whether at least `floor` pods of the newest revision are Ready. All others may be the ready ones of
    /// older revisions, so that this is never true too early.
    pub(crate) fn has_ready(&self, floor: i32) -> bool {
        self.is_observed && self.ready - (self.total - self.updated) >= floor
    }

    /// Whether no pod exists and none is desired.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_observed && self.desired == 0 && self.total == 0
    }
}

impl From<&Deployment> for Rollout {
    fn from(deployment: &Deployment) -> Self {
        let status = &deployment.status;
        let condition = |name: &str, wanted: &str| -> Option<DeploymentCondition> {
            let mut conditions = status.conditions.iter().flatten();
            conditions.find(|condition| condition.type_ == name && condition.status == wanted).cloned()
        };
        let progressing = condition("Progressing", "False");
        let is_observed = is_observed(deployment.metadata.generation, status.observed_generation);
        let is_progressing = condition("Progressing", "True")
            .is_some_and(|it| it.reason.as_deref() != Some("NewReplicaSetAvailable"));
        let total = status.replicas.unwrap_or_default();
        let updated = status.updated_replicas.unwrap_or_default();
        Self {
            is_observed,
            desired: deployment.spec.replicas.unwrap_or(1),
            total,
            updated,
            is_rolling: progressing.is_none() && (!is_observed || is_progressing || total > updated),
            ready: status.ready_replicas.unwrap_or_default(),
            refused: condition("ReplicaFailure", "True")
                .and_then(|condition| condition.message)
                .map(Into::into),
            is_stuck: progressing.is_some_and(|it| it.reason.as_deref() == Some("ProgressDeadlineExceeded")),
        }
    }
}

impl From<&StatefulSet> for Rollout {
    fn from(set: &StatefulSet) -> Self {
        let status = &set.status;
        let desired = set.spec.replicas.unwrap_or(1);
        let is_current =
            status.update_revision.is_none() || status.update_revision == status.current_revision;
        let is_observed = is_observed(set.metadata.generation, status.observed_generation);
        Self {
            is_observed,
            is_rolling: !is_observed || !is_current,
            desired,
            total: status.replicas,
            // After a rollout the update revision becomes the current one, and this count may be absent.
            updated: if is_current { status.replicas } else { status.updated_replicas.unwrap_or_default() },
            ready: status.ready_replicas.unwrap_or_default(),
            refused: None,
            is_stuck: false,
        }
    }
}

impl From<&Job> for JobProgress {
    fn from(job: &Job) -> Self {
        let status = &job.status;
        let condition = |name: &str| -> Option<JobCondition> {
            let mut conditions = status.conditions.iter().flatten();
            conditions.find(|condition| condition.type_ == name && condition.status == "True").cloned()
        };
        let mut failed_at = None;
        let state = if condition("Complete").is_some() {
            JobState::Succeeded
        } else if let Some(failed) = condition("Failed") {
            failed_at = failed.last_transition_time.as_ref().map(|time| time.0);
            JobState::Failed(failed.message.or(failed.reason).unwrap_or_default().into())
        } else {
            JobState::Running
        };
        Self { state, failures: status.failed.unwrap_or_default(), failed_at }
    }
}

fn is_observed(generation: Option<i64>, observed: Option<i64>) -> bool {
    observed >= generation
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(status: &Value) -> Rollout {
        let object = json!({"metadata": {"generation": 2}, "spec": {"replicas": 2, "selector": {}, "template": {}}, "status": status});
        Rollout::from(&serde_json::from_value::<Deployment>(object).unwrap())
    }

    #[test]
    fn deployment_is_complete_when_all_pods_are_updated_and_ready() {
        let done = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2});
        assert!(deployment(&done).is_complete());
        for (field, value) in
            [("observedGeneration", 1), ("replicas", 3), ("updatedReplicas", 1), ("readyReplicas", 1)]
        {
            let mut status = done.clone();
            status[field] = json!(value);
            assert!(!deployment(&status).is_complete(), "{field}");
        }
    }

    #[test]
    fn floor_is_ready_when_enough_pods_of_the_newest_revision_are() {
        let status = |total, updated, ready| {
            deployment(
                &json!({"observedGeneration": 2, "replicas": total, "updatedReplicas": updated, "readyReplicas": ready}),
            )
        };
        assert!(status(4, 4, 2).has_ready(2), "pods beyond the floor may be starting");
        assert!(!status(3, 1, 2).has_ready(2), "the ready ones may be old");
        assert!(status(3, 2, 3).has_ready(2));
        assert!(!status(2, 2, 1).has_ready(2));
        assert!(status(0, 0, 0).has_ready(0));
    }

    #[test]
    fn deployment_is_rolling_until_its_newest_replica_set_is_available() {
        let status = |reason: &str, updated: i32| {
            let condition = json!({"type": "Progressing", "status": "True", "reason": reason});
            deployment(&json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": updated,
                "readyReplicas": 1, "conditions": [condition]}))
        };
        assert!(status("ReplicaSetUpdated", 2).is_rolling);
        assert!(status("NewReplicaSetAvailable", 1).is_rolling, "old pods still exist");
        assert!(!status("NewReplicaSetAvailable", 2).is_rolling, "a pod failed after the rollout");
    }

    #[test]
    fn deployment_without_status_is_not_observed() {
        assert!(!deployment(&json!({})).is_complete());
        assert!(!deployment(&json!({})).is_gone());
    }

    #[test]
    fn deployment_has_reason_of_refused_pods_and_is_stuck() {
        let rollout = deployment(&json!({"conditions": [
            {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"},
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}));
        assert_eq!(rollout.refused.as_deref(), Some("exceeded quota: small"));
        assert!(rollout.is_stuck);
    }

    #[test]
    fn failed_job_has_reason() {
        let job = |conditions: Value| {
            let object = json!({"status": {"failed": 3, "conditions": conditions}});
            JobProgress::from(&serde_json::from_value::<Job>(object).unwrap())
        };
        let failed = job(
            json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]),
        );
        assert_eq!(
            failed,
            JobProgress { state: JobState::Failed("too often".into()), failures: 3, failed_at: None }
        );
        assert_eq!(job(json!([{"type": "Complete", "status": "True"}])).state, JobState::Succeeded);
        assert_eq!(job(json!([{"type": "Failed", "status": "False"}])).state, JobState::Running);
    }
}
