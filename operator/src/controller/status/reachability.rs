//! Whether the pods reach what is outside. Only they know: the operator may be let in where they are not.

use super::{Observation, Verdict, database::of_job};
use crate::{component::Component, controller::facts::JobState, reason::Reason};

/// The role of the Job that makes topics.
const TOPICS: &str = "topics";

pub(super) fn kafka(observation: &Observation) -> Verdict {
    let topics = observation.view.jobs.iter().find(|job| job.role == TOPICS);
    let has_failed = |state: &JobState| matches!(state, JobState::Failed(_));
    if let Some(job) =
        topics.filter(|job| job.facts.as_ref().is_some_and(|it| has_failed(&it.state) || it.failures > 0))
    {
        return of_job(job, Reason::TopicsFailed, observation);
    }
    reach(observation, "kafka", Reason::KafkaUnreachable, &[Component::DataPipeline, Component::DbWriter])
}

pub(super) fn object_storage(observation: &Observation) -> Verdict {
    reach(observation, "object storage", Reason::ObjectStorageUnreachable, &[Component::DataPipeline])
}

fn reach(observation: &Observation, dependency: &str, unreachable: Reason, users: &[Component]) -> Verdict {
    for user in users {
        let mut lacks = observation.answers.lacks.get(user).into_iter().flatten();
        if let Some(lack) = lacks.find(|lack| lack.name == dependency) {
            return Verdict::no(unreachable, format!("{user} says: {}", lack.reason));
        }
    }
    match users.iter().find(|user| observation.view.ready(**user) > 0) {
        Some(user) => Verdict::yes(Reason::AsExpected, format!("{user} reaches it")),
        None => Verdict::unknown(Reason::NotObserved, "no pod that uses it is ready"),
    }
}
