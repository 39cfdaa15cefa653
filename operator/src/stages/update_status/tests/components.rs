//! The conditions of components: pods, rollouts, autoscalers.

use super::*;

#[test]
fn public_api_without_authentication_is_ready_with_a_warning() {
    let mut observation = Observation { lacks_authentication: true, ..healthy() };
    let wanted = Workload { image: Some("ccx".into()), ..workload(Component::SmartProxy, 1, 1) };
    observation.state.workloads.insert(Component::SmartProxy, wanted);
    let told = outcome(&observation, ConditionType::PublicApiReady);
    assert_eq!(told, (ConditionValue::True, Reason::AuthenticationMissing));
    assert_eq!(outcome(&observation, ConditionType::Ready).0, ConditionValue::True);
    assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
    let warnings = summary::new_problems(&[], &conditions(&observation));
    assert!(warnings[0].message.ends_with("until spec.publicApi.authentication is set"), "{warnings:?}");
    observation.lacks_authentication = false;
    let told = outcome(&observation, ConditionType::PublicApiReady);
    assert_eq!(told, (ConditionValue::True, Reason::AsExpected));
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
