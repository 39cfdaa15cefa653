//! What is the case: a pure function of what was seen, said in conditions.
//!
//! ```text
//!  View (rollouts, pods, jobs, claims) ─┐
//!  Answers (what pods say they lack) ───┼──▶ verdicts of the parts ──▶ summary ──▶ CcxPipelineStatus
//!  Problems (what stages failed with) ──┘
//! ```

mod condition;
mod database;
mod endpoints;
mod reachability;
mod report;
mod rules;
mod schema;
mod summary;
mod view;
mod workload;
mod write;

pub use condition::ConditionType;
pub(crate) use condition::{Truth, Verdict};
pub(crate) use endpoints::endpoints;
pub(crate) use report::{Findings, report};
pub(crate) use view::{JobView, View, Workload};
pub(crate) use write::write;

use ccx_service::error_chain;

use super::{
    apply::{ApplyError, Waiting},
    probe::{Answers, RulesAnswer},
};
use crate::{
    component::Component,
    reason::Reason,
    validate::{self, ProblemKind},
};

/// All that a status is derived from.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// What the operator does about the resource.
    pub(crate) stance: Stance,
    /// Who runs the database.
    pub(crate) database: DatabaseKeeper,
    /// What is there.
    pub(crate) view: View,
    /// What pods said.
    pub(crate) answers: Answers,
    /// What is named and does not exist. Those who need it have it in the view.
    pub(crate) missing: Vec<Problem>,
    /// What the stages failed with.
    pub(crate) problems: Vec<Problem>,
    /// What a stage waits for.
    pub(crate) waiting: Option<Waiting>,
}

/// What the operator does about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stance {
    /// It makes it so.
    Active,
    /// It scales it to zero.
    Suspended,
    /// It only says what it would do.
    Planned,
    /// It only looks.
    Paused,
}

/// Who runs the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseKeeper {
    Operator,
    SomebodyElse,
}

/// A stage failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) reason: Reason,
    /// What failed, and for which object.
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn of(error: &ApplyError) -> Self {
        Self { reason: error.reason(), message: error_chain(error) }
    }
}

impl From<&validate::Problem> for Problem {
    fn from(problem: &validate::Problem) -> Self {
        let reason = match problem.kind {
            ProblemKind::InvalidSpec | ProblemKind::InvalidName => Reason::InvalidSpec,
            ProblemKind::MissingSecret
            | ProblemKind::MissingSecretKey
            | ProblemKind::MissingConfigMap
            | ProblemKind::MissingConfigMapKey => Reason::SecretMissing,
            ProblemKind::KindNotServed => Reason::KindNotServed,
            ProblemKind::StrimziMissing | ProblemKind::StrimziNotReady => Reason::KafkaUnreachable,
        };
        Self { reason, message: problem.message.clone() }
    }
}

impl Observation {
    /// What is most in the way of the whole.
    fn trouble(&self) -> Option<&Problem> {
        self.missing.iter().chain(&self.problems).next()
    }

    /// Whether something may change that no watch tells of: pods that run and are not ready, and rules of users, which pods take
    /// while they run.
    pub(crate) fn is_restless(&self) -> bool {
        if self.answers.rules.as_ref().is_some_and(RulesAnswer::has_rules_of_users) {
            return true;
        }
        let mut pods = self.view.workloads.values().flat_map(|workload| &workload.pods);
        pods.any(|(_, pod)| pod.is_running && !pod.is_ready)
    }
}

/// The verdict of each condition, in the order in which they are told.
pub(crate) fn verdicts(observation: &Observation) -> Vec<(ConditionType, Verdict)> {
    let mut parts = vec![
        (ConditionType::KafkaReachable, reachability::kafka(observation)),
        (ConditionType::ObjectStorageReachable, reachability::object_storage(observation)),
        (ConditionType::DatabaseReady, database::ready(observation)),
        (ConditionType::SchemaMigrated, database::migrated(observation)),
        (ConditionType::PipelineReady, workload::ready(observation, Component::DataPipeline)),
        (ConditionType::WriterReady, workload::ready(observation, Component::DbWriter)),
        (ConditionType::ApiReady, workload::ready(observation, Component::Aggregator)),
        (ConditionType::RulesLoaded, rules::loaded(observation)),
    ];
    let mut all = summary::summarise(observation, &parts);
    all.append(&mut parts);
    all
}

#[cfg(test)]
mod tests;
