//! A token that was verified.

use std::time::SystemTime;

use ccx_messages::{AccountNumber, ClusterId, OrgId};

use crate::{Caller, CallerKind};

/// The sender of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) org_id: OrgId,
    pub(crate) account_number: Option<AccountNumber>,
    pub(crate) user_id: Option<String>,
    pub(crate) display_name: Option<String>,
    /// The cluster that the token belongs to, if it belongs to one.
    pub(crate) cluster_id: Option<ClusterId>,
    pub(crate) kind: CallerKind,
    /// When the token expires, if it does.
    pub(crate) expires: Option<SystemTime>,
}

impl Verified {
    /// Creates the sender of a token that names nothing but its organisation.
    pub(crate) fn new(kind: CallerKind, org_id: OrgId) -> Self {
        Self {
            org_id,
            account_number: None,
            user_id: None,
            display_name: None,
            cluster_id: None,
            kind,
            expires: None,
        }
    }

    /// Returns the caller that sent this token and claims to be the cluster `claimed`.
    pub(crate) fn into_caller(self, claimed: Option<ClusterId>) -> Caller {
        Caller {
            org_id: self.org_id,
            account_number: self.account_number,
            user_id: self.user_id,
            display_name: self.display_name,
            cluster_id: self.cluster_id.or(claimed),
            is_cluster_authenticated: self.cluster_id.is_some(),
            kind: self.kind,
            internal: false,
        }
    }
}
