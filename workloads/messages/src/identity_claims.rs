//! The one decoder of `x-rh-identity`: base64 of JSON, as gateways write it.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use serde_json::Value;
use snafu::{OptionExt, ResultExt};

use crate::{
    IdentityError, JsonError,
    identity::{Base64Snafu, JsonSnafu},
    parse_json_object,
};

/// The fields of an identity that any of our services reads, none of them required or checked yet.
///
/// ```
/// use ccx_messages::IdentityClaims;
///
/// let claims = IdentityClaims::from_json(br#"{"identity": {"org_id": "7", "type": "User"}}"#)?;
/// assert_eq!((claims.org_id.as_deref(), claims.kind.as_deref()), (Some("7"), Some("User")));
/// # Ok::<(), ccx_messages::JsonError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IdentityClaims {
    /// `identity.org_id`.
    pub org_id: Option<String>,
    /// `identity.internal.org_id`, the older place of the organisation.
    pub internal_org_id: Option<String>,
    /// `identity.account_number`.
    pub account_number: Option<String>,
    /// `identity.type`: `User`, `ServiceAccount`, `System`, …
    pub kind: Option<String>,
    /// `identity.system.cluster_id`.
    pub cluster_id: Option<String>,
    /// `identity.user`, in the form in which it was received: gateways differ.
    pub user: Option<Value>,
    /// `identity.service_account`, in the form in which it was received.
    pub service_account: Option<Value>,
}

impl IdentityClaims {
    /// Decodes the header's value: base64 (standard alphabet, padding optional) of JSON.
    pub fn from_base64(text: &str) -> Result<Self, IdentityError> {
        const LENIENT: GeneralPurpose = GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let json = LENIENT.decode(text.trim_ascii()).ok().context(Base64Snafu)?;
        Self::from_json(&json).context(JsonSnafu)
    }

    /// Parses the decoded value.
    pub fn from_json(json: &[u8]) -> Result<Self, JsonError> {
        let envelope: Envelope = parse_json_object(json)?;
        let body = envelope.identity.unwrap_or_default();
        Ok(Self {
            org_id: body.org_id,
            internal_org_id: body.internal.and_then(|internal| internal.org_id),
            account_number: body.account_number,
            kind: body.kind,
            cluster_id: body.system.and_then(|system| system.cluster_id),
            user: body.user,
            service_account: body.service_account,
        })
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Envelope {
    identity: Option<Body>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "a JSON object")]
struct Body {
    org_id: Option<String>,
    account_number: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    internal: Option<Internal>,
    system: Option<System>,
    user: Option<Value>,
    service_account: Option<Value>,
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Internal {
    org_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct System {
    cluster_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_other_than_an_object_is_rejected() {
        for json in ["[]", r#"[{"org_id":"1"}]"#, "7", "null", "", "{"] {
            assert!(IdentityClaims::from_json(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(IdentityClaims::from_json(b" {}").unwrap(), IdentityClaims::default());
    }

    #[test]
    fn user_of_any_form_is_kept_as_received() {
        let claims =
            IdentityClaims::from_json(br#"{"identity":{"org_id":"1","user":{"user_id":7}}}"#).unwrap();
        assert_eq!(claims.user.unwrap()["user_id"], 7);
    }
}
