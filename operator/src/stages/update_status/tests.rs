use std::collections::BTreeMap;

use ccx_service::Dependency;

use super::*;
use crate::cache::status::{ClaimState, JobProgress, JobState, PodIssue, PodIssueKind, PodState, Rollout};

fn unmet(name: &str, cause: &str) -> Dependency {
    Dependency { name: name.into(), ok: false, cause: Some(cause.into()) }
}

const WORKLOADS: [Component; 4] = Component::ALL;

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
        progress: Some(JobProgress { state, failures: 0 }),
        last_message: Some("last words".into()),
        schema: None,
        missing: None,
        held: None,
    }
}

/// Everything is ready, and no pod has told its rules.
pub(super) fn healthy() -> Observation {
    let workloads: BTreeMap<_, _> = WORKLOADS.map(|component| (component, workload(component, 2, 2))).into();
    Observation {
        mode: ReconcileMode::Active,
        database: DatabaseType::Managed,
        state: ObservedState { workloads, jobs: vec![job(JobState::Succeeded)], claims: Vec::new() },
        probed: ProbeResults::default(),
        missing: Vec::new(),
        errors: Vec::new(),
        waiting: None,
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
        let issue = Some(Box::new(PodIssue { kind, message: message.into() }));
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
fn every_condition_has_a_verdict_whatever_is_there() {
    let mut nothing = healthy();
    nothing.state = ObservedState::default();
    for observation in [healthy(), nothing] {
        let kinds: Vec<ConditionType> = conditions(&observation).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ConditionType::ALL);
    }
}

#[test]
fn all_is_well_when_all_is_ready() {
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
fn each_trouble_of_a_pod_has_its_reason_and_names_the_pod() {
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
fn crash_names_its_exit_code() {
    let observation = with_pod(Component::DbWriter, PodIssueKind::CrashLoop { exit_code: 3 }, "no such file");
    let (_, _, message) = verdict(&observation, ConditionType::WriterReady);
    let expected =
        "1 of 2 pods of ccx-insights-results-db-writer are ready; pod pod-1 exited with code 3: no such file";
    assert_eq!(message, expected);
}

#[test]
fn what_a_pod_lacks_is_told_by_the_dependency_and_by_the_component() {
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
fn pods_that_are_just_starting_are_no_trouble() {
    let observation = with_pod(Component::Aggregator, PodIssueKind::NotReady, "runs");
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::False, Reason::RollingOut));
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    assert_eq!(outcome(&observation, ConditionType::Progressing).0, ConditionValue::True);
}

#[test]
fn pods_that_the_cluster_refuses_are_told_with_its_words() {
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
fn rollout_that_has_its_pods_is_ready_but_the_whole_is_not() {
    let observation = with(Component::Aggregator, |it| {
        it.rollout = Some(Rollout { total: 3, updated: 1, ..rollout(2, 2) });
    });
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::True, Reason::RollingOut));
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::False, Reason::RollingOut));
}

#[test]
fn what_is_kept_back_is_not_ready_however_well_its_parts_are() {
    let waiting = Problem::new(Reason::MigrationRunning, "the Job ccx-topics-1 has not succeeded yet");
    let observation = Observation { waiting: Some(waiting), ..healthy() };
    assert_eq!(
        outcome(&observation, ConditionType::Ready),
        (ConditionValue::False, Reason::MigrationRunning)
    );
}

#[test]
fn failed_migration_is_told_with_its_last_words() {
    let mut observation = healthy();
    observation.state.jobs = vec![job(JobState::Failed("BackoffLimitExceeded".into()))];
    let told = verdict(&observation, ConditionType::SchemaMigrated);
    let message = "Job ccx-migration-1 has failed (BackoffLimitExceeded): last words";
    assert_eq!(told, (ConditionValue::False, Reason::MigrationFailed, message.into()));
}

#[test]
fn database_without_a_volume_names_the_class() {
    let mut observation = with(Component::Database, |it| it.rollout = Some(rollout(0, 1)));
    let claim = ClaimState { is_bound: false, class: Some("fast".into()), resize_failure: None };
    observation.state.claims = vec![("ccx-data-pipeline-db".into(), claim)];
    let told = verdict(&observation, ConditionType::DatabaseReady);
    let message = "ccx-data-pipeline-db waits for a volume of storage class fast";
    assert_eq!(told, (ConditionValue::False, Reason::StoragePending, message.into()));
}

#[test]
fn database_of_somebody_else_is_judged_by_those_who_use_it() {
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
fn problem_of_a_stage_is_the_reason_of_the_whole() {
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
fn suspension_is_under_way_until_the_last_pod_is_gone() {
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
fn paused_resource_is_judged_as_any_other() {
    let observation = Observation { mode: ReconcileMode::Paused, ..healthy() };
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::True, Reason::AsExpected));
    assert_eq!(outcome(&observation, ConditionType::Progressing), (ConditionValue::False, Reason::Paused));
}

fn no_secret() -> Problem {
    Problem { reason: Reason::SecretMissing, message: "Secret uploads does not exist".into() }
}

/// The pipeline, with so many ready pods of two, unmet a Secret.
fn without_secret(rollout: Option<Rollout>) -> Observation {
    let dependency =
        |workload: &mut Workload| (workload.missing, workload.rollout) = (Some(no_secret()), rollout);
    Observation { missing: vec![no_secret()], ..with(Component::DataPipeline, dependency) }
}

#[test]
fn what_is_missing_is_told_by_the_part_that_needs_it_and_by_the_whole() {
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
fn part_that_does_not_exist_yet_does_not_blame_what_it_does_not_need() {
    let mut observation = without_secret(None);
    observation.state.workloads.insert(Component::Aggregator, Workload::default());
    assert_eq!(outcome(&observation, ConditionType::ApiReady), (ConditionValue::False, Reason::Starting));
}

#[test]
fn pods_that_run_without_what_new_ones_would_lack_are_ready_and_the_whole_is_not() {
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
fn migration_that_lacks_its_secret_says_nothing_about_the_tables() {
    let mut observation = Observation { missing: vec![no_secret()], ..healthy() };
    observation.state.jobs =
        vec![JobView { progress: None, missing: Some(no_secret()), ..job(JobState::Running) }];
    assert_eq!(
        outcome(&observation, ConditionType::SchemaMigrated),
        (ConditionValue::Unknown, Reason::SecretMissing)
    );
}
