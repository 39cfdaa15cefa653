//! Components that accept insecure TLS versions.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{API_SERVER, INGRESS_CONTROLLERS, TlsSecurityProfile},
};

const KEY: &str = "WEAK_TLS_SECURITY_PROFILE";

/// Minimum TLS version of the profile `Old`.
const OLDEST_VERSION: &str = "VersionTLS10";
const WEAK_VERSIONS: [&str; 2] = [OLDEST_VERSION, "VersionTLS11"];

pub(super) struct WeakTlsProfile;

#[derive(Serialize)]
struct Details<'a> {
    components: Vec<Weak<'a>>,
}

#[derive(Serialize)]
struct Weak<'a> {
    component: String,
    profile: &'a str,
    min_version: &'a str,
}

impl Rule for WeakTlsProfile {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.weak_tls_profile", KEY)
            .requires_any(&[API_SERVER, INGRESS_CONTROLLERS])
            .adapts_to(ClusterKind::HostedControlPlane, "only ingress controllers are checked")
            .adapts_to(ClusterKind::ManagedService, "only ingress controllers are checked")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_foreign = [ClusterKind::HostedControlPlane, ClusterKind::ManagedService];
        let is_own = !is_foreign.into_iter().any(|kind| context.is_kind(kind));
        let api_server = context.api_server().filter(|_| is_own);
        let api_server = api_server.map(|server| ("apiserver".into(), &*server.spec.tls_security_profile));
        let controllers = context.ingress_controllers().iter().map(|controller| {
            (format!("ingresscontroller/{}", controller.name), &*controller.spec.tls_security_profile)
        });
        let profiles = context.within_budget(api_server.into_iter().chain(controllers));
        let components = non_empty(profiles.filter_map(|(component, profile)| weak(component, profile)))?;
        Some(Response::hit(KEY, &Details { components }))
    }
}

fn weak<'a>(component: String, profile: &'a TlsSecurityProfile<'_>) -> Option<Weak<'a>> {
    let min_version = match &*profile.r#type {
        "Old" => OLDEST_VERSION,
        "Custom" => &profile.custom.min_version,
        _ => return None,
    };
    WEAK_VERSIONS.contains(&min_version).then(|| Weak { component, profile: &profile.r#type, min_version })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const CONTROLLER: &str = "config/clusteroperator/operator.openshift.io/ingresscontroller/openshift-ingress-operator/default.json";

    fn ask_about(path: &str, profile: &Value) -> Answer {
        ask(WeakTlsProfile, &[(path, json!({"spec": {"tlsSecurityProfile": profile}}))])
    }

    fn hit(component: &str, profile: &str, min_version: &str) -> Answer {
        let weak = json!({"component": component, "profile": profile, "min_version": min_version});
        Answer::Hit(json!({"components": [weak]}))
    }

    #[test]
    fn old_profile_is_a_hit_in_every_component() {
        assert_eq!(
            ask_about("config/apiserver.json", &json!({"type": "Old"})),
            hit("apiserver", "Old", "VersionTLS10")
        );
        let expected = hit("ingresscontroller/default", "Old", "VersionTLS10");
        assert_eq!(ask_about(CONTROLLER, &json!({"type": "Old", "old": {}})), expected);
    }

    #[test]
    fn custom_profile_counts_by_its_oldest_version() {
        let custom = |version: &str| json!({"type": "Custom", "custom": {"minTLSVersion": version}});
        assert_eq!(
            ask_about(CONTROLLER, &custom("VersionTLS11")),
            hit("ingresscontroller/default", "Custom", "VersionTLS11")
        );
        assert_eq!(ask_about(CONTROLLER, &custom("VersionTLS12")), Answer::Miss);
    }

    #[test]
    fn api_server_of_a_hosted_control_plane_is_silent_and_its_ingress_controller_is_not() {
        let old = json!({"spec": {"tlsSecurityProfile": {"type": "Old"}}});
        let hosted = ("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "External"}}));
        assert_eq!(
            ask(WeakTlsProfile, &[("config/apiserver.json", old.clone()), hosted.clone()]),
            Answer::Miss
        );
        let expected = hit("ingresscontroller/default", "Old", "VersionTLS10");
        assert_eq!(ask(WeakTlsProfile, &[(CONTROLLER, old), hosted]), expected);
    }

    #[test]
    fn other_profiles_are_silent() {
        for profile in [json!({"type": "Intermediate"}), json!({"type": "Modern"}), json!(null)] {
            assert_eq!(ask_about("config/apiserver.json", &profile), Answer::Miss);
        }
        let missing = "All: [] Any: ['api_server', 'ingress_controllers']";
        assert_eq!(ask(WeakTlsProfile, &[]), Answer::Skip(missing.into()));
    }
}
