//! The observed state of the objects of a resource.

use std::collections::BTreeMap;

use ccx_service::SchemaVersions;
use k8s_openapi::jiff::Timestamp;

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, ClaimState, ControllerReport, JobProgress, PodIssue, PodState, Rollout},
    },
    model::{
        component::{CLEANER, Component},
        job_history::JobHistory,
        kind::Kind,
        problem::Problem,
        resources::{Child, Children},
    },
    stages::{apply::Held, refused_pods::RefusedPods, update_status::cleaner::CleanerView},
};

/// The observed state of the objects of a resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObservedState {
    pub(crate) workloads: BTreeMap<Component, Workload>,
    pub(crate) jobs: Vec<JobView>,
    pub(crate) claims: Vec<(String, ClaimState)>,
    /// The causes for which claims have no volume, by name.
    pub(crate) unprovisioned: BTreeMap<String, String>,
    /// The autoscalers and exposures.
    pub(crate) controllers: Vec<ControllerView>,
    /// The time of the next renewal of a certificate.
    pub(crate) next_renewal: Option<Timestamp>,
    /// The cleaner, if it is wanted.
    pub(crate) cleaner: Option<CleanerView>,
}

/// The report of the controller of an autoscaler or exposure.
#[derive(Clone, Debug)]
pub(crate) struct ControllerView {
    pub(crate) kind: Kind,
    /// The component that is scaled or exposed.
    pub(crate) component: Option<Component>,
    pub(crate) name: String,
    pub(crate) report: ControllerReport,
}

/// The observed state of a component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    /// The name of its Deployment or StatefulSet.
    pub(crate) name: String,
    /// Absent while it does not exist.
    pub(crate) rollout: Option<Rollout>,
    /// By name, without pods that are terminating.
    pub(crate) pods: Vec<(String, PodState)>,
    /// The number of pods that the spec guarantees. Absent while the spec is not valid.
    pub(crate) floor: Option<i32>,
    /// The desired image.
    pub(crate) image: Option<String>,
    /// The first missing reference that it waits for.
    pub(crate) missing: Option<Problem>,
    /// The cause for which its change is held back.
    pub(crate) held: Option<Problem>,
}

/// The observed state of a Job.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    pub(crate) name: String,
    /// Its purpose: `migration`, `topics`.
    pub(crate) role: String,
    /// Absent while it does not exist.
    pub(crate) progress: Option<JobProgress>,
    /// When it is repeated after its failure, and the number of its failures.
    pub(crate) retry: Option<(Timestamp, u32)>,
    /// It has succeeded, and its object does not exist any more.
    pub(crate) is_remembered: bool,
    /// Why the cluster refuses to create its pod.
    pub(crate) refused: Option<String>,
    /// The issue of its last pod that has one, and the pod's name.
    pub(crate) issue: Option<(String, PodIssue)>,
    /// The schema versions that its successful pod reported.
    pub(crate) schema: Option<SchemaVersions>,
    /// The first missing reference that it waits for.
    pub(crate) missing: Option<Problem>,
    /// The cause for which its change is held back.
    pub(crate) held: Option<Problem>,
}

impl ObservedState {
    /// Returns the state of the objects of `pipeline`. Without `children`, when the resource is not valid,
    /// only that of objects whose names are fixed.
    pub(crate) fn new(
        pipeline: &str,
        children: Option<&Children>,
        objects: &PipelineObjects,
        held: &[Held],
        refused: &RefusedPods,
    ) -> Self {
        let workloads = Component::ALL
            .map(|component| (component, workload(pipeline, component, children, objects, held, refused)));
        let jobs = children.into_iter().flatten().filter(|child| child.kind() == Kind::Job);
        let claims = objects.entries().filter_map(|(_, name, entry)| match &entry.status {
            ChildStatus::Claim(claim) => Some((name.to_owned(), (**claim).clone())),
            _ => None,
        });
        Self {
            workloads: workloads.into(),
            jobs: jobs.map(|job| job_view(job, objects, held, refused)).collect(),
            claims: claims.collect(),
            unprovisioned: unprovisioned(refused),
            controllers: children
                .into_iter()
                .flatten()
                .filter_map(|it| controller_view(it, objects))
                .collect(),
            next_renewal: objects
                .entries()
                .filter_map(|(_, _, entry)| match &entry.status {
                    ChildStatus::Certificate(renewal) => Some(**renewal),
                    _ => None,
                })
                .min(),
            cleaner: children
                .into_iter()
                .flatten()
                .find(|child| child.kind() == Kind::CronJob)
                .map(|child| cleaner_view(child, objects, held)),
        }
    }

    pub(crate) fn workload(&self, component: Component) -> Option<&Workload> {
        self.workloads.get(&component)
    }

    /// Returns whether the spec wants a component. It is not known while the spec is not valid.
    pub(crate) fn is_wanted(&self, component: Component) -> bool {
        self.workload(component).is_some_and(|workload| workload.image.is_some())
    }

    /// Returns the first workload whose pods are being replaced.
    pub(crate) fn rolling(&self) -> Option<&Workload> {
        let is_rolling = |it: &&Workload| it.rollout.as_ref().is_some_and(|rollout| rollout.is_rolling);
        self.workloads.values().find(is_rolling)
    }

    /// Returns the number of ready pods of a component.
    pub(crate) fn ready(&self, component: Component) -> i32 {
        self.workload(component)
            .and_then(|workload| workload.rollout.as_ref())
            .map_or(0, |rollout| rollout.ready)
    }
}

impl JobView {
    /// Completes the observed state by what is known of earlier runs.
    pub(crate) fn with_history(self, history: &JobHistory) -> Self {
        let failed_at = self.progress.as_ref().and_then(|progress| progress.failed_at);
        Self {
            retry: failed_at.map(|failed_at| history.retry(&self.name, failed_at)),
            is_remembered: self.progress.is_none() && history.has_succeeded(&self.role, &self.name),
            ..self
        }
    }
}

fn workload(
    pipeline: &str,
    component: Component,
    children: Option<&Children>,
    objects: &PipelineObjects,
    held: &[Held],
    refused: &RefusedPods,
) -> Workload {
    let child = children.and_then(|children| children.workload(component));
    let kind = if component == Component::Database { Kind::StatefulSet } else { Kind::Deployment };
    let name = child.map_or_else(|| component.object_name(pipeline), |child| child.name().to_owned());
    let rollout = match objects.status(kind, &name) {
        Some(ChildStatus::Rollout(rollout)) => Some(Rollout {
            refused: refusal(kind, &name, refused).map(Into::into).or_else(|| rollout.refused.clone()),
            ..(**rollout).clone()
        }),
        _ => None,
    };
    let pods = objects.pods().filter(|(_, pod)| *pod.role == *component.name() && !pod.is_terminating);
    Workload {
        rollout,
        pods: pods.map(|(name, pod)| (name.to_owned(), pod.clone())).collect(),
        floor: child.and_then(Child::floor),
        image: child.and_then(Child::image).map(str::to_owned),
        missing: child.and_then(missing),
        held: held_cause(kind, &name, held),
        name,
    }
}

fn unprovisioned(refused: &RefusedPods) -> BTreeMap<String, String> {
    let claims = refused.iter().filter(|((kind, _), _)| *kind == Kind::PersistentVolumeClaim);
    claims.map(|((_, name), cause)| (name.to_string(), cause.clone())).collect()
}

fn controller_view(child: &Child, objects: &PipelineObjects) -> Option<ControllerView> {
    match objects.status(child.kind(), child.name()) {
        Some(ChildStatus::Controller(report)) => Some(ControllerView {
            kind: child.kind(),
            component: child.component,
            name: child.name().to_owned(),
            report: (**report).clone(),
        }),
        _ => None,
    }
}

fn cleaner_view(child: &Child, objects: &PipelineObjects, held: &[Held]) -> CleanerView {
    let state = match objects.status(child.kind(), child.name()) {
        Some(ChildStatus::CronJob(state)) => Some((**state).clone()),
        _ => None,
    };
    let pods = objects.pods().filter(|(_, pod)| *pod.role == *CLEANER);
    let issues = pods.filter_map(|(name, pod)| Some((name.to_owned(), pod.issue.as_deref()?.clone())));
    CleanerView {
        name: child.name().to_owned(),
        state,
        issue: issues.last(),
        missing: missing(child),
        held: held_cause(child.kind(), child.name(), held),
    }
}

fn refusal<'a>(kind: Kind, name: &str, refused: &'a RefusedPods) -> Option<&'a str> {
    refused.get(&(kind, name.into())).map(String::as_str)
}

fn missing(child: &Child) -> Option<Problem> {
    child.missing.first().cloned()
}

fn held_cause(kind: Kind, name: &str, held: &[Held]) -> Option<Problem> {
    held.iter().find(|held| held.kind == kind && *held.name == *name).map(|held| held.cause.clone())
}

fn job_view(job: &Child, objects: &PipelineObjects, held: &[Held], refused: &RefusedPods) -> JobView {
    let progress = match objects.status(Kind::Job, job.name()) {
        Some(ChildStatus::Job(progress)) => Some((**progress).clone()),
        _ => None,
    };
    let pods = || objects.pods().filter(|(name, _)| name.starts_with(job.name()));
    let issues = pods().filter_map(|(name, pod)| Some((name.to_owned(), pod.issue.as_deref()?.clone())));
    let schema = pods().find_map(|(_, pod)| pod.schema);
    JobView {
        name: job.name().to_owned(),
        role: job.role().to_owned(),
        progress,
        retry: None,
        is_remembered: false,
        refused: refusal(Kind::Job, job.name(), refused).map(str::to_owned),
        issue: issues.last(),
        schema,
        missing: missing(job),
        held: held_cause(Kind::Job, job.name(), held),
    }
}
