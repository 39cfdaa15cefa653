//! Deployments, StatefulSets and Jobs.

use k8s_openapi::api::{
    apps::v1::{DeploymentCondition, DeploymentStatus, StatefulSetStatus},
    batch::v1::{JobCondition, JobStatus},
};
use kube::core::DynamicObject;
use serde::{Deserialize, de::IgnoredAny};

use crate::cache::partial_object::{Part, PartialObject};

/// A Deployment, as far as it is decoded.
pub(crate) type Deployment = PartialObject<DynamicObject, Replicas, DeploymentStatus>;

/// A StatefulSet, as far as it is decoded.
pub(crate) type StatefulSet = PartialObject<DynamicObject, Replicas, StatefulSetStatus>;

/// A Job, as far as it is decoded.
pub(crate) type Job = PartialObject<DynamicObject, IgnoredAny, JobStatus>;

/// The part of a specification that says how many pods there should be.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Replicas {
    pub(crate) replicas: Option<i32>,
}

impl Part for Replicas {}
impl Part for DeploymentStatus {}
impl Part for StatefulSetStatus {}
impl Part for JobStatus {}

/// How far a Deployment or StatefulSet has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rollout {
    /// Whether its controller has seen its newest spec.
    pub(crate) is_observed: bool,
    /// How many pods there should be.
    pub(crate) desired: i32,
    /// How many pods there are, of any version.
    pub(crate) total: i32,
    /// How many are of the newest version.
    pub(crate) updated: i32,
    /// How many are Ready.
    pub(crate) ready: i32,
    /// Why no pods can be made: quota, admission.
    pub(crate) refused: Option<Box<str>>,
    /// The pods did not become ready within the progress deadline.
    pub(crate) is_stuck: bool,
}

/// A Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobProgress {
    /// How it stands.
    pub(crate) state: JobState,
    /// How many of its pods have failed.
    pub(crate) failures: i32,
}

/// How a Job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// Not finished.
    Running,
    /// Done.
    Succeeded,
    /// Given up, and why.
    Failed(Box<str>),
}

impl Rollout {
    /// Whether all pods are of the newest version and Ready, and no other is left.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_observed
            && self.updated == self.desired
            && self.total == self.desired
            && self.ready >= self.desired
    }

    /// Whether no pod is left and none is to be.
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
        Self {
            is_observed: is_observed(deployment.metadata.generation, status.observed_generation),
            desired: deployment.spec.replicas.unwrap_or(1),
            total: status.replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
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
        Self {
            is_observed: is_observed(set.metadata.generation, status.observed_generation),
            desired,
            total: status.replicas,
            // When all are updated, the update's revision becomes the current one and this count may be dropped.
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
        let state = if condition("Complete").is_some() {
            JobState::Succeeded
        } else if let Some(failed) = condition("Failed") {
            JobState::Failed(failed.message.or(failed.reason).unwrap_or_default().into())
        } else {
            JobState::Running
        };
        Self { state, failures: status.failed.unwrap_or_default() }
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
    fn a_deployment_is_complete_when_all_pods_are_new_and_ready_and_none_is_old() {
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
    fn a_deployment_without_a_status_has_not_been_observed() {
        assert!(!deployment(&json!({})).is_complete());
        assert!(!deployment(&json!({})).is_gone());
    }

    #[test]
    fn a_deployment_says_why_it_makes_no_pods_and_that_it_is_stuck() {
        let rollout = deployment(&json!({"conditions": [
            {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"},
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}));
        assert_eq!(rollout.refused.as_deref(), Some("exceeded quota: small"));
        assert!(rollout.is_stuck);
    }

    #[test]
    fn a_job_that_failed_says_why() {
        let job = |conditions: Value| {
            let object = json!({"status": {"failed": 3, "conditions": conditions}});
            JobProgress::from(&serde_json::from_value::<Job>(object).unwrap())
        };
        let failed = job(
            json!([{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}]),
        );
        assert_eq!(failed, JobProgress { state: JobState::Failed("too often".into()), failures: 3 });
        assert_eq!(job(json!([{"type": "Complete", "status": "True"}])).state, JobState::Succeeded);
        assert_eq!(job(json!([{"type": "Failed", "status": "False"}])).state, JobState::Running);
    }
}
