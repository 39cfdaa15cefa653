//! Whether the pods reach external services. Only they know: the operator may be authorized where they are
//! not.

use ccx_service::Dependency;

use super::{ConditionStatus, Observation, database::job_status};
use crate::{
    cache::status::JobState,
    model::{
        component::{Component, TOPICS},
        reason::Reason,
    },
};

/// Completes Kafka's error for a replication factor that exceeds the number of brokers.
const REPLICATION_ADVICE: &str =
    "; set spec.kafka.topicManagement.replicationFactor to at most the number of brokers";

pub(super) fn kafka(observation: &Observation) -> ConditionStatus {
    let topics = observation.state.jobs.iter().find(|job| job.role == TOPICS);
    let has_failed = |state: &JobState| matches!(state, JobState::Failed(_));
    let failed =
        topics.filter(|job| job.progress.as_ref().is_some_and(|it| has_failed(&it.state) || it.failures > 0));
    if let Some(job) = failed {
        let mut status = job_status(job, Reason::TopicsFailed, observation);
        if status.cause.message.to_lowercase().contains("replication factor") {
            status.cause.message.push_str(REPLICATION_ADVICE);
        }
        return status;
    }
    let users = [Component::DataPipeline, Component::DbWriter];
    reachable(observation, Dependency::KAFKA, Reason::KafkaUnreachable, &users)
}

pub(super) fn object_storage(observation: &Observation) -> ConditionStatus {
    let reason = Reason::ObjectStorageUnreachable;
    reachable(observation, Dependency::OBJECT_STORAGE, reason, &[Component::DataPipeline])
}

fn reachable(
    observation: &Observation,
    dependency: &str,
    unreachable: Reason,
    users: &[Component],
) -> ConditionStatus {
    for user in users {
        let mut unmet = observation.probed.unmet.get(user).into_iter().flatten();
        if let Some(unmet) = unmet.find(|unmet| unmet.name == dependency && !unmet.connecting) {
            let cause = unmet.cause.as_deref().unwrap_or("not ready");
            return ConditionStatus::not_met(unreachable, format!("{user} reports: {cause}"));
        }
    }
    match users.iter().find(|user| observation.state.ready(**user) > 0) {
        Some(user) => ConditionStatus::met(Reason::AsExpected, format!("{user} is connected")),
        None => ConditionStatus::unknown(Reason::NotObserved, "no pod that uses it is ready"),
    }
}
