//! The identity that the gateway in front of the service passes on, and the access it gives.

use axum::http::HeaderMap;
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ccx_config::Authentication;
use ccx_messages::OrgId;
use serde::Deserialize;

use crate::error::ApiError;

/// The header with the identity: base64 of JSON, set by the gateway in front of the service.
const IDENTITY_HEADER: &str = "x-rh-identity";

/// Longest identity that is decoded, in bytes; real ones have about 500.
const MAX_IDENTITY_BYTES: usize = 8 * 1024;

/// The sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Any sender, as a gateway in front of the service authenticates.
    Trusted,
    /// A member of this organisation.
    Member(OrgId),
}

impl Caller {
    /// Reads the caller's identity.
    ///
    /// Two identities are refused: the one that a gateway has checked may not be the one that is read here.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        authentication: Authentication,
    ) -> Result<Self, ApiError> {
        match authentication {
            Authentication::None => Ok(Self::Trusted),
            Authentication::XRhIdentity => {
                let mut identities = headers.get_all(IDENTITY_HEADER).iter();
                let identity = identities.next().filter(|value| !value.is_empty());
                let identity = identity.ok_or(ApiError::MissingToken)?;
                if identities.next().is_some() {
                    return Err(ApiError::MalformedToken);
                }
                organization_in(identity.as_bytes()).map(Self::Member)
            }
        }
    }

    /// Returns the organisation that the caller is limited to; `None` is no limit.
    pub(crate) fn organization(self) -> Option<OrgId> {
        match self {
            Self::Trusted => None,
            Self::Member(own) => Some(own),
        }
    }

    /// Fails unless the caller may read and change what belongs to `asked`.
    pub(crate) fn require_access(self, asked: OrgId) -> Result<(), ApiError> {
        match self {
            Self::Member(own) if own != asked => Err(ApiError::Forbidden { asked, own }),
            _ => Ok(()),
        }
    }
}

/// Returns whether a JSON document is an object. serde takes the fields of a struct from an array too.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

/// Returns the organisation in an identity: `org_id`, or `internal.org_id` in the older form.
fn organization_in(base64: &[u8]) -> Result<OrgId, ApiError> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if base64.len() > MAX_IDENTITY_BYTES {
        return Err(ApiError::MalformedToken);
    }
    let json = LENIENT.decode(base64).map_err(|_| ApiError::MalformedToken)?;
    if !is_object(&json) {
        return Err(ApiError::MalformedToken);
    }
    let Token { identity } = serde_json::from_slice(&json).map_err(|_| ApiError::MalformedToken)?;
    let number = identity.org_id.or(identity.internal.unwrap_or_default().org_id);
    let number: u64 = number.as_deref().unwrap_or("0").parse().map_err(|_| ApiError::MalformedToken)?;
    OrgId::new(number).map_err(|_| ApiError::NoOrganization {
        account_number: identity.account_number.unwrap_or_default(),
        user_id: identity.user.unwrap_or_default().user_id.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    identity: Identity,
}

#[derive(Default, Deserialize)]
struct Identity {
    org_id: Option<String>,
    account_number: Option<String>,
    internal: Option<Internal>,
    user: Option<User>,
}

#[derive(Default, Deserialize)]
struct Internal {
    org_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct User {
    user_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn caller(identity: &str) -> Result<Caller, String> {
        let mut headers = HeaderMap::new();
        headers.insert(IDENTITY_HEADER, HeaderValue::from_str(identity).unwrap());
        Caller::from_headers(&headers, Authentication::XRhIdentity).map_err(|error| error.to_string())
    }

    fn encoded(json: &str) -> String {
        STANDARD.encode(json)
    }

    fn member(org_id: u64) -> Caller {
        Caller::Member(OrgId::new(org_id).unwrap())
    }

    #[test]
    fn identity_in_both_forms_names_the_organisation() {
        assert_eq!(caller(&encoded(r#"{"identity":{"org_id":"7","type":"User"}}"#)), Ok(member(7)));
        assert_eq!(caller(&encoded(r#"{"identity":{"internal":{"org_id":"8"}}}"#)), Ok(member(8)));
        assert_eq!(
            caller(&encoded(r#"{"identity":{"org_id":"7","internal":{"org_id":"8"}}}"#)),
            Ok(member(7))
        );
        assert_eq!(caller(encoded(r#"{"identity":{"org_id":"7"}}"#).trim_end_matches('=')), Ok(member(7)));
    }

    #[test]
    fn request_without_an_identity_is_refused() {
        let missing = Caller::from_headers(&HeaderMap::new(), Authentication::XRhIdentity).unwrap_err();
        assert_eq!(missing.to_string(), "Missing auth token");
        assert_eq!(caller(""), Err("Missing auth token".into()));
        assert_eq!(Caller::from_headers(&HeaderMap::new(), Authentication::None).unwrap(), Caller::Trusted);
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
        let refused = Caller::from_headers(&headers, Authentication::XRhIdentity).unwrap_err();
        assert_eq!(refused.to_string(), "Malformed authentication token");
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
    fn member_has_access_to_the_own_organisation_only() {
        let [own, other] = [1, 2].map(|number| OrgId::new(number).unwrap());
        assert!(Caller::Member(own).require_access(own).is_ok());
        assert!(Caller::Trusted.require_access(other).is_ok());
        assert_eq!(
            Caller::Member(own).require_access(other).unwrap_err().to_string(),
            "you have no permissions to get or change info about the organization with ID 2; \
             you can access info about organization with ID 1"
        );
    }
}
