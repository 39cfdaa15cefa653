//! What is there of a resource.

use std::collections::BTreeMap;

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, ClaimState, JobProgress, PodState, Rollout, SchemaVersions},
    },
    model::{
        component::Component,
        kind::Kind,
        problem::Problem,
        resources::{Child, Children},
    },
};

/// What labels a child's and a pod's role.
const ROLE: &str = "app.kubernetes.io/component";

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObservedState {
    pub(crate) workloads: BTreeMap<Component, Workload>,
    pub(crate) jobs: Vec<JobView>,
    pub(crate) claims: Vec<(String, ClaimState)>,
}

/// A component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    /// The Deployment or StatefulSet.
    pub(crate) name: String,
    /// None while it does not exist.
    pub(crate) rollout: Option<Rollout>,
    /// By name; those that are going away are not among them.
    pub(crate) pods: Vec<(String, PodState)>,
    /// The image that it should have.
    pub(crate) image: Option<String>,
    /// What it waits for, that does not exist.
    pub(crate) missing: Option<Problem>,
}

/// A Job.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    pub(crate) name: String,
    /// What it is for: `migration`, `topics`.
    pub(crate) role: String,
    /// None while it does not exist.
    pub(crate) progress: Option<JobProgress>,
    /// What its last failed pod said.
    pub(crate) last_words: Option<String>,
    /// What its pod that succeeded has brought the database to.
    pub(crate) schema: Option<SchemaVersions>,
    /// What it waits for, that does not exist.
    pub(crate) missing: Option<Problem>,
}

impl ObservedState {
    /// What there is of the resource called `pipeline`. Without `children`, when the resource is not valid, only what has the names
    /// that its components always have.
    pub(crate) fn new(pipeline: &str, children: Option<&Children>, objects: &PipelineObjects) -> Self {
        let workloads =
            Component::ALL.map(|component| (component, workload(pipeline, component, children, objects)));
        let jobs = children.into_iter().flatten().filter(|child| child.kind == Kind::Job);
        let claims = objects.entries().filter_map(|(_, name, entry)| match &entry.status {
            ChildStatus::Claim(claim) => Some((name.to_owned(), (**claim).clone())),
            _ => None,
        });
        Self {
            workloads: workloads.into(),
            jobs: jobs.map(|job| job_view(job, objects)).collect(),
            claims: claims.collect(),
        }
    }

    pub(crate) fn workload(&self, component: Component) -> Option<&Workload> {
        self.workloads.get(&component)
    }

    /// How many pods of a component are ready.
    pub(crate) fn ready(&self, component: Component) -> i32 {
        self.workload(component)
            .and_then(|workload| workload.rollout.as_ref())
            .map_or(0, |rollout| rollout.ready)
    }
}

fn workload(
    pipeline: &str,
    component: Component,
    children: Option<&Children>,
    objects: &PipelineObjects,
) -> Workload {
    let child = children.and_then(|children| children.workload(component));
    let kind = if component == Component::Database { Kind::StatefulSet } else { Kind::Deployment };
    let name = child.map_or_else(|| component.object_name(pipeline), |child| child.name().to_owned());
    let rollout = match objects.status(kind, &name) {
        Some(ChildStatus::Rollout(rollout)) => Some((**rollout).clone()),
        _ => None,
    };
    let pods = objects.pods().filter(|(_, pod)| *pod.role == *component.name() && !pod.is_terminating);
    Workload {
        rollout,
        pods: pods.map(|(name, pod)| (name.to_owned(), pod.clone())).collect(),
        image: child.and_then(image),
        missing: child.and_then(missing),
        name,
    }
}

fn image(child: &Child) -> Option<String> {
    let containers = &child.object.data["spec"]["template"]["spec"]["containers"];
    containers[0]["image"].as_str().map(str::to_owned)
}

fn missing(child: &Child) -> Option<Problem> {
    child.missing.first().cloned()
}

fn job_view(job: &Child, objects: &PipelineObjects) -> JobView {
    let labels = job.object.metadata.labels.as_ref();
    let role = labels.and_then(|labels| labels.get(ROLE)).cloned().unwrap_or_default();
    let progress = match objects.status(Kind::Job, job.name()) {
        Some(ChildStatus::Job(progress)) => Some((**progress).clone()),
        _ => None,
    };
    let pods = || objects.pods().filter(|(name, _)| name.starts_with(job.name())).map(|(_, pod)| pod);
    let words = pods().filter_map(|pod| pod.problem.as_ref()).map(|problem| problem.message.clone());
    let schema = pods().find_map(|pod| pod.schema);
    JobView {
        name: job.name().to_owned(),
        role,
        progress,
        last_words: words.last(),
        schema,
        missing: missing(job),
    }
}
