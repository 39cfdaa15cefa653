//! The caller, and the proof that the caller may access the organisation in the path.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use ccx_http::{InPath, Invalid, Param, Parameter};
use ccx_messages::OrgId;
use serde::Deserialize;

use crate::{access::Access, api::Api, error::ApiError};

/// A caller with a valid identity, where the configuration demands one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Authenticated(pub(crate) Access);

/// A caller who may access the organisation in the path.
///
/// No extractor yields the organisation of a path without it, so that no handler can omit the check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    org_id: OrgId,
}

impl Member {
    /// Returns the organisation in the path.
    pub(crate) fn org_id(self) -> OrgId {
        self.org_id
    }
}

/// A caller who may have no access to the organisation in the path, for endpoints that answer as if nothing of it existed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaybeMember {
    org_id: Option<OrgId>,
}

impl MaybeMember {
    /// Returns the organisation in the path; `None` when the caller has no access to it.
    pub(crate) fn org_id(self) -> Option<OrgId> {
        self.org_id
    }
}

impl FromRequestParts<Arc<Api>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        Access::from_headers(&parts.headers, api.authentication).map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let Authenticated(access) = Authenticated::from_request_parts(parts, api).await?;
        let InPath(path) = InPath::<OrganizationPath>::from_request_parts(parts, api).await?;
        let Organization(org_id) = path.org_id.0;
        access.require(org_id)?;
        Ok(Self { org_id })
    }
}

impl FromRequestParts<Arc<Api>> for MaybeMember {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        match Member::from_request_parts(parts, api).await {
            Ok(member) => Ok(Self { org_id: Some(member.org_id) }),
            Err(ApiError::Forbidden { .. }) => Ok(Self { org_id: None }),
            Err(error) => Err(error),
        }
    }
}

#[derive(Deserialize)]
struct OrganizationPath {
    /// One path has always called it `organization`, in error texts and in the labels of metrics.
    #[serde(alias = "organization")]
    org_id: Param<Organization>,
}

/// Private, as only [`Member`] may parse it.
struct Organization(OrgId);

impl Parameter for Organization {
    fn parse(text: &str) -> Result<Self, Invalid> {
        parse_organization(text).map(Self)
    }
}

/// Parses an organisation: a positive number in digits.
pub(crate) fn parse_organization(text: &str) -> Result<OrgId, Invalid> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = text.parse().ok().filter(|_| is_digits);
    match number {
        None => Err(Invalid::because("unsigned integer expected")),
        Some(0) => Err(Invalid::because("positive value expected")),
        Some(number) => {
            OrgId::new(number).map_err(|_| Invalid::because(format!("at most {} expected", OrgId::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(text: &str) -> String {
        Organization::parse(text).err().unwrap().to_string()
    }

    #[test]
    fn organization_with_other_characters_than_digits_is_rejected() {
        assert_eq!(Organization::parse("11789772").unwrap_or_else(|_| panic!()).0.get(), 11_789_772);
        for value in ["", "non-int", "-1", "+1", "1.0", " 1", "99999999999999999999"] {
            assert_eq!(reason(value), "unsigned integer expected", "{value}");
        }
        assert_eq!(reason("0"), "positive value expected");
        assert_eq!(reason("2147483648"), "at most 2147483647 expected");
    }

    proptest! {
        #[test]
        fn organization_with_any_valid_number_is_parsed(number in 1..=OrgId::MAX) {
            prop_assert_eq!(Organization::parse(&number.to_string()).ok().unwrap().0.get(), number);
        }

        #[test]
        fn organization_with_any_text_does_not_panic(text in any::<String>()) {
            let _ = Organization::parse(&text);
        }
    }
}
