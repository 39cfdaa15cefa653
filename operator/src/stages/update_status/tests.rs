mod cleaner;
mod components;
mod controllers;
mod dependencies;
mod resource;
mod token_review;

use std::collections::BTreeMap;

use ccx_service::Dependency;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{cleaner::CleanerView, *};
use crate::{
    cache::status::{
        ClaimState, ControllerReport, CronJobState, JobProgress, JobState, LastRun, PodIssue, PodIssueKind,
        PodState,
    },
    model::kind::Kind,
};
use observed_state::ControllerView;

fn unmet(name: &str, cause: &str) -> Dependency {
    Dependency { name: name.into(), ok: false, cause: Some(cause.into()), connecting: false }
}

const WORKLOADS: [Component; 4] =
    [Component::DataPipeline, Component::DbWriter, Component::Aggregator, Component::Database];

fn rollout(ready: i32, desired: i32) -> Rollout {
    Rollout { is_observed: true, desired, total: desired, updated: desired, ready, ..Rollout::default() }
}

fn workload(component: Component, ready: i32, desired: i32) -> Workload {
    let rollout = Some(rollout(ready, desired));
    Workload { name: component.object_name("ccx"), rollout, ..Workload::default() }
}

pub(super) fn job(state: JobState) -> JobView {
    JobView {
        name: "ccx-migration-1".into(),
        role: "migration".into(),
        progress: Some(JobProgress { state, failures: 0, failed_at: None }),
        refused: None,
        retry: None,
        is_remembered: false,
        issue: Some(("ccx-migration-1-x".into(), failed_with("last words"))),
        schema: None,
        missing: None,
        held: None,
    }
}

fn failed_with(message: &str) -> PodIssue {
    PodIssue { kind: PodIssueKind::Failed { exit_code: 1 }, message: message.into(), since: None }
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Returns an observation in which everything is ready, and no pod has reported its rules.
pub(super) fn healthy() -> Observation {
    let workloads: BTreeMap<_, _> = WORKLOADS.map(|component| (component, workload(component, 2, 2))).into();
    Observation {
        mode: ReconcileMode::Active,
        database: DatabaseType::Managed,
        identities: BTreeMap::new(),
        repeated: Vec::new(),
        history: JobHistory::default(),
        state: ObservedState { workloads, jobs: vec![job(JobState::Succeeded)], ..ObservedState::default() },
        probed: ProbeResults::default(),
        missing: Vec::new(),
        errors: Vec::new(),
        waiting: None,
        wording: Wording::default(),
        lacks_authentication: false,
        is_selector_unmatched: false,
        token_review: None,
        now: seconds(1000),
    }
}

fn with(component: Component, change: impl FnOnce(&mut Workload)) -> Observation {
    let mut observation = healthy();
    change(observation.state.workloads.entry(component).or_default());
    observation
}

fn with_pod(component: Component, kind: PodIssueKind, message: &str) -> Observation {
    with(component, |workload| {
        workload.rollout = Some(rollout(1, 2));
        let issue = Some(Box::new(PodIssue { kind, message: message.into(), since: None }));
        let pod = PodState {
            role: component.name().into(),
            is_ready: false,
            is_running: kind == PodIssueKind::NotReady,
            is_terminating: false,
            ip: None,
            schema: None,
            issue,
        };
        workload.pods = vec![("pod-1".into(), pod)];
    })
}

fn controller(kind: Kind, component: Component, acceptance: Acceptance) -> ControllerView {
    let report = ControllerReport { acceptance, host: None };
    ControllerView { kind, component: Some(component), name: component.object_name("ccx"), report }
}

fn verdict(observation: &Observation, kind: ConditionType) -> (ConditionValue, Reason, String) {
    let all = conditions(observation);
    let ConditionStatus { value, cause } = &all.iter().find(|(of, _)| *of == kind).unwrap().1;
    (*value, cause.reason, cause.message.clone())
}

fn outcome(observation: &Observation, kind: ConditionType) -> (ConditionValue, Reason) {
    let (value, reason, _) = verdict(observation, kind);
    (value, reason)
}
