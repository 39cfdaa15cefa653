//! The conditions of dependencies: Kafka, object storage, database, Jobs, references.

use super::*;

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
fn progress_is_the_reason_before_what_was_not_observed() {
    let mut observation = Observation { database: DatabaseType::External, ..healthy() };
    for component in [Component::DataPipeline, Component::DbWriter, Component::Aggregator] {
        observation.state.workloads.insert(component, workload(component, 0, 1));
    }
    assert_eq!(outcome(&observation, ConditionType::DatabaseReady).0, ConditionValue::Unknown);
    assert_eq!(outcome(&observation, ConditionType::Ready), (ConditionValue::False, Reason::Starting));
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
fn job_whose_pod_cannot_start_has_the_reason_of_the_pod() {
    let mut observation = healthy();
    let issue = PodIssue { kind: PodIssueKind::ImagePull, message: "manifest unknown".into(), since: None };
    observation.state.jobs = vec![JobView { issue: Some(("pod-1".into(), issue)), ..job(JobState::Running) }];
    let message = "Job ccx-migration-1 is not running: pod pod-1: manifest unknown".to_owned();
    let expected = (ConditionValue::False, Reason::ImagePullFailed, message);
    assert_eq!(verdict(&observation, ConditionType::SchemaMigrated), expected);
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
