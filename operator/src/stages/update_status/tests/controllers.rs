//! The conditions that other controllers decide: autoscaling and exposure.

use super::*;

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
