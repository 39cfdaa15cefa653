use std::collections::BTreeMap;

use ccx_service::Dependency;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::*;
use crate::{
    cache::status::{
        ClaimState, ControllerReport, CronJobState, JobProgress, JobState, LastRun, PodIssue, PodIssueKind,
        PodState,
    },
    model::kind::Kind,
};
use cleaner::CleanerView;
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
        identity: IdentitySource::Gateway,
        repeated: Vec::new(),
        history: JobHistory::default(),
        state: ObservedState { workloads, jobs: vec![job(JobState::Succeeded)], ..ObservedState::default() },
        probed: ProbeResults::default(),
        missing: Vec::new(),
        errors: Vec::new(),
        waiting: None,
        wording: Wording::default(),
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

fn controller(kind: Kind, acceptance: Acceptance) -> ControllerView {
    let report = ControllerReport { acceptance, host: None };
    ControllerView { kind, name: "ccx-insights-results-aggregator".into(), report }
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

#[test]
fn every_condition_has_a_status_for_any_observation() {
    let kinds = |observation: &Observation| -> Vec<ConditionType> {
        conditions(observation).into_iter().map(|(kind, _)| kind).collect()
    };
    let mut nothing = healthy();
    nothing.state = ObservedState::default();
    for observation in [healthy(), nothing] {
        assert_eq!(kinds(&observation), ConditionType::ALL[..12], "without autoscalers and exposure");
    }
    let mut whole = healthy();
    for kind in [Kind::HorizontalPodAutoscaler, Kind::Route] {
        whole.state.controllers.push(controller(kind, Acceptance::Accepted));
    }
    for component in
        [Component::WorkloadsWriter, Component::RequestsWriter, Component::SmartProxy, Component::Ingress]
    {
        let wanted = Workload { image: Some("ccx".into()), ..workload(component, 1, 1) };
        whole.state.workloads.insert(component, wanted);
    }
    whole.state.cleaner = Some(CleanerView::default());
    assert_eq!(kinds(&whole), ConditionType::ALL);
}

#[test]
fn healthy_resource_is_ready() {
    let observation = healthy();
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    assert_eq!(outcome(&observation, ConditionType::Available), (ConditionValue::True, Reason::AsExpected));
    assert_eq!(
        outcome(&observation, ConditionType::Progressing),
        (ConditionValue::False, Reason::AsExpected)
    );
    assert_eq!(outcome(&observation, ConditionType::Degraded), (ConditionValue::False, Reason::AsExpected));
}

#[test]
fn pod_issue_has_its_reason_and_the_name_of_the_pod() {
    let troubles = [
        (PodIssueKind::Unschedulable, Reason::Unschedulable),
        (PodIssueKind::ImagePull, Reason::ImagePullFailed),
        (PodIssueKind::MissingConfig, Reason::SecretMissing),
        (PodIssueKind::OutOfMemory, Reason::OutOfMemory),
        (PodIssueKind::CrashLoop { exit_code: 2 }, Reason::CrashLooping),
    ];
    for (kind, reason) in troubles {
        let observation = with_pod(Component::DataPipeline, kind, "why");
        let (value, found, message) = verdict(&observation, ConditionType::PipelineReady);
        assert_eq!((value, found), (ConditionValue::False, reason));
        assert!(message.contains("pod-1") && message.ends_with("why"), "{message}");
        assert_eq!(outcome(&observation, ConditionType::Degraded), (ConditionValue::True, reason));
        assert_eq!(
            outcome(&observation, ConditionType::Available).0,
            ConditionValue::True,
            "one pod is still ready"
        );
    }
}

#[test]
fn crash_has_its_exit_code() {
    let observation = with_pod(Component::DbWriter, PodIssueKind::CrashLoop { exit_code: 3 }, "no such file");
    let (_, _, message) = verdict(&observation, ConditionType::WriterReady);
    let expected =
        "1 of 2 pods of ccx-insights-results-db-writer are ready; pod pod-1 exited with code 3: no such file";
    assert_eq!(message, expected);
}

#[test]
fn unmet_dependency_is_in_the_conditions_of_dependency_and_component() {
    let mut observation = with_pod(Component::DataPipeline, PodIssueKind::NotReady, "runs");
    let dependency = unmet(Dependency::OBJECT_STORAGE, "access denied");
    observation.probed.unmet.insert(Component::DataPipeline, vec![dependency]);
    let told = verdict(&observation, ConditionType::ObjectStorageReachable);
    assert_eq!(
        told,
        (
            ConditionValue::False,
            Reason::ObjectStorageUnreachable,
            "data-pipeline reports: access denied".into()
        )
    );
    assert_eq!(
        outcome(&observation, ConditionType::PipelineReady),
        (ConditionValue::False, Reason::ObjectStorageUnreachable)
    );
    assert_eq!(outcome(&observation, ConditionType::KafkaReachable).0, ConditionValue::True);
}

#[test]
fn starting_pods_are_no_problem() {
    let observation = with_pod(Component::Aggregator, PodIssueKind::NotReady, "runs");
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::False, Reason::RollingOut));
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(outcome(&observation, ConditionType::Progressing).0, ConditionValue::True);
}

#[test]
fn refused_pods_have_the_message_of_the_cluster() {
    let refuse = |message: &str| {
        with(Component::DataPipeline, |it| {
            it.rollout = Some(Rollout { refused: Some(message.into()), ..rollout(0, 2) });
        })
    };
    let quota = refuse("pods is forbidden: exceeded quota: small");
    assert_eq!(outcome(&quota, ConditionType::PipelineReady), (ConditionValue::False, Reason::QuotaExceeded));
    assert_eq!(outcome(&refuse("violates PodSecurity"), ConditionType::PipelineReady).1, Reason::PodsRefused);
}

#[test]
fn available_rollout_is_ready_but_the_resource_is_not() {
    let observation = with(Component::Aggregator, |it| {
        it.rollout = Some(Rollout { total: 3, updated: 1, ..rollout(2, 2) });
    });
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::True, Reason::RollingOut));
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::False, Reason::RollingOut));
}

#[test]
fn held_back_component_is_not_ready() {
    let waiting = Problem::new(Reason::MigrationRunning, "the Job ccx-topics-1 has not succeeded yet");
    let observation = Observation { waiting: Some(waiting), ..healthy() };
    assert_eq!(
        outcome(&observation, ConditionType::Ready),
        (ConditionValue::False, Reason::MigrationRunning)
    );
}

#[test]
fn failed_migration_is_reported_with_its_output() {
    let mut observation = healthy();
    observation.state.jobs = vec![job(JobState::Failed("BackoffLimitExceeded".into()))];
    let told = verdict(&observation, ConditionType::SchemaMigrated);
    let message = "Job ccx-migration-1 has failed (BackoffLimitExceeded): last words";
    assert_eq!(told, (ConditionValue::False, Reason::MigrationFailed, message.into()));
}

#[test]
fn unbound_claim_is_reported_with_its_storage_class() {
    let mut observation = with(Component::Database, |it| it.rollout = Some(rollout(0, 1)));
    let claim = ClaimState {
        is_bound: false,
        class: Some("fast".into()),
        resize_failure: None,
        is_resize_pending: false,
    };
    observation.state.claims = vec![("ccx-data-pipeline-db".into(), claim)];
    let told = verdict(&observation, ConditionType::DatabaseReady);
    let message = "ccx-data-pipeline-db waits for a volume of storage class fast";
    assert_eq!(told, (ConditionValue::False, Reason::StoragePending, message.into()));
}

#[test]
fn external_database_status_is_that_reported_by_its_clients() {
    let mut observation = Observation { database: DatabaseType::External, ..healthy() };
    assert_eq!(
        outcome(&observation, ConditionType::DatabaseReady),
        (ConditionValue::True, Reason::AsExpected)
    );
    let dependency = unmet(Dependency::DATABASE, "password authentication failed");
    observation.probed.unmet.insert(Component::DbWriter, vec![dependency]);
    assert_eq!(
        outcome(&observation, ConditionType::DatabaseReady),
        (ConditionValue::False, Reason::DatabaseUnreachable)
    );
}

#[test]
fn stage_problem_is_the_reason_of_the_resource() {
    let problem = Problem { reason: Reason::SecretMissing, message: "the Secret a does not exist".into() };
    let observation = Observation { errors: vec![problem], ..healthy() };
    let told = (ConditionValue::False, Reason::SecretMissing, "the Secret a does not exist".to_owned());
    assert_eq!(verdict(&observation, ConditionType::Ready), told);
    assert_eq!(outcome(&observation, ConditionType::Degraded), (ConditionValue::True, Reason::SecretMissing));
    assert_eq!(
        outcome(&observation, ConditionType::Available).0,
        ConditionValue::True,
        "what runs still runs"
    );
}

#[test]
fn suspension_is_progressing_until_no_pod_exists() {
    let mut observation = Observation { mode: ReconcileMode::Suspended, ..healthy() };
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::False, Reason::Suspending));
    for component in [Component::DataPipeline, Component::DbWriter, Component::Aggregator] {
        observation.state.workloads.insert(component, workload(component, 0, 0));
    }
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::False, Reason::Suspended));
    assert_eq!(outcome(&observation, ConditionType::DatabaseReady).0, ConditionValue::True);
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
}

#[test]
fn paused_resource_is_ready_and_not_progressing() {
    let observation = Observation { mode: ReconcileMode::Paused, ..healthy() };
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    assert_eq!(outcome(&observation, ConditionType::Progressing), (ConditionValue::False, Reason::Paused));
}

fn no_secret() -> Problem {
    Problem { reason: Reason::SecretMissing, message: "Secret uploads does not exist".into() }
}

/// Returns an observation of a pipeline that lacks a Secret, with this rollout.
fn without_secret(rollout: Option<Rollout>) -> Observation {
    let dependency =
        |workload: &mut Workload| (workload.missing, workload.rollout) = (Some(no_secret()), rollout);
    Observation { missing: vec![no_secret()], ..with(Component::DataPipeline, dependency) }
}

#[test]
fn missing_reference_is_in_the_conditions_of_component_and_resource() {
    let observation = without_secret(None);
    let told = (ConditionValue::False, Reason::SecretMissing, "Secret uploads does not exist".to_owned());
    assert_eq!(verdict(&observation, ConditionType::PipelineReady), told);
    assert_eq!(verdict(&observation, ConditionType::Ready), told);
    assert_eq!(outcome(&observation, ConditionType::Degraded), (ConditionValue::True, Reason::SecretMissing));
    for other in [ConditionType::WriterReady, ConditionType::ApiReady, ConditionType::SchemaMigrated] {
        assert_eq!(outcome(&observation, other), (ConditionValue::True, Reason::AsExpected), "{other:?}");
    }
}

#[test]
fn absent_component_does_not_report_unneeded_references() {
    let mut observation = without_secret(None);
    observation.state.workloads.insert(Component::Aggregator, Workload::default());
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::False, Reason::Starting));
}

#[test]
fn running_pods_with_a_missing_reference_are_ready_but_the_resource_is_not() {
    let (value, reason, message) =
        verdict(&without_secret(Some(rollout(2, 2))), ConditionType::PipelineReady);
    let expected =
        "2 of 2 pods of ccx-data-pipeline are ready and are not updated: Secret uploads does not exist";
    assert_eq!((value, reason, message.as_str()), (ConditionValue::True, Reason::SecretMissing, expected));
    let fewer = without_secret(Some(rollout(1, 2)));
    assert_eq!(outcome(&fewer, ConditionType::PipelineReady), (ConditionValue::False, Reason::SecretMissing));
    assert_eq!(outcome(&fewer, ConditionType::Ready), (ConditionValue::False, Reason::SecretMissing));
}

#[test]
fn migration_without_its_secret_leaves_the_schema_unknown() {
    let mut observation = Observation { missing: vec![no_secret()], ..healthy() };
    observation.state.jobs =
        vec![JobView { progress: None, missing: Some(no_secret()), ..job(JobState::Running) }];
    assert_eq!(
        outcome(&observation, ConditionType::SchemaMigrated),
        (ConditionValue::Unknown, Reason::SecretMissing)
    );
}

#[test]
fn pods_beyond_the_floor_may_be_starting() {
    let observation = with(Component::DataPipeline, |it| {
        (it.floor, it.rollout) = (Some(2), Some(rollout(2, 5)));
    });
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    let below = with(Component::DataPipeline, |it| (it.floor, it.rollout) = (Some(3), Some(rollout(2, 5))));
    assert_eq!(outcome(&below, ConditionType::Ready), (ConditionValue::False, Reason::RollingOut));
}

#[test]
fn crash_of_a_pod_beyond_the_floor_is_degraded_and_ready() {
    let mut observation = with_pod(Component::DataPipeline, PodIssueKind::CrashLoop { exit_code: 1 }, "x");
    observation.state.workloads.entry(Component::DataPipeline).or_default().floor = Some(1);
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    assert_eq!(outcome(&observation, ConditionType::Degraded), (ConditionValue::True, Reason::CrashLooping));
}

#[test]
fn pod_without_node_is_in_progress_until_the_deadline() {
    let at = |second| {
        let mut observation = with_pod(Component::DataPipeline, PodIssueKind::Unschedulable, "no node");
        let workload = observation.state.workloads.entry(Component::DataPipeline).or_default();
        workload.pods[0].1.issue.as_deref_mut().unwrap().since = Some(seconds(1000));
        observation.now = seconds(second);
        observation
    };
    let waiting = at(1599);
    assert_eq!(
        outcome(&waiting, ConditionType::PipelineReady),
        (ConditionValue::False, Reason::WaitingForNode)
    );
    assert_eq!(outcome(&waiting, ConditionType::Progressing).0, ConditionValue::True);
    assert_eq!(outcome(&waiting, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(waiting.next_deadline(), Some(Duration::from_secs(1)));
    let overdue = at(1600);
    assert_eq!(outcome(&overdue, ConditionType::Degraded), (ConditionValue::True, Reason::Unschedulable));
    assert_eq!(overdue.next_deadline(), None);
}

#[test]
fn component_scaled_to_zero_by_its_autoscaler_is_available() {
    let mut observation =
        with(Component::DataPipeline, |it| (it.floor, it.rollout) = (Some(0), Some(rollout(0, 0))));
    let (value, _, message) = verdict(&observation, ConditionType::Available);
    assert_eq!(value, ConditionValue::True);
    assert_eq!(message, "the autoscaler has scaled data-pipeline to zero until there is work");
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    observation.mode = ReconcileMode::Suspended;
    assert_eq!(outcome(&observation, ConditionType::Available).0, ConditionValue::False);
}

#[test]
fn refused_exposure_is_not_ready_and_refused_autoscaler_is_degraded() {
    let refused = |kind, since| {
        let mut observation = healthy();
        let acceptance = Acceptance::Refused { message: "why".into(), since };
        observation.state.controllers.push(controller(kind, acceptance));
        observation
    };
    let exposure = refused(Kind::Route, None);
    let message = "ApiExposed: Route ccx-insights-results-aggregator: why".to_owned();
    let expected = (ConditionValue::False, Reason::ExposureRejected, message);
    assert_eq!(verdict(&exposure, ConditionType::Ready), expected);
    let autoscaler = refused(Kind::HorizontalPodAutoscaler, Some(seconds(400)));
    assert_eq!(outcome(&autoscaler, ConditionType::Ready).0, ConditionValue::True);
    assert_eq!(
        outcome(&autoscaler, ConditionType::Degraded),
        (ConditionValue::True, Reason::AutoscalerFailing)
    );
    let new = refused(Kind::HorizontalPodAutoscaler, Some(seconds(401)));
    assert_eq!(
        outcome(&new, ConditionType::AutoscalingReady),
        (ConditionValue::Unknown, Reason::NotObserved)
    );
    assert_eq!(outcome(&new, ConditionType::Degraded).0, ConditionValue::False);
}

#[test]
fn exposed_api_warns_of_forged_identities_until_a_gateway_is_stated() {
    let mut observation = healthy();
    observation.state.controllers.push(controller(Kind::Route, Acceptance::Accepted));
    assert_eq!(outcome(&observation, ConditionType::ApiExposed), (ConditionValue::True, Reason::AsExpected));
    observation.identity = IdentitySource::Unverified;
    assert_eq!(
        outcome(&observation, ConditionType::ApiExposed),
        (ConditionValue::True, Reason::UnverifiedIdentity)
    );
    assert_eq!(outcome(&observation, ConditionType::Ready).0, ConditionValue::True);
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    let warnings = summary::new_problems(&[], &conditions(&observation));
    assert_eq!(warnings.iter().map(|it| it.reason).collect::<Vec<_>>(), [Reason::UnverifiedIdentity]);
}

#[test]
fn connecting_pod_is_starting_and_not_degraded() {
    let mut observation = with_pod(Component::DataPipeline, PodIssueKind::NotReady, "runs");
    let workload = observation.state.workloads.entry(Component::DataPipeline).or_default();
    workload.rollout = Some(Rollout { is_rolling: true, ..rollout(1, 2) });
    let connecting =
        Dependency { connecting: true, ..unmet(Dependency::KAFKA, "the consumer is connecting") };
    observation.probed.unmet.insert(Component::DataPipeline, vec![connecting]);
    assert_eq!(
        outcome(&observation, ConditionType::PipelineReady),
        (ConditionValue::False, Reason::RollingOut)
    );
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(outcome(&observation, ConditionType::KafkaReachable).0, ConditionValue::True);
    assert_eq!(outcome(&observation, ConditionType::Progressing).0, ConditionValue::True);
}

#[test]
fn rollout_with_a_problem_is_progressing() {
    let mut observation = with_pod(Component::DbWriter, PodIssueKind::NotReady, "runs");
    observation.probed.unmet.insert(Component::DbWriter, vec![unmet(Dependency::KAFKA, "refused")]);
    let workload = observation.state.workloads.entry(Component::DbWriter).or_default();
    workload.rollout = Some(Rollout { is_rolling: true, ..rollout(0, 1) });
    assert_eq!(
        outcome(&observation, ConditionType::WriterReady),
        (ConditionValue::False, Reason::KafkaUnreachable)
    );
    assert_eq!(outcome(&observation, ConditionType::Progressing), (ConditionValue::True, Reason::RollingOut));
}

#[test]
fn job_whose_pod_cannot_start_has_the_reason_of_the_pod() {
    let mut observation = healthy();
    let issue = PodIssue { kind: PodIssueKind::ImagePull, message: "manifest unknown".into(), since: None };
    observation.state.jobs = vec![JobView { issue: Some(("pod-1".into(), issue)), ..job(JobState::Running) }];
    let message = "Job ccx-migration-1 is not running: pod pod-1: manifest unknown".to_owned();
    let expected = (ConditionValue::False, Reason::ImagePullFailed, message);
    assert_eq!(verdict(&observation, ConditionType::SchemaMigrated), expected);
}

#[test]
fn problem_is_new_until_a_condition_has_it() {
    let observation = with_pod(Component::DataPipeline, PodIssueKind::ImagePull, "unknown");
    let now = conditions(&observation);
    let reasons = |before: &[Condition]| -> Vec<Reason> {
        summary::new_problems(before, &now).into_iter().map(|problem| problem.reason).collect()
    };
    assert_eq!(reasons(&[]), [Reason::ImagePullFailed], "one Event, not one for each summary");
    let before: Vec<Condition> =
        now.iter().map(|(kind, status)| status.condition(*kind, None, &[], seconds(1))).collect();
    assert_eq!(reasons(&before), []);
}

#[test]
fn topics_with_too_large_a_replication_factor_name_the_field() {
    let mut observation = healthy();
    let output = "error: failed to ensure topic a\n  caused by: InvalidReplicationFactor (Broker: Invalid replication factor)\n  \
                  help: see [kafka] in `ccx config print`";
    let topics = job(JobState::Failed("BackoffLimitExceeded".into()));
    let issue = Some(("pod-1".into(), failed_with(output)));
    observation.state.jobs = vec![JobView { role: "topics".into(), issue, ..topics }];
    let (_, reason, message) = verdict(&observation, ConditionType::KafkaReachable);
    assert_eq!(reason, Reason::TopicsFailed);
    assert!(message.contains("spec.kafka.topicManagement.replicationFactor"), "{message}");
    assert!(message.contains("see spec.kafka") && !message.contains("ccx config"), "{message}");
}

#[test]
fn failed_run_of_the_cleaner_is_degraded_and_leaves_the_resource_ready() {
    let with_run = |last_run| {
        let mut observation = healthy();
        let state = CronJobState { is_suspended: false, last_due: Some(seconds(900)), last_run };
        observation.state.cleaner =
            Some(CleanerView { name: "ccx-cleaner".into(), state: Some(state), ..CleanerView::default() });
        observation
    };
    for run in [LastRun::Never, LastRun::Running, LastRun::Succeeded(seconds(901))] {
        let observation = with_run(run);
        assert_eq!(
            outcome(&observation, ConditionType::CleanerReady),
            (ConditionValue::True, Reason::AsExpected)
        );
    }
    let mut failed = with_run(LastRun::Failed);
    let issue = failed_with("error: failed to use the database");
    failed.state.cleaner.as_mut().unwrap().issue = Some(("pod-1".into(), issue));
    let (value, reason, message) = verdict(&failed, ConditionType::CleanerReady);
    assert_eq!((value, reason), (ConditionValue::False, Reason::CleanerFailed));
    assert!(message.contains("run of 1970-01-01T00:15:00Z of CronJob ccx-cleaner failed"), "{message}");
    assert!(message.contains("failed to use the database"), "{message}");
    assert_eq!(outcome(&failed, ConditionType::Degraded), (ConditionValue::True, Reason::CleanerFailed));
    assert_eq!(outcome(&failed, ConditionType::Ready).0, ConditionValue::True);
}

#[test]
fn suspended_cleaner_is_neither_degraded_nor_unready() {
    let mut observation = healthy();
    let state = CronJobState { is_suspended: true, ..CronJobState::default() };
    observation.state.cleaner = Some(CleanerView { state: Some(state), ..CleanerView::default() });
    assert_eq!(
        outcome(&observation, ConditionType::CleanerReady),
        (ConditionValue::False, Reason::Suspended)
    );
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(outcome(&observation, ConditionType::Ready).0, ConditionValue::True);
}
