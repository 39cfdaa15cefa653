//! Clusters without an identity provider, where `kubeadmin` is the only user.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{AUTHENTICATION, OAUTH},
};

const KEY: &str = "NO_IDENTITY_PROVIDER";

/// Default authentication type.
const INTEGRATED: &str = "IntegratedOAuth";

pub(super) struct NoIdentityProvider;

#[derive(Serialize)]
struct Details {
    authentication_type: &'static str,
    is_managed: bool,
}

impl Rule for NoIdentityProvider {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.no_identity_provider", KEY)
            .requires(OAUTH)
            .requires(AUTHENTICATION)
            .not_on(ClusterKind::HostedControlPlane, "the HostedCluster configures the identity providers")
            .adapts_to(ClusterKind::ManagedService, "the text names the console and tool of the provider")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.oauth()?.spec.is_empty() || context.authentication()?.spec.is_empty() {
            return Some(Response::undecided(
                "the configuration of OAuth or of authentication has no `spec`",
            ));
        }
        let has_provider = !context.oauth()?.spec.identity_providers.is_empty();
        let is_integrated = matches!(&*context.authentication()?.spec.r#type, INTEGRATED | "");
        let is_hit = !has_provider && is_integrated;
        let is_managed = context.is_kind(ClusterKind::ManagedService);
        is_hit.then(|| Response::hit(KEY, &Details { authentication_type: INTEGRATED, is_managed }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(providers: &Value, r#type: &str) -> Answer {
        let files = [
            ("config/oauth.json", json!({"spec": {"identityProviders": providers}})),
            ("config/authentication.json", json!({"spec": {"type": r#type}})),
        ];
        ask(NoIdentityProvider, &files)
    }

    #[test]
    fn cluster_without_a_provider_is_a_hit() {
        for providers in [json!([]), json!(null)] {
            for r#type in ["", "IntegratedOAuth"] {
                let details = json!({"authentication_type": "IntegratedOAuth", "is_managed": false});
                assert_eq!(ask_about(&providers, r#type), Answer::Hit(details));
            }
        }
    }

    #[test]
    fn configuration_without_a_spec_is_a_skip() {
        let oauth = json!({"spec": {"tokenConfig": {}}});
        for (oauth, authentication) in [
            (json!({"spec": null}), json!({"spec": {"type": ""}})),
            (json!({"spec": {}}), json!({"spec": {"type": ""}})),
            (oauth.clone(), json!({"spec": null})),
            (oauth, json!({"metadata": {"name": "cluster"}})),
        ] {
            let files = [("config/oauth.json", oauth), ("config/authentication.json", authentication)];
            assert!(matches!(ask(NoIdentityProvider, &files), Answer::Skip(_)), "{files:?}");
        }
    }

    #[test]
    fn hosted_control_plane_is_a_skip() {
        let files = [
            ("config/oauth.json", json!({"spec": {"tokenConfig": {}}})),
            ("config/authentication.json", json!({"spec": {"type": ""}})),
            ("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "External"}})),
        ];
        assert!(matches!(ask(NoIdentityProvider, &files), Answer::Skip(_)));
    }

    #[test]
    fn provider_or_external_authentication_is_silent() {
        assert_eq!(ask_about(&json!([{"name": "ldap"}]), ""), Answer::Miss);
        assert_eq!(ask_about(&json!([]), "OIDC"), Answer::Miss);
        assert_eq!(ask(NoIdentityProvider, &[]), Answer::skip_all(&["oauth", "authentication"]));
    }
}
