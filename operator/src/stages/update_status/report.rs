//! The status as a whole.

use super::{ConditionStatus, ConditionType, JobView, Observation, Wording, Workload, schema};
use ccx_crds::{CcxPipeline, CcxPipelineStatus, ComponentStatus, Endpoints, JobStatus, Plan, RulesStatus};

use crate::{
    cache::status::{JobState, Rollout},
    model::component::Component,
};

/// Results of the stages that go into the status.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// The planned changes, in mode `Plan`.
    pub(crate) plan: Option<Plan>,
    /// Absent when the resource is not valid.
    pub(crate) endpoints: Option<Endpoints>,
    /// The Secret with the password of the managed database.
    pub(crate) database_secret: Option<String>,
    /// The identity of this operator.
    pub(crate) controller: Option<String>,
    /// Translates texts of pods.
    pub(crate) wording: Wording,
}

/// Returns the status that follows `before`. Values that were not observed, such as the rules of pods that
/// are unavailable, are kept.
pub(crate) fn report(
    pipeline: &CcxPipeline,
    before: &CcxPipelineStatus,
    observation: &Observation,
    conditions: &[(ConditionType, ConditionStatus)],
    findings: Findings,
) -> CcxPipelineStatus {
    let generation = pipeline.metadata.generation;
    let conditions = conditions
        .iter()
        .map(|(kind, it)| it.condition(*kind, generation, &before.conditions, observation.now));
    CcxPipelineStatus {
        observed_generation: generation,
        controller: findings.controller,
        conditions: conditions.collect(),
        components: components(observation, before),
        data_pipeline_replicas: replicas(observation),
        selector: Some(selector(pipeline)),
        rules: rules(observation).or_else(|| before.rules.clone()),
        jobs: jobs(observation, before),
        schema_version: schema::version(observation, before, findings.endpoints.as_ref()),
        endpoints: findings.endpoints.or_else(|| before.endpoints.clone()),
        database_secret: findings.database_secret,
        plan: findings.plan,
    }
}

fn components(observation: &Observation, before: &CcxPipelineStatus) -> Vec<ComponentStatus> {
    let present =
        observation.state.workloads.iter().filter(|(_, it)| it.rollout.is_some() || it.image.is_some());
    present.map(|(component, workload)| component_status(*component, workload, before)).collect()
}

fn jobs(observation: &Observation, before: &CcxPipelineStatus) -> Vec<JobStatus> {
    if observation.state.jobs.is_empty() {
        // The resource is not valid.
        return before.jobs.clone();
    }
    let status = |job: &JobView| {
        let outcome = job.progress.as_ref().map(|progress| progress.state == JobState::Succeeded);
        let is_repeated = observation.repeated.contains(&job.name);
        // A Job that was just deleted has no outcome that counts.
        observation.history.after(
            &job.name,
            &job.role,
            is_repeated,
            if is_repeated { Some(false) } else { outcome },
        )
    };
    observation.state.jobs.iter().filter_map(status).collect()
}

fn component_status(
    component: Component,
    workload: &Workload,
    before: &CcxPipelineStatus,
) -> ComponentStatus {
    // A workload that does not exist yet lacks the pods that the spec guarantees.
    let absent = || Rollout { desired: workload.floor.unwrap_or_default(), ..Rollout::default() };
    let rollout = workload.rollout.clone().unwrap_or_else(absent);
    let known = before.components.iter().find(|it| it.name == component.name());
    ComponentStatus {
        name: component.name().into(),
        summary: format!("{}/{}", rollout.ready, rollout.desired),
        ready: rollout.ready,
        desired: rollout.desired,
        updated: rollout.updated,
        image: workload.image.clone().or_else(|| known.and_then(|known| known.image.clone())),
    }
}

fn replicas(observation: &Observation) -> Option<i32> {
    let workload = observation.state.workload(Component::DataPipeline)?;
    workload.rollout.as_ref().map(|rollout| rollout.total)
}

fn selector(pipeline: &CcxPipeline) -> String {
    let labels = Component::DataPipeline.selector(pipeline.metadata.name.as_deref().unwrap_or_default());
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

fn rules(observation: &Observation) -> Option<RulesStatus> {
    let rules = observation.probed.rules.as_ref()?;
    Some(RulesStatus {
        digest: rules.digest.clone().unwrap_or_default(),
        count: rules.count().try_into().unwrap_or(i32::MAX),
    })
}
