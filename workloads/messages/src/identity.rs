//! The sender of an archive or a request: the decoded `x-rh-identity`.

use base64::{Engine as _, engine::general_purpose};
use snafu::{ResultExt, Snafu};

use crate::{AccountNumber, ClusterId, IdError, IdentityClaims, JsonError, OrgId};

/// Why an identity can't be used.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum IdentityError {
    /// Not base64.
    #[snafu(display("failed to decode the identity from base64"))]
    Base64,
    /// Not the JSON of an identity.
    #[snafu(display("failed to parse the identity as JSON"))]
    Json {
        /// The place and the expectation.
        source: JsonError,
    },
    /// It has no organisation.
    #[snafu(display("the identity has no identity.internal.org_id and no identity.org_id"))]
    NoOrgId,
    /// The organisation is not a number.
    #[snafu(display("the identity's organisation is not {expected}"))]
    OrgId {
        /// The expected form.
        expected: &'static str,
    },
}

/// The parts of a decoded identity that the pipeline uses.
///
/// ```
/// use ccx_messages::Identity;
///
/// let identity = Identity::from_json(br#"{"identity": {"internal": {"org_id": "7"}}}"#)?;
/// assert_eq!(identity.org_id.get(), 7);
/// assert_eq!(identity.cluster_id, None); // not authenticated as a cluster
/// # Ok::<(), ccx_messages::IdentityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The organisation: `identity.internal.org_id`, else `identity.org_id`.
    pub org_id: OrgId,
    /// The account, when it is a number.
    pub account_number: Option<AccountNumber>,
    /// The cluster, when the gateway has authenticated one.
    pub cluster_id: Option<ClusterId>,
}

impl Identity {
    /// Decodes an identity: base64 (standard alphabet, padding optional) of JSON.
    pub fn from_base64(text: &str) -> Result<Self, IdentityError> {
        Self::from_claims(IdentityClaims::from_base64(text)?)
    }

    /// Parses a decoded identity.
    pub fn from_json(json: &[u8]) -> Result<Self, IdentityError> {
        Self::from_claims(IdentityClaims::from_json(json).context(JsonSnafu)?)
    }

    fn from_claims(claims: IdentityClaims) -> Result<Self, IdentityError> {
        let Some(org_id) = claims.internal_org_id.or(claims.org_id) else { return NoOrgIdSnafu.fail() };
        Ok(Self {
            org_id: org_id
                .parse()
                .map_err(|error: IdError| OrgIdSnafu { expected: error.expected() }.build())?,
            account_number: claims.account_number.and_then(|number| number.parse().ok()).map(AccountNumber),
            cluster_id: claims.cluster_id.and_then(|id| id.parse().ok()),
        })
    }

    /// Encodes the identity as ingress does, for tools that announce archives themselves.
    pub fn to_base64(&self) -> String {
        let mut identity = serde_json::json!({
            "type": "System",
            "auth_type": "uhc-auth",
            "org_id": self.org_id.to_string(),
            "internal": { "org_id": self.org_id.to_string() },
        });
        if let Some(cluster_id) = self.cluster_id {
            identity["system"] = serde_json::json!({ "cluster_id": cluster_id });
        }
        if let Some(AccountNumber(number)) = self.account_number {
            identity["account_number"] = number.to_string().into();
        }
        general_purpose::STANDARD.encode(serde_json::json!({ "identity": identity }).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_organisation_takes_precedence() {
        let identity = Identity::from_json(
            br#"{"identity":{"org_id":"2","internal":{"org_id":"1"},"account_number":"7"}}"#,
        )
        .unwrap();
        assert_eq!(identity.org_id.get(), 1);
        assert_eq!(identity.account_number, Some(AccountNumber(7)));
    }

    #[test]
    fn identity_without_a_numeric_organisation_is_rejected() {
        let no_org = Identity::from_json(br#"{"identity":{"internal":{}}}"#);
        assert!(matches!(no_org, Err(IdentityError::NoOrgId)), "{no_org:?}");
        let word = Identity::from_json(br#"{"identity":{"internal":{"org_id":"acme"}}}"#);
        assert!(matches!(word, Err(IdentityError::OrgId { .. })), "{word:?}");
        let number = Identity::from_json(br#"{"identity":{"internal":{"org_id":1}}}"#);
        assert!(matches!(number, Err(IdentityError::Json { .. })), "{number:?}");
    }

    #[test]
    fn cluster_that_is_not_a_uuid_is_absent() {
        let identity =
            Identity::from_json(br#"{"identity":{"internal":{"org_id":"1"},"system":{"cluster_id":"x"}}}"#)
                .unwrap();
        assert_eq!(identity.cluster_id, None);
    }

    #[test]
    fn encoded_identity_is_parsed_back() {
        let identity = Identity {
            org_id: OrgId::new(1).unwrap(),
            account_number: Some(AccountNumber(2)),
            cluster_id: Some(ClusterId::random()),
        };
        assert_eq!(Identity::from_base64(&identity.to_base64()).unwrap(), identity);
    }

    #[test]
    fn padding_is_optional_and_other_text_is_rejected() {
        let padded =
            Identity { org_id: OrgId::new(12).unwrap(), account_number: None, cluster_id: None }.to_base64();
        assert!(Identity::from_base64(padded.trim_end_matches('=')).is_ok());
        assert!(matches!(Identity::from_base64("%%%"), Err(IdentityError::Base64)));
        assert!(matches!(Identity::from_base64("AAAA"), Err(IdentityError::Json { .. })));
    }
}
