//! Reports of other controllers about an autoscaler or an exposure.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::core::DynamicObject;
use serde::{Deserialize, de::IgnoredAny};

use crate::cache::partial_object::{Part, PartialObject};

/// The decoded parts of a HorizontalPodAutoscaler or ScaledObject.
pub(crate) type Autoscaler = PartialObject<DynamicObject, IgnoredAny, Conditions>;

/// The decoded parts of a Route.
pub(crate) type Route = PartialObject<DynamicObject, RouteSpec, RouteStatus>;

/// The decoded parts of an HTTPRoute.
pub(crate) type HttpRoute = PartialObject<DynamicObject, IgnoredAny, HttpRouteStatus>;

/// The decoded parts of an Ingress.
pub(crate) type Ingress = PartialObject<DynamicObject, IgnoredAny, IngressStatus>;

/// The report of the controller of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ControllerReport {
    pub(crate) acceptance: Acceptance,
    /// The host or address under which the object serves.
    pub(crate) host: Option<Box<str>>,
}

/// Whether a controller does what an object asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// No controller has reported anything.
    #[default]
    Unreported,
    /// It does.
    Accepted,
    /// It can't.
    Refused {
        /// The condition and its message.
        message: Box<str>,
        /// The time since which it can't.
        since: Option<Timestamp>,
    },
}

/// The `status.conditions` of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Conditions {
    conditions: Option<Vec<Reported>>,
}

/// The desired host, which the API server generates when it is absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RouteSpec {
    host: Option<Box<str>>,
}

/// The state of a Route in each router.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RouteStatus {
    ingress: Option<Vec<RouteIngress>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RouteIngress {
    host: Option<Box<str>>,
    router_name: Option<String>,
    conditions: Option<Vec<Reported>>,
}

/// The state of an HTTPRoute in each Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HttpRouteStatus {
    parents: Option<Vec<Conditions>>,
}

/// The addresses of an Ingress.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressStatus {
    load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    ingress: Option<Vec<Address>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    hostname: Option<Box<str>>,
    ip: Option<Box<str>>,
}

/// A condition. KEDA's have no time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reported {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
    last_transition_time: Option<Time>,
}

impl Part for Conditions {}
impl Part for RouteSpec {}
impl Part for RouteStatus {}
impl Part for HttpRouteStatus {}
impl Part for IngressStatus {}

impl ControllerReport {
    /// Returns the report about a HorizontalPodAutoscaler.
    pub(crate) fn from_horizontal(autoscaler: &Autoscaler) -> Self {
        let is_failure = |it: &Reported| match it.kind.as_str() {
            "AbleToScale" => it.is("False"),
            // Replicas of zero disable scaling; that is desired.
            "ScalingActive" => it.is("False") && it.reason.as_deref() != Some("ScalingDisabled"),
            _ => false,
        };
        autoscaler.status.report(is_failure).into()
    }

    /// Returns the report about a ScaledObject.
    pub(crate) fn from_scaled_object(autoscaler: &Autoscaler) -> Self {
        let is_failure = |it: &Reported| match it.kind.as_str() {
            "Ready" => it.is("False"),
            "Fallback" => it.is("True"),
            _ => false,
        };
        autoscaler.status.report(is_failure).into()
    }
}

impl From<Acceptance> for ControllerReport {
    fn from(acceptance: Acceptance) -> Self {
        Self { acceptance, host: None }
    }
}

/// One router that admits the Route suffices.
impl From<&Route> for ControllerReport {
    fn from(route: &Route) -> Self {
        let mut acceptance = Acceptance::Unreported;
        for router in route.status.ingress.iter().flatten() {
            let conditions = router.conditions.as_deref().unwrap_or_default();
            let Some(admitted) = conditions.iter().find(|it| it.kind == "Admitted") else { continue };
            if admitted.is("True") {
                let host = router.host.clone().or_else(|| route.spec.host.clone());
                return Self { acceptance: Acceptance::Accepted, host };
            }
            let name = router.router_name.as_deref().unwrap_or_default();
            acceptance = admitted.refusal(&format!("router {name}: "));
        }
        Self { acceptance, host: route.spec.host.clone() }
    }
}

impl From<&HttpRoute> for ControllerReport {
    fn from(route: &HttpRoute) -> Self {
        let is_failure =
            |it: &Reported| matches!(it.kind.as_str(), "Accepted" | "ResolvedRefs") && it.is("False");
        let reports: Vec<_> =
            route.status.parents.iter().flatten().map(|parent| parent.report(is_failure)).collect();
        let refused = reports.iter().find(|report| matches!(report, Acceptance::Refused { .. }));
        refused.or(reports.first()).cloned().unwrap_or_default().into()
    }
}

/// An Ingress has no conditions, and some controllers don't report its address.
impl From<&Ingress> for ControllerReport {
    fn from(ingress: &Ingress) -> Self {
        let address = ingress.status.load_balancer.ingress.iter().flatten().next();
        let host = address.and_then(|address| address.hostname.clone().or_else(|| address.ip.clone()));
        let acceptance = if host.is_some() { Acceptance::Accepted } else { Acceptance::Unreported };
        Self { acceptance, host }
    }
}

impl Conditions {
    fn report(&self, is_failure: impl Fn(&Reported) -> bool) -> Acceptance {
        let conditions = self.conditions.as_deref().unwrap_or_default();
        match conditions.iter().find(|it| is_failure(it)) {
            Some(failure) => failure.refusal(""),
            None if conditions.is_empty() => Acceptance::Unreported,
            None => Acceptance::Accepted,
        }
    }
}

impl Reported {
    fn is(&self, status: &str) -> bool {
        self.status == status
    }

    fn refusal(&self, context: &str) -> Acceptance {
        let reason = self.reason.as_deref().unwrap_or(&self.kind);
        let message = match self.message.as_deref().filter(|message| !message.is_empty()) {
            Some(message) => format!("{context}{reason}: {message}"),
            None => format!("{context}{reason}"),
        };
        let since = self.last_transition_time.as_ref().map(|time| time.0);
        Acceptance::Refused { message: message.into(), since }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn horizontal(conditions: &Value) -> Acceptance {
        let object = json!({"status": {"conditions": conditions}});
        ControllerReport::from_horizontal(&serde_json::from_value(object).unwrap()).acceptance
    }

    fn refused(message: &str) -> Acceptance {
        Acceptance::Refused { message: message.into(), since: None }
    }

    #[test]
    fn horizontal_autoscaler_without_metrics_is_refused() {
        let no_metrics = json!([
            {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
            {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no metrics",
                "lastTransitionTime": "1970-01-01T00:00:07Z"}]);
        let since = Some(Timestamp::from_second(7).unwrap());
        let expected = Acceptance::Refused { message: "FailedGetResourceMetric: no metrics".into(), since };
        assert_eq!(horizontal(&no_metrics), expected);
        let disabled = json!([{"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}]);
        assert_eq!(horizontal(&disabled), Acceptance::Accepted);
        let limited = json!([{"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}]);
        assert_eq!(horizontal(&limited), Acceptance::Accepted);
        assert_eq!(horizontal(&json!([])), Acceptance::Unreported);
    }

    #[test]
    fn scaled_object_in_fallback_is_refused() {
        let report = |kind: &str, status: &str| {
            let condition = json!({"type": kind, "status": status, "reason": "R", "message": "m"});
            let object = json!({"status": {"conditions": [condition]}});
            ControllerReport::from_scaled_object(&serde_json::from_value(object).unwrap()).acceptance
        };
        assert_eq!(report("Ready", "False"), refused("R: m"));
        assert_eq!(report("Fallback", "True"), refused("R: m"));
        assert_eq!(report("Active", "False"), Acceptance::Accepted);
    }

    #[test]
    fn route_has_host_of_the_router_that_admits_it() {
        let router = |name: &str, status: &str| {
            json!({"routerName": name, "host": format!("{name}.example.com"),
                "conditions": [{"type": "Admitted", "status": status, "reason": "HostAlreadyClaimed", "message": "by ns/b"}]})
        };
        let report = |routers: Vec<Value>| {
            let object = json!({"spec": {"host": "generated"}, "status": {"ingress": routers}});
            ControllerReport::from(&serde_json::from_value::<Route>(object).unwrap())
        };
        let admitted = report(vec![router("a", "False"), router("b", "True")]);
        assert_eq!(admitted.acceptance, Acceptance::Accepted);
        assert_eq!(admitted.host.as_deref(), Some("b.example.com"));
        let rejected = report(vec![router("a", "False")]);
        assert_eq!(rejected.acceptance, refused("router a: HostAlreadyClaimed: by ns/b"));
        let new = report(vec![]);
        assert_eq!((new.acceptance, new.host.as_deref()), (Acceptance::Unreported, Some("generated")));
    }

    #[test]
    fn http_route_is_refused_by_any_gateway() {
        let parent = |kind: &str, status: &str| json!({"conditions": [{"type": kind, "status": status, "reason": "R"}]});
        let report = |parents: Vec<Value>| {
            let object = json!({"status": {"parents": parents}});
            ControllerReport::from(&serde_json::from_value::<HttpRoute>(object).unwrap()).acceptance
        };
        assert_eq!(report(vec![parent("Accepted", "True")]), Acceptance::Accepted);
        assert_eq!(report(vec![parent("Accepted", "True"), parent("ResolvedRefs", "False")]), refused("R"));
        assert_eq!(report(vec![]), Acceptance::Unreported);
    }

    #[test]
    fn ingress_has_address_of_its_load_balancer() {
        let object = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}});
        let report = ControllerReport::from(&serde_json::from_value::<Ingress>(object).unwrap());
        assert_eq!(report.host.as_deref(), Some("192.0.2.7"));
        let new = ControllerReport::from(&serde_json::from_value::<Ingress>(json!({})).unwrap());
        assert_eq!(new, ControllerReport::default());
    }
}
