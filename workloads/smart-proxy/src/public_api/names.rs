//! Names of clusters that users choose.

use ccx_auth::Caller;
use ccx_messages::ClusterId;
use ccx_storage::feedback::Change;
use chrono::Utc;

use super::PublicApi;
use crate::error::ApiError;

/// Longest name of a cluster, in characters.
const MAX_NAME_CHARS: usize = 256;

impl PublicApi {
    /// Names a cluster of the organisation; an empty name removes the name. Account management's name comes before it.
    pub async fn set_cluster_name(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        name: &str,
    ) -> Result<(), ApiError> {
        let name = name.trim();
        if name.chars().count() > MAX_NAME_CHARS || name.contains(char::is_control) {
            let reason = format!("at most {MAX_NAME_CHARS} characters without control characters expected");
            return Err(ApiError::OutOfRange { name: "name", value: ccx_http::shown(name), reason });
        }
        let user = caller.user_name();
        let change = self.database.name_cluster(caller.org_id, cluster_id, name, user, Utc::now()).await?;
        self.forget(caller.org_id);
        match change {
            Change::Written => Ok(()),
            Change::NoSuchCluster => Err(ApiError::NotFound { item: cluster_id.to_string() }),
        }
    }
}
