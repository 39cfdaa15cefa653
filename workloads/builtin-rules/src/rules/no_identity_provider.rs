//! A cluster whose users all are the built-in administrator.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{AUTHENTICATION, OAUTH},
};

const KEY: &str = "NO_IDENTITY_PROVIDER";

/// The default.
const INTEGRATED: &str = "IntegratedOAuth";

pub(super) struct NoIdentityProvider;

#[derive(Serialize)]
struct Details {
    authentication_type: &'static str,
}

impl Rule for NoIdentityProvider {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.no_identity_provider", KEY).requires(OAUTH).requires(AUTHENTICATION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let has_provider = !context.oauth()?.spec.identity_providers.is_empty();
        let is_integrated = matches!(&*context.authentication()?.spec.r#type, INTEGRATED | "");
        let is_hit = !has_provider && is_integrated;
        is_hit.then(|| Response::hit(KEY, &Details { authentication_type: INTEGRATED }))
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
    fn nobody_who_knows_the_users_is_a_hit() {
        for providers in [json!([]), json!(null)] {
            for r#type in ["", "IntegratedOAuth"] {
                let details = json!({"authentication_type": "IntegratedOAuth"});
                assert_eq!(ask_about(&providers, r#type), Answer::Hit(details));
            }
        }
    }

    #[test]
    fn a_provider_or_logins_from_elsewhere_are_none() {
        assert_eq!(ask_about(&json!([{"name": "ldap"}]), ""), Answer::Miss);
        assert_eq!(ask_about(&json!([]), "OIDC"), Answer::Miss);
        assert_eq!(ask(NoIdentityProvider, &[]), Answer::skip_all(&["oauth", "authentication"]));
    }
}
