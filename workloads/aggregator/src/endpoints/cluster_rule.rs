//! The path of everything that a user says about a rule on a cluster.

use ccx_http::Param;
use ccx_messages::{ClusterId, ErrorKey, RuleFqdn};
use ccx_storage::feedback::{Change, ClusterRule};
use serde::Deserialize;

use crate::{api::Api, error::ApiError, member::Member};

/// A rule on a cluster.
#[derive(Deserialize)]
pub(super) struct ClusterRulePath {
    cluster: Param<ClusterId>,
    /// The component: the module and `.report`.
    rule_id: Param<RuleFqdn>,
    error_key: Param<ErrorKey>,
}

impl ClusterRulePath {
    pub(super) fn into_rule(self, member: Member) -> ClusterRule {
        ClusterRule {
            org_id: member.org_id(),
            cluster_id: self.cluster.0,
            rule: self.rule_id.0,
            error_key: self.error_key.0,
        }
    }
}

/// Fails unless the cluster was found; else drops the cached answers about it.
pub(super) fn require_written(api: &Api, change: Change, cluster_id: ClusterId) -> Result<(), ApiError> {
    if change == Change::NoSuchCluster {
        return Err(ApiError::NotFound { item: cluster_id.to_string() });
    }
    // The announcement comes back in a moment; the user who changed it may be faster.
    if let Some(cache) = &api.cache {
        cache.invalidate(cluster_id);
    }
    Ok(())
}
