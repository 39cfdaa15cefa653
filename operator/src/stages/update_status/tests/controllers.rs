//! The conditions that other controllers decide: autoscaling and exposure.

use super::*;

fn refused(kind: Kind, component: Component, since: Option<Timestamp>) -> Observation {
    let mut observation = healthy();
    let acceptance = Acceptance::Refused { message: "why".into(), since };
    observation.state.controllers.push(controller(kind, component, acceptance));
    observation
}

#[test]
fn refused_autoscaler_is_degraded_after_the_deadline() {
    let autoscaler = |since| refused(Kind::HorizontalPodAutoscaler, Component::DataPipeline, Some(since));
    let old = autoscaler(seconds(400));
    assert_eq!(outcome(&old, ConditionType::Ready).0, ConditionValue::True);
    assert_eq!(outcome(&old, ConditionType::Degraded), (ConditionValue::True, Reason::AutoscalerFailing));
    let new = autoscaler(seconds(401));
    assert_eq!(
        outcome(&new, ConditionType::AutoscalingReady),
        (ConditionValue::Unknown, Reason::NotObserved)
    );
    assert_eq!(outcome(&new, ConditionType::Degraded).0, ConditionValue::False);
}

#[test]
fn each_exposure_has_its_own_condition() {
    let exposures = [
        (Component::Aggregator, ConditionType::ApiExposed, ConditionType::PublicApiExposed),
        (Component::SmartProxy, ConditionType::PublicApiExposed, ConditionType::ApiExposed),
    ];
    for (component, own, other) in exposures {
        let mut observation = refused(Kind::Route, component, None);
        assert!(conditions(&observation).iter().all(|(kind, _)| *kind != other), "{other:?}");
        let message = format!("{}: Route {}: why", own.name(), component.object_name("ccx"));
        let expected = (ConditionValue::False, Reason::ExposureRejected, message);
        assert_eq!(verdict(&observation, ConditionType::Ready), expected);
        let peer = exposures.into_iter().find(|(it, ..)| *it != component).unwrap().0;
        observation.state.controllers.push(controller(Kind::Ingress, peer, Acceptance::Accepted));
        assert_eq!(outcome(&observation, other), (ConditionValue::True, Reason::AsExpected));
    }
}

#[test]
fn exposed_api_warns_of_forged_identities_until_a_gateway_is_stated() {
    let exposures = [
        (Component::Aggregator, ConditionType::ApiExposed, "spec.aggregator.exposure.identity"),
        (Component::SmartProxy, ConditionType::PublicApiExposed, "spec.publicApi.exposure.identity"),
    ];
    for (component, exposed, field) in exposures {
        let mut observation = healthy();
        for (it, ..) in exposures {
            observation.state.controllers.push(controller(Kind::Route, it, Acceptance::Accepted));
        }
        observation.identities.insert(component, IdentitySource::Gateway);
        assert_eq!(outcome(&observation, exposed), (ConditionValue::True, Reason::AsExpected));
        observation.identities.insert(component, IdentitySource::Unverified);
        let (value, reason, message) = verdict(&observation, exposed);
        assert_eq!((value, reason), (ConditionValue::True, Reason::UnverifiedIdentity));
        assert!(message.contains(field), "{message}");
        for (_, other, _) in exposures.iter().filter(|(it, ..)| *it != component) {
            assert_eq!(outcome(&observation, *other), (ConditionValue::True, Reason::AsExpected));
        }
        assert_eq!(outcome(&observation, ConditionType::Ready).0, ConditionValue::True);
        assert_eq!(outcome(&observation, ConditionType::Degraded).0, ConditionValue::False);
        let warnings = summary::new_problems(&[], &conditions(&observation));
        assert_eq!(warnings.iter().map(|it| it.reason).collect::<Vec<_>>(), [Reason::UnverifiedIdentity]);
    }
}

#[test]
fn identity_counts_for_exposed_apis_that_trust_the_header() {
    let identities = |api: &str, public: &str, is_trusted: bool| {
        let exposure = |kind: &str| serde_json::json!({"type": kind});
        let authentication = serde_json::json!({"trustIdentityHeader": is_trusted});
        let spec = serde_json::json!({
            "kafka": {"bootstrapServers": ["kafka:9092"]}, "objectStorage": {"bucket": "uploads"},
            "aggregator": {"exposure": exposure(api)},
            "publicApi": {"exposure": exposure(public), "authentication": authentication}});
        let spec: CcxPipelineSpec = serde_json::from_value(spec).unwrap();
        super::super::controllers::identities(&spec).into_keys().collect::<Vec<_>>()
    };
    assert_eq!(identities("ClusterIP", "ClusterIP", true), []);
    assert_eq!(identities("Route", "Route", false), [Component::Aggregator]);
    assert_eq!(identities("ClusterIP", "Route", true), [Component::SmartProxy]);
}
