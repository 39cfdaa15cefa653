//! The decision which credentials of a request count.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use ccx_config::Auth;
use ccx_messages::OrgId;
use snafu::Snafu;

use crate::{AuthError, Caller, CallerKind, IDENTITY_HEADER, caller_of_identity};

/// The configuration can't be used.
#[derive(Debug, Snafu)]
pub enum AuthenticatorError {
    /// An organisation is out of range.
    #[snafu(display("{key}: {source}"))]
    Organization {
        /// The key of the configuration.
        key: &'static str,
        /// The cause.
        source: ccx_messages::IdError,
    },
}

/// Authenticates the callers of one service, as `[auth]` configures it.
#[derive(Debug)]
pub struct Authenticator {
    trust_identity_header: bool,
    anonymous: Option<OrgId>,
    internal_organizations: BTreeSet<u32>,
}

impl Authenticator {
    /// Creates the authenticator of a configuration.
    pub fn new(settings: &Auth) -> Result<Self, AuthenticatorError> {
        Ok(Self {
            trust_identity_header: settings.trust_identity_header,
            anonymous: settings
                .anonymous_organization
                .map(|number| organization("auth.anonymous_organization", number))
                .transpose()?,
            internal_organizations: settings.internal_organizations.iter().copied().collect(),
        })
    }

    /// Returns the caller with these headers.
    ///
    /// If the configuration trusts `x-rh-identity` and the request has one, it alone counts.
    #[allow(clippy::unused_async, reason = "credentials that other services check follow")]
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let caller = self.caller_of(headers)?;
        let internal = self.internal_organizations.contains(&caller.org_id.get());
        Ok(Caller { internal, ..caller })
    }

    fn caller_of(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let has_identity = headers.contains_key(IDENTITY_HEADER);
        if has_identity && self.trust_identity_header {
            return caller_of_identity(headers);
        }
        match self.anonymous {
            Some(org_id) => Ok(anonymous(org_id)),
            None if has_identity => Err(AuthError::UntrustedHeader),
            None => Err(AuthError::Missing),
        }
    }
}

fn organization(key: &'static str, number: u32) -> Result<OrgId, AuthenticatorError> {
    OrgId::new(number.into()).map_err(|source| AuthenticatorError::Organization { key, source })
}

fn anonymous(org_id: OrgId) -> Caller {
    Caller {
        org_id,
        account_number: None,
        user_id: None,
        cluster_id: None,
        kind: CallerKind::Anonymous,
        internal: false,
    }
}

#[cfg(test)]
mod tests {
    use ccx_messages::Identity;

    use super::*;

    fn headers_of(org_id: u64) -> HeaderMap {
        let identity =
            Identity { org_id: OrgId::new(org_id).unwrap(), account_number: None, cluster_id: None };
        HeaderMap::from_iter([(IDENTITY_HEADER.parse().unwrap(), identity.to_base64().parse().unwrap())])
    }

    #[tokio::test]
    async fn identity_header_counts_only_where_it_is_trusted() {
        let trusting =
            Auth { trust_identity_header: true, internal_organizations: vec![7], ..Auth::default() };
        let authenticator = Authenticator::new(&trusting).unwrap();
        let caller = authenticator.authenticate(&headers_of(7)).await.unwrap();
        assert!(caller.org_id.get() == 7 && caller.internal);
        assert!(!authenticator.authenticate(&headers_of(8)).await.unwrap().internal);
        assert_eq!(authenticator.authenticate(&HeaderMap::new()).await, Err(AuthError::Missing));

        let authenticator = Authenticator::new(&Auth::default()).unwrap();
        assert_eq!(authenticator.authenticate(&headers_of(7)).await, Err(AuthError::UntrustedHeader));
    }

    #[tokio::test]
    async fn caller_without_credentials_belongs_to_the_anonymous_organisation() {
        let settings = Auth { anonymous_organization: Some(1), ..Auth::default() };
        let authenticator = Authenticator::new(&settings).unwrap();
        for headers in [HeaderMap::new(), headers_of(7)] {
            let caller = authenticator.authenticate(&headers).await.unwrap();
            assert_eq!((caller.org_id.get(), caller.kind), (1, CallerKind::Anonymous));
        }
    }
}
