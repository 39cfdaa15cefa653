//! What is there of a resource.

use std::collections::BTreeMap;

use super::Problem;
use crate::{
    child::{Child, Children},
    component::Component,
    controller::{
        facts::{ClaimFacts, Facts, JobFacts, PodFacts, Rollout, SchemaFacts},
        observed::Family,
    },
    kind::Kind,
};

/// What labels a child's and a pod's role.
const ROLE: &str = "app.kubernetes.io/component";

/// What is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub(crate) workloads: BTreeMap<Component, Workload>,
    pub(crate) jobs: Vec<JobView>,
    pub(crate) claims: Vec<(String, ClaimFacts)>,
}

/// A component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    /// The Deployment or StatefulSet.
    pub(crate) name: String,
    /// None while it does not exist.
    pub(crate) rollout: Option<Rollout>,
    /// By name; those that are going away are not among them.
    pub(crate) pods: Vec<(String, PodFacts)>,
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
    pub(crate) facts: Option<JobFacts>,
    /// What its last failed pod said.
    pub(crate) last_words: Option<String>,
    /// What its pod that succeeded has brought the database to.
    pub(crate) schema: Option<SchemaFacts>,
    /// What it waits for, that does not exist.
    pub(crate) missing: Option<Problem>,
}

impl View {
    /// What there is of the resource called `pipeline`. Without `children`, when the resource is not valid, only what has the names
    /// that its components always have.
    pub(crate) fn new(pipeline: &str, children: Option<&Children>, family: &Family) -> Self {
        let workloads =
            Component::ALL.map(|component| (component, workload(pipeline, component, children, family)));
        let jobs = children.into_iter().flatten().filter(|child| child.kind == Kind::Job);
        let claims = family.records().filter_map(|(_, name, record)| match &record.facts {
            Facts::Claim(claim) => Some((name.to_owned(), (**claim).clone())),
            _ => None,
        });
        Self {
            workloads: workloads.into(),
            jobs: jobs.map(|job| job_view(job, family)).collect(),
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

fn workload(pipeline: &str, component: Component, children: Option<&Children>, family: &Family) -> Workload {
    let child = children.and_then(|children| children.workload(component));
    let kind = if component == Component::Database { Kind::StatefulSet } else { Kind::Deployment };
    let name = child.map_or_else(|| component.object_name(pipeline), |child| child.name().to_owned());
    let rollout = match family.facts(kind, &name) {
        Some(Facts::Rollout(rollout)) => Some((**rollout).clone()),
        _ => None,
    };
    let pods = family.pods().filter(|(_, pod)| *pod.role == *component.name() && !pod.is_leaving);
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
    child.missing.first().map(Problem::from)
}

fn job_view(job: &Child, family: &Family) -> JobView {
    let labels = job.object.metadata.labels.as_ref();
    let role = labels.and_then(|labels| labels.get(ROLE)).cloned().unwrap_or_default();
    let facts = match family.facts(Kind::Job, job.name()) {
        Some(Facts::Job(facts)) => Some((**facts).clone()),
        _ => None,
    };
    let pods = || family.pods().filter(|(name, _)| name.starts_with(job.name())).map(|(_, pod)| pod);
    let words = pods().filter_map(|pod| pod.problem.as_ref()).map(|problem| problem.message.clone());
    let schema = pods().find_map(|pod| pod.schema);
    JobView {
        name: job.name().to_owned(),
        role,
        facts,
        last_words: words.last(),
        schema,
        missing: missing(job),
    }
}
