//! The gates: the prerequisites of each child. Pure.
//!
//! ```text
//!  password ──▶ database ──▶ schema ──▶ all that connect to the database
//!  topics ───────────────────────────▶ all that use Kafka
//!  ConfigMap, ServiceAccount ────────▶ the pods of the same role
//! ```
//!
//! Nothing else waits: a refused budget, policy, monitor or route holds back no pod. Scaling to zero passes
//! every gate.

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, JobState, Rollout},
    },
    model::{
        component::{Component, MIGRATION, TOPICS},
        job_history::JobHistory,
        kind::Kind,
        object::Object,
        problem::Problem,
        reason::Reason,
        resources::{Child, Children},
    },
};

/// A prerequisite of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// The password of the managed database is in the digests of its users.
    Password,
    /// The managed database runs at its desired revision.
    Database,
    /// The schema is migrated.
    Schema,
    /// The topics exist.
    Topics,
}

/// The events of this reconcile that close gates.
#[derive(Debug, Default)]
pub(super) struct Progress {
    history: JobHistory,
    /// The Secret that was generated: its users are rebuilt first, so that their digests include it.
    generated: Option<Problem>,
    /// Kind, role and problem of the children that could not be applied.
    failed: Vec<(Kind, String, Problem)>,
}

impl Progress {
    pub(super) fn new(history: JobHistory) -> Self {
        Self { history, ..Self::default() }
    }

    pub(super) fn record_generated(&mut self, secret: &Child) {
        let message = format!("Secret {} was just created", secret.name());
        self.generated = Some(Problem::new(Reason::Starting, message));
    }

    pub(super) fn record_failure(&mut self, child: &Child, problem: Problem) {
        self.failed.push((child.kind(), child.role().to_owned(), problem));
    }
}

/// Returns why a change of a child can't be applied yet.
pub(super) fn closed(
    child: &Child,
    children: &Children,
    objects: &PipelineObjects,
    progress: &Progress,
) -> Option<Problem> {
    if let Some(missing) = child.missing.first() {
        return Some(missing.clone());
    }
    if is_scaled_to_zero(child) {
        return suspension(child, children, objects);
    }
    let unmet = gates(child).iter().find_map(|gate| gate.closed(children, objects, progress));
    unmet.or_else(|| failed_input(child, progress))
}

fn gates(child: &Child) -> &'static [Gate] {
    match (child.kind(), child.component) {
        (Kind::StatefulSet, _) => &[Gate::Password],
        (Kind::Job, _) if child.role() == MIGRATION => &[Gate::Password, Gate::Database],
        (Kind::CronJob, _) => &[Gate::Password, Gate::Database, Gate::Schema],
        (Kind::Deployment, Some(Component::Aggregator | Component::SmartProxy)) => {
            &[Gate::Password, Gate::Database, Gate::Schema]
        }
        (Kind::Deployment, _) if child.uses_database => {
            &[Gate::Password, Gate::Database, Gate::Schema, Gate::Topics]
        }
        (Kind::Deployment, _) => &[Gate::Topics],
        _ => &[],
    }
}

impl Gate {
    fn closed(self, children: &Children, objects: &PipelineObjects, progress: &Progress) -> Option<Problem> {
        match self {
            Self::Password => progress.generated.clone(),
            Self::Database => children.workload(Component::Database).and_then(|it| incomplete(it, objects)),
            Self::Schema => unfinished(MIGRATION, children, objects, &progress.history),
            Self::Topics => unfinished(TOPICS, children, objects, &progress.history),
        }
    }
}

fn incomplete(database: &Child, objects: &PipelineObjects) -> Option<Problem> {
    let is_complete = rollout(database, objects).is_some_and(Rollout::is_complete);
    let message = format!("StatefulSet {} is not ready yet", database.name());
    (!is_complete).then(|| Problem::new(Reason::Waiting, message))
}

/// A Job with a missing reference closes no gate: it may never run, and the workloads that need the same
/// reference wait for it themselves.
fn unfinished(
    role: &str,
    children: &Children,
    objects: &PipelineObjects,
    history: &JobHistory,
) -> Option<Problem> {
    let is_awaited =
        |child: &&Child| child.kind() == Kind::Job && child.role() == role && child.missing.is_empty();
    let job = children.iter().find(is_awaited)?;
    match objects.status(job.kind(), job.name()) {
        Some(ChildStatus::Job(progress)) if progress.state == JobState::Succeeded => None,
        None if history.has_succeeded(role, job.name()) => None,
        _ => Some(Problem::new(Reason::Waiting, format!("Job {} has not succeeded yet", job.name()))),
    }
}

/// Pods need the ConfigMap and the ServiceAccount of their role.
fn failed_input(child: &Child, progress: &Progress) -> Option<Problem> {
    if !matches!(child.kind(), Kind::Deployment | Kind::StatefulSet | Kind::Job | Kind::CronJob) {
        return None;
    }
    let is_input = |kind: Kind| matches!(kind, Kind::ConfigMap | Kind::ServiceAccount | Kind::Secret);
    let mut failed = progress.failed.iter();
    failed
        .find(|(kind, role, _)| is_input(*kind) && role == child.role())
        .map(|(_, _, problem)| problem.clone())
}

fn is_scaled_to_zero(child: &Child) -> bool {
    match &child.object {
        Object::Deployment(_) => child.object.replicas() == Some(0),
        Object::CronJob(cron_job) => cron_job.spec.as_ref().is_some_and(|spec| spec.suspend == Some(true)),
        _ => false,
    }
}

/// Consumers of new work stop first, and the writer stops after it has stored everything.
fn suspension(child: &Child, children: &Children, objects: &PipelineObjects) -> Option<Problem> {
    let component = child.component?;
    let mut before = Component::ALL.into_iter().take_while(|other| *other != component);
    let running = before.find_map(|other| {
        let workload = children.workload(other)?;
        rollout(workload, objects).is_some_and(|it| !it.is_gone()).then_some(workload)
    })?;
    Some(Problem::new(Reason::Suspending, format!("{} still has pods", running.name())))
}

fn rollout<'a>(child: &Child, objects: &'a PipelineObjects) -> Option<&'a Rollout> {
    match objects.status(child.kind(), child.name())? {
        ChildStatus::Rollout(rollout) => Some(rollout),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
