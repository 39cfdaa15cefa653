//! `x-rh-identity`, which a gateway in front of the service sets after it has authenticated the caller.

use axum::http::HeaderMap;
use ccx_messages::{AccountNumber, IdentityClaims, OrgId};
use serde_json::Value;

use crate::{AuthError, Caller, CallerKind};

/// The header with the identity: base64 of JSON.
pub const IDENTITY_HEADER: &str = "x-rh-identity";

/// Longest identity that is decoded, in bytes; real ones have about 500.
const MAX_IDENTITY_BYTES: usize = 8 * 1024;

/// Returns the caller that a gateway's header names. Nothing proves it: the caller could have sent the header.
///
/// Two headers are refused: the one that a gateway has checked may not be the one that is read here.
pub fn caller_of_identity(headers: &HeaderMap) -> Result<Caller, AuthError> {
    let mut identities = headers.get_all(IDENTITY_HEADER).iter();
    let identity = identities.next().filter(|value| !value.is_empty()).ok_or(AuthError::Missing)?;
    if identities.next().is_some() || identity.len() > MAX_IDENTITY_BYTES {
        return Err(AuthError::Malformed);
    }
    let text = identity.to_str().map_err(|_| AuthError::Malformed)?;
    let claims = IdentityClaims::from_base64(text).map_err(|_| AuthError::Malformed)?;
    caller_of_claims(claims)
}

/// The organisation is `org_id`, or `internal.org_id` in the older form.
fn caller_of_claims(claims: IdentityClaims) -> Result<Caller, AuthError> {
    let user_id = user_id(claims.user.as_ref())?;
    let username = claims.user.as_ref().and_then(|user| user["username"].as_str());
    let display_name = username.filter(|name| !name.is_empty()).map(str::to_owned);
    let client_id = text_in(claims.service_account.as_ref(), "client_id")?;
    let number = claims.org_id.or(claims.internal_org_id);
    let number: u64 = number.as_deref().unwrap_or("0").parse().map_err(|_| AuthError::Malformed)?;
    let Ok(org_id) = OrgId::new(number) else {
        return Err(AuthError::NoOrganization {
            account_number: claims.account_number.unwrap_or_default(),
            user_id: user_id.unwrap_or_default(),
        });
    };
    let cluster_id = claims.cluster_id.and_then(|id| id.parse().ok());
    let kind = match claims.kind.as_deref() {
        Some("ServiceAccount") => CallerKind::ServiceAccount,
        Some("System") => CallerKind::Cluster,
        _ if cluster_id.is_some() => CallerKind::Cluster,
        _ => CallerKind::User,
    };
    let named = if kind == CallerKind::ServiceAccount { client_id.or(user_id) } else { user_id };
    Ok(Caller {
        org_id,
        account_number: claims.account_number.and_then(|number| number.parse().ok()).map(AccountNumber),
        user_id: named.filter(|id| !id.is_empty()),
        display_name,
        cluster_id,
        is_cluster_authenticated: cluster_id.is_some(),
        kind,
        internal: false,
    })
}

fn user_id(user: Option<&Value>) -> Result<Option<String>, AuthError> {
    text_in(user, "user_id")
}

fn text_in(object: Option<&Value>, key: &str) -> Result<Option<String>, AuthError> {
    match object {
        None => Ok(None),
        Some(Value::Object(fields)) => match fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(AuthError::Malformed),
        },
        Some(_) => Err(AuthError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    fn caller(identity: &str) -> Result<Caller, String> {
        let mut headers = HeaderMap::new();
        headers.insert(IDENTITY_HEADER, HeaderValue::from_str(identity).unwrap());
        caller_of_identity(&headers).map_err(|error| error.to_string())
    }

    fn organization(identity: &str) -> Result<u32, String> {
        caller(identity).map(|caller| caller.org_id.get())
    }

    fn encoded(json: &str) -> String {
        STANDARD.encode(json)
    }

    #[test]
    fn identity_in_both_forms_names_the_organisation() {
        assert_eq!(organization(&encoded(r#"{"identity":{"org_id":"7","type":"User"}}"#)), Ok(7));
        assert_eq!(organization(&encoded(r#"{"identity":{"internal":{"org_id":"8"}}}"#)), Ok(8));
        let both = encoded(r#"{"identity":{"org_id":"7","internal":{"org_id":"8"}}}"#);
        assert_eq!(organization(&both), Ok(7));
        assert_eq!(organization(encoded(r#"{"identity":{"org_id":"7"}}"#).trim_end_matches('=')), Ok(7));
    }

    #[test]
    fn request_without_an_identity_is_refused() {
        assert_eq!(caller_of_identity(&HeaderMap::new()), Err(AuthError::Missing));
        assert_eq!(caller(""), Err("Missing auth token".into()));
    }

    #[test]
    fn identity_without_a_numeric_organisation_in_json_is_malformed() {
        let too_long =
            encoded(&format!(r#"{{"identity":{{"org_id":"7","x":"{}"}}}}"#, "x".repeat(MAX_IDENTITY_BYTES)));
        for token in [
            "!",
            "aW52YWxpZCBqc29uCg==",
            &encoded("[]"),
            &encoded(r#"{"identity":{"org_id":7}}"#),
            &encoded(r#"{"identity":{"org_id":"seven"}}"#),
            &encoded(r#"{"identity":{"org_id":"-7"}}"#),
            &encoded(r#"{"identity":{"org_id":"7","user":{"user_id":1}}}"#),
            &too_long,
        ] {
            assert_eq!(caller(token), Err("Malformed authentication token".into()), "{token}");
        }
    }

    #[test]
    fn two_identities_are_refused_even_if_they_are_equal() {
        let mut headers = HeaderMap::new();
        for _ in 0..2 {
            let identity = encoded(r#"{"identity":{"org_id":"7"}}"#);
            headers.append(IDENTITY_HEADER, HeaderValue::from_str(&identity).unwrap());
        }
        assert_eq!(caller_of_identity(&headers), Err(AuthError::Malformed));
    }

    #[test]
    fn identity_without_an_organisation_names_the_account_and_user() {
        let expected =
            "error retrieving requester org_id from token. account_number [12], user data [{UserID:ann}]";
        let with_org = |org: &str| {
            format!(r#"{{"identity":{{{org}"account_number":"12","user":{{"user_id":"ann"}}}}}}"#)
        };
        for org in ["", r#""org_id":"0","#, r#""org_id":"99999999999","#] {
            assert_eq!(caller(&encoded(&with_org(org))), Err(expected.into()), "{org}");
        }
        assert!(
            caller(&encoded("{}")).unwrap_err().starts_with("error retrieving requester org_id from token.")
        );
    }

    #[test]
    fn user_name_is_that_for_people_else_the_id() {
        let name = |user: &str| {
            let identity = format!(r#"{{"identity":{{"org_id":"7","user":{user}}}}}"#);
            caller(&encoded(&identity)).unwrap().user_name().to_owned()
        };
        assert_eq!(name(r#"{"user_id":"7","username":"ann"}"#), "ann");
        assert_eq!(name(r#"{"user_id":"7","username":""}"#), "7");
        assert_eq!(name(r#"{"username":1}"#), "");
    }

    #[test]
    fn kind_and_name_follow_the_identity_type() {
        let kind_and_user = |body: &str| {
            let caller = caller(&encoded(&format!(r#"{{"identity":{{"org_id":"7",{body}}}}}"#))).unwrap();
            (caller.kind, caller.user_id)
        };
        let cluster = r#""type":"System","system":{"cluster_id":"34c3ecc5-624a-49a5-bab8-4fdc5e51a266"}"#;
        assert_eq!(kind_and_user(cluster), (CallerKind::Cluster, None));
        let user = r#""type":"User","user":{"user_id":"ann"}"#;
        assert_eq!(kind_and_user(user), (CallerKind::User, Some("ann".into())));
        let account = r#""type":"ServiceAccount","service_account":{"client_id":"c-1"}"#;
        assert_eq!(kind_and_user(account), (CallerKind::ServiceAccount, Some("c-1".into())));
    }
}
