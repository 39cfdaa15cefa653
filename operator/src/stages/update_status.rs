//! Reports the observed state. The status is a pure function of what was observed; only the last step writes.
//!
//! ```text
//!  ObservedState (rollouts, pods, Jobs, claims) ─┐
//!  ProbeResults (unmet dependencies of pods) ────┼──▶ conditions of the parts ──▶ summary ──▶ CcxPipelineStatus
//!  Problems (errors of the stages) ──────────────┘
//! ```

pub(crate) mod cleaner;
mod condition_status;
mod controllers;
mod database;
mod endpoints;
mod observed_state;
mod pod_issue;
mod reachability;
mod report;
mod rules;
mod schema;
mod summary;
mod token_review;
mod wording;
mod workload;
pub(crate) mod write;

use std::{collections::BTreeMap, time::Duration};

use ccx_crds::{
    CallerAuthentication, CcxPipeline, CcxPipelineSpec, ConsoleLink, DatabaseType, Endpoints, ExposureType,
    IdentitySource, Mode, PublicApi,
};
use ccx_service::RulesStatus;
pub(crate) use condition_status::ConditionStatus;
use condition_status::ConditionValue;
pub(crate) use endpoints::{endpoints, reported_host};
use k8s_openapi::jiff::Timestamp;
use observed_state::{JobView, ObservedState, Workload};
pub(crate) use report::Findings;
pub(crate) use wording::Wording;

use super::{StageResults, token_review::TokenReviewRights};
use crate::{
    cache::status::{Acceptance, Rollout},
    model::{
        component::Component, condition_type::ConditionType, job_history::JobHistory, key::Key,
        problem::Problem, reason::Reason,
    },
    runtime::{context::Context, probe::ProbeResults, reconcile_if_changed::Reconciled},
};

/// The time after which an answer that no watch reports is asked for again: a right that an administrator may have granted,
/// rules that no pod has reported.
const RECHECK: Duration = Duration::from_mins(1);

/// Everything that a status is derived from.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    pub(crate) mode: ReconcileMode,
    pub(crate) database: DatabaseType,
    pub(crate) state: ObservedState,
    /// Where the identity in requests is verified, for each API that trusts it from outside the cluster.
    pub(crate) identities: BTreeMap<Component, IdentitySource>,
    /// The names of Jobs that were deleted after a failure, to be repeated.
    pub(crate) repeated: Vec<String>,
    /// The history of the Jobs before this reconcile.
    pub(crate) history: JobHistory,
    pub(crate) probed: ProbeResults,
    /// References that do not exist. The workloads that need them have them in `state`.
    pub(crate) missing: Vec<Problem>,
    /// Errors of the stages.
    pub(crate) errors: Vec<Problem>,
    /// The reason for which a stage was not applied.
    pub(crate) waiting: Option<Problem>,
    /// Whether the public API has no authentication, so that it refuses every request.
    pub(crate) lacks_authentication: bool,
    /// Whether no ConfigMap has the labels by which those with rules are selected.
    pub(crate) is_selector_unmatched: bool,
    /// Translates texts of pods.
    pub(crate) wording: Wording,
    /// Whether tokens can be reviewed, if they shall be.
    pub(crate) token_review: Option<TokenReviewRights>,
    /// The time of the observation.
    pub(crate) now: Timestamp,
}

/// The treatment of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconcileMode {
    /// Applies its children.
    Active,
    /// Scales its workloads to zero.
    Suspended,
    /// Reports what it would change.
    Planned,
    /// Reports the observed state.
    Paused,
}

impl ReconcileMode {
    pub(crate) fn from_spec(spec: &CcxPipelineSpec) -> Self {
        match (spec.mode, spec.suspend) {
            (Mode::Paused, _) => Self::Paused,
            (Mode::Plan, _) => Self::Planned,
            (Mode::Apply, true) => Self::Suspended,
            (Mode::Apply, false) => Self::Active,
        }
    }
}

/// Derives the status from the results of the stages and of the probes, and writes it if it changed.
pub(crate) async fn update_status(
    pipeline: &CcxPipeline,
    key: &Key,
    context: &Context,
    results: StageResults,
    probed: ProbeResults,
) -> Result<Reconciled, kube::Error> {
    let problems = results.problems();
    let state = context.cache.with(key, |objects| {
        let (held, refused) = (&results.applied.held, &results.refused);
        ObservedState::new(&key.name, results.children.as_ref(), objects, held, refused)
    });
    let jobs = state.jobs.into_iter().map(|job| job.with_history(&results.history)).collect();
    let state = ObservedState { jobs, ..state };
    let observation = Observation {
        mode: ReconcileMode::from_spec(&pipeline.spec),
        database: pipeline.spec.database.kind,
        identities: controllers::identities(&pipeline.spec),
        repeated: results.applied.repeated.clone(),
        history: results.history,
        state,
        probed,
        missing: results.missing,
        errors: results.errors,
        waiting: results.applied.waiting(),
        lacks_authentication: pipeline.spec.public_api.as_ref().is_some_and(lacks_authentication),
        is_selector_unmatched: results.is_selector_unmatched,
        wording: results.findings.wording.clone(),
        token_review: results.token_review,
        now: Timestamp::now(),
    };
    let before = pipeline.status.clone().unwrap_or_default();
    let conditions = conditions(&observation);
    if let Some(endpoints) = &results.findings.endpoints
        && matches!(observation.mode, ReconcileMode::Active | ReconcileMode::Suspended)
    {
        context.console_links.set(key, console_link(pipeline, endpoints));
    }
    let findings = Findings { controller: Some(context.controller.clone()), ..results.findings };
    let status = report::report(pipeline, &before, &observation, &conditions, findings);
    context.state.count_conditions(key, &status);
    // Nothing can be written in a namespace that is being deleted.
    let is_terminating = problems.iter().any(|problem| problem.reason == Reason::NamespaceTerminating);
    let is_status_changed = status != before && !is_terminating;
    if is_status_changed {
        write::write(&context.client, key, &status).await?;
    }
    let needs_poll = results.lacks_pods || observation.needs_poll();
    Ok(Reconciled {
        problems,
        warnings: summary::new_problems(&before.conditions, &conditions),
        needs_poll,
        deadline: observation.next_deadline(),
        valid_until: observation.valid_until(),
        is_status_changed,
    })
}

/// Whether no kind of authentication is set; internal organisations are not one.
fn lacks_authentication(api: &PublicApi) -> bool {
    let authentication =
        CallerAuthentication { internal_organizations: Vec::new(), ..api.authentication.clone() };
    authentication == CallerAuthentication::default()
}

/// Returns the URL of the page, if the console shall have a link to it: outside the cluster, and encrypted, as the console demands.
fn console_link(pipeline: &CcxPipeline, endpoints: &Endpoints) -> Option<String> {
    let api = pipeline.spec.public_api.as_ref()?;
    let is_wanted = api.console_link == ConsoleLink::Auto && api.exposure.kind != ExposureType::ClusterIp;
    let page = endpoints.page.clone()?;
    (is_wanted && page.starts_with("https://")).then_some(page)
}

impl Observation {
    /// Returns the first problem of the resource as a whole.
    fn first_problem(&self) -> Option<&Problem> {
        self.missing.iter().chain(&self.errors).next()
    }

    /// Whether the autoscaler of a component has scaled it to zero.
    fn is_idle(&self, component: Component) -> bool {
        let workload = self.state.workload(component);
        self.mode != ReconcileMode::Suspended
            && workload
                .is_some_and(|it| it.floor == Some(0) && it.rollout.as_ref().is_some_and(Rollout::is_gone))
    }

    /// Whether the progress deadline has passed.
    fn is_overdue(&self, since: Option<Timestamp>) -> bool {
        pod_issue::is_overdue(since, self.now)
    }

    /// Returns the time until the next progress deadline passes, when the status changes without an event.
    fn next_deadline(&self) -> Option<Duration> {
        let jobs = self.state.jobs.iter().filter_map(|job| job.issue.as_ref()?.1.since);
        let pods = self.state.workloads.values().flat_map(|workload| &workload.pods);
        let pods = pods.filter_map(|(_, pod)| pod.issue.as_deref()?.since);
        let controllers = self.state.controllers.iter().filter_map(|view| match view.report.acceptance {
            Acceptance::Refused { since, .. } => since,
            Acceptance::Accepted | Acceptance::Unreported => None,
        });
        let remaining = |since: Timestamp| {
            let deadline = since.as_second() + pod_issue::PROGRESS_DEADLINE_SECONDS;
            u64::try_from(deadline - self.now.as_second()).ok().filter(|seconds| *seconds > 0)
        };
        let waiting =
            jobs.chain(pods).chain(controllers).filter_map(remaining).min().map(Duration::from_secs);
        let retries = self.state.jobs.iter().filter_map(|job| job.retry);
        let retries =
            retries.map(|(at, _)| Duration::try_from(at.duration_since(self.now)).unwrap_or_default());
        waiting.into_iter().chain(retries).min()
    }

    /// Returns the time after which something may have changed that no watch reports: a certificate has to be renewed, an
    /// administrator may have granted a right, or a pod that did not answer in time may report its rules.
    fn valid_until(&self) -> Option<Timestamp> {
        let is_granted =
            self.token_review.as_ref().is_none_or(|rights| *rights == TokenReviewRights::Granted);
        let pipeline = self.state.workloads.get(&Component::DataPipeline);
        let lacks_rules = self.probed.rules.is_none()
            && pipeline.is_some_and(|workload| workload.pods.iter().any(|(_, pod)| pod.is_running));
        let recheck =
            (!is_granted || lacks_rules).then(|| self.now.saturating_add(RECHECK).unwrap_or(self.now));
        self.state.next_renewal.into_iter().chain(recheck).min()
    }

    /// Whether something may change that no watch reports: pods that run and are not ready, and rules of
    /// users, which pods reload.
    fn needs_poll(&self) -> bool {
        if self.probed.rules.as_ref().is_some_and(RulesStatus::has_user_rules) {
            return true;
        }
        let mut pods = self.state.workloads.values().flat_map(|workload| &workload.pods);
        pods.any(|(_, pod)| pod.is_running && !pod.is_ready)
    }
}

/// Returns whether the public API is ready; a warning when it is, and refuses every request.
fn public_api(observation: &Observation) -> Option<ConditionStatus> {
    let status = workload::ready_if_wanted(observation, Component::SmartProxy)?;
    let is_ready = status.value == ConditionValue::True && status.cause.reason == Reason::AsExpected;
    if !is_ready || !observation.lacks_authentication {
        return Some(status);
    }
    let message = format!(
        "{}; every request is refused until spec.publicApi.authentication is set",
        status.cause.message
    );
    Some(ConditionStatus::met(Reason::AuthenticationMissing, message))
}

/// Returns the status of each condition, in the order in which they are reported.
fn conditions(observation: &Observation) -> Vec<(ConditionType, ConditionStatus)> {
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
    let optional = [
        (ConditionType::AutoscalingReady, controllers::autoscaling(observation)),
        (ConditionType::ApiExposed, controllers::exposed(observation, Component::Aggregator)),
        (
            ConditionType::WorkloadsWriterReady,
            workload::ready_if_wanted(observation, Component::WorkloadsWriter),
        ),
        (
            ConditionType::RequestsWriterReady,
            workload::ready_if_wanted(observation, Component::RequestsWriter),
        ),
        (ConditionType::PublicApiReady, public_api(observation)),
        (ConditionType::IngressReady, workload::ready_if_wanted(observation, Component::Ingress)),
        (ConditionType::CleanerReady, cleaner::ready(observation)),
        (ConditionType::PublicApiExposed, controllers::exposed(observation, Component::SmartProxy)),
        (ConditionType::TokenReviewAllowed, token_review::allowed(observation)),
    ];
    parts.extend(optional.into_iter().filter_map(|(kind, status)| Some((kind, status?))));
    for (_, status) in &mut parts {
        status.cause.message = observation.wording.translate(&status.cause.message);
    }
    let mut all = summary::summarise(observation, &parts);
    all.append(&mut parts);
    all
}

#[cfg(test)]
mod tests;
