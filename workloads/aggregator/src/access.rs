//! The access that a caller's identity gives.

use axum::http::HeaderMap;
use ccx_auth::caller_of_identity;
use ccx_config::Authentication;
use ccx_messages::OrgId;

use crate::error::ApiError;

/// The access of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// To every organisation: a gateway in front of the service authenticates.
    Any,
    /// To this organisation.
    Own(OrgId),
}

impl Access {
    /// Returns the access of the caller with these headers.
    pub(crate) fn from_headers(
        headers: &HeaderMap,
        authentication: Authentication,
    ) -> Result<Self, ApiError> {
        match authentication {
            Authentication::None => Ok(Self::Any),
            Authentication::XRhIdentity => Ok(Self::Own(caller_of_identity(headers)?.org_id)),
        }
    }

    /// Returns the organisation that the caller is limited to; `None` is no limit.
    pub(crate) fn organization(self) -> Option<OrgId> {
        match self {
            Self::Any => None,
            Self::Own(own) => Some(own),
        }
    }

    /// Fails unless the caller may read and change what belongs to `asked`.
    pub(crate) fn require(self, asked: OrgId) -> Result<(), ApiError> {
        match self {
            Self::Own(own) if own != asked => Err(ApiError::Forbidden { asked, own }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_without_an_identity_is_refused_where_one_is_demanded() {
        let missing = Access::from_headers(&HeaderMap::new(), Authentication::XRhIdentity).unwrap_err();
        assert_eq!(missing.to_string(), "Missing auth token");
        assert_eq!(Access::from_headers(&HeaderMap::new(), Authentication::None).unwrap(), Access::Any);
    }

    #[test]
    fn member_has_access_to_the_own_organisation_only() {
        let [own, other] = [1, 2].map(|number| OrgId::new(number).unwrap());
        assert!(Access::Own(own).require(own).is_ok());
        assert!(Access::Any.require(other).is_ok());
        assert_eq!(
            Access::Own(own).require(other).unwrap_err().to_string(),
            "you have no permissions to get or change info about the organization with ID 2; \
             you can access info about organization with ID 1"
        );
    }
}
