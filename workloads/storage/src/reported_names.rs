//! The table `ccx.reported_name`: the names of clusters in their own data, as their latest reports tell.
//!
//! [`ClusterName`]s, which users have chosen, are in a table of their own: removing one shows the reported name again.

use ccx_messages::{ClusterId, OrgId};

use crate::{ClusterName, Database, StorageError};

/// Uses `reported_name_pkey (org_id, cluster_id)`.
const LIST: &str = "SELECT cluster_id, name FROM ccx.reported_name WHERE org_id = $1";

/// As [`LIST`], of some clusters.
const LIST_SOME: &str = "\
    SELECT stored.cluster_id, stored.name FROM unnest($2::text[]) AS asked (cluster)
    JOIN ccx.reported_name AS stored ON stored.org_id = $1 AND stored.cluster_id = asked.cluster";

impl Database {
    /// Lists the names of an organisation's clusters in their own data.
    pub async fn reported_names(&self, org_id: OrgId) -> Result<Vec<ClusterName>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let list = sqlx::query_as(LIST).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        self.statements().run("list reported names", list.fetch_all(&mut *connection)).await
    }

    /// As [`reported_names`](Self::reported_names), of some clusters.
    pub async fn reported_names_of(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<ClusterName>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = clusters.iter().map(ClusterId::to_string).collect();
        let list = sqlx::query_as(LIST_SOME).bind(org_id.as_i32()).bind(ids);
        let mut connection = self.acquire().await?;
        self.statements().run("list some reported names", list.fetch_all(&mut *connection)).await
    }

    /// Returns the name of a cluster in its own data.
    pub async fn reported_name(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
    ) -> Result<Option<String>, StorageError> {
        let names = self.reported_names_of(org_id, &[cluster_id]).await?;
        Ok(names.into_iter().next().map(|row| row.name))
    }
}
