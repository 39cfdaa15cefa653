//! The conditions of the resource as a whole.

use super::*;

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
    for (kind, component) in [
        (Kind::HorizontalPodAutoscaler, Component::DataPipeline),
        (Kind::Route, Component::Aggregator),
        (Kind::Route, Component::SmartProxy),
    ] {
        whole.state.controllers.push(controller(kind, component, Acceptance::Accepted));
    }
    for component in
        [Component::WorkloadsWriter, Component::RequestsWriter, Component::SmartProxy, Component::Ingress]
    {
        let wanted = Workload { image: Some("ccx".into()), ..workload(component, 1, 1) };
        whole.state.workloads.insert(component, wanted);
    }
    whole.state.cleaner = Some(CleanerView::default());
    whole.token_review = Some(TokenReviewRights::Granted);
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
fn problem_of_a_resource_that_is_not_valid_is_told_once() {
    let problem = Problem { reason: Reason::KindNotServed, message: "spec.a needs the kind Route".into() };
    let mut observation = Observation { errors: vec![problem], ..healthy() };
    observation.state = ObservedState::default();
    for component in [Component::DataPipeline, Component::Database] {
        observation.state.workloads.insert(component, Workload::default());
    }
    let told = verdict(&observation, ConditionType::Ready);
    assert_eq!(told, (ConditionValue::False, Reason::KindNotServed, "spec.a needs the kind Route".into()));
    for kind in [ConditionType::DatabaseReady, ConditionType::PipelineReady] {
        let (value, reason, message) = verdict(&observation, kind);
        assert_eq!((value, reason), (ConditionValue::False, Reason::KindNotServed));
        assert!(
            message.ends_with("is not created until the problem that Ready reports is corrected"),
            "{message}"
        );
    }
    assert_eq!(outcome(&observation, ConditionType::Progressing).0, ConditionValue::False);
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
fn rules_that_no_running_pod_has_reported_are_asked_for_again() {
    let pod = PodState {
        role: Component::DataPipeline.name().into(),
        is_ready: true,
        is_running: true,
        is_terminating: false,
        ip: None,
        schema: None,
        issue: None,
    };
    let mut observation =
        with(Component::DataPipeline, |workload| workload.pods = vec![("pod-1".into(), pod)]);
    assert_eq!(outcome(&observation, ConditionType::RulesLoaded).0, ConditionValue::Unknown);
    assert_eq!(observation.valid_until(), Some(seconds(1060)));
    let reported = r#"{"digest": "d", "rules": 0, "builtin": 86, "error": null}"#;
    observation.probed.rules = Some(serde_json::from_str(reported).unwrap());
    assert_eq!(outcome(&observation, ConditionType::RulesLoaded).0, ConditionValue::True);
    assert_eq!(observation.valid_until(), None);
    observation.is_selector_unmatched = true;
    let told = verdict(&observation, ConditionType::RulesLoaded);
    let message =
        "86 rules are loaded; no ConfigMap has the labels of spec.dataPipeline.rules.configMapSelector";
    assert_eq!(told, (ConditionValue::True, Reason::AsExpected, message.into()));
}
