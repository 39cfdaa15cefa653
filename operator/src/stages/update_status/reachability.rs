//! Whether the pods reach what is outside. Only they know: the operator may be let in where they are not.

use super::{ConditionStatus, Observation};
use crate::{
    cache::status::JobState,
    model::{component::Component, reason::Reason},
    stages::update_status::database::of_job,
};

/// The role of the Job that makes topics.
const TOPICS: &str = "topics";

pub(super) fn kafka(observation: &Observation) -> ConditionStatus {
    let topics = observation.state.jobs.iter().find(|job| job.role == TOPICS);
    let has_failed = |state: &JobState| matches!(state, JobState::Failed(_));
    if let Some(job) =
        topics.filter(|job| job.progress.as_ref().is_some_and(|it| has_failed(&it.state) || it.failures > 0))
    {
        return of_job(job, Reason::TopicsFailed, observation);
    }
    reach(observation, "kafka", Reason::KafkaUnreachable, &[Component::DataPipeline, Component::DbWriter])
}

pub(super) fn object_storage(observation: &Observation) -> ConditionStatus {
    reach(observation, "object storage", Reason::ObjectStorageUnreachable, &[Component::DataPipeline])
}

fn reach(
    observation: &Observation,
    dependency: &str,
    unreachable: Reason,
    users: &[Component],
) -> ConditionStatus {
    for user in users {
        let mut unmet = observation.probed.unmet.get(user).into_iter().flatten();
        if let Some(unmet) = unmet.find(|unmet| unmet.name == dependency) {
            return ConditionStatus::not_met(unreachable, format!("{user} says: {}", unmet.reason));
        }
    }
    match users.iter().find(|user| observation.state.ready(**user) > 0) {
        Some(user) => ConditionStatus::met(Reason::AsExpected, format!("{user} reaches it")),
        None => ConditionStatus::unknown(Reason::NotObserved, "no pod that uses it is ready"),
    }
}
