//! The table `ccx.cluster_name`: names of clusters that users have chosen.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    Database, StorageError,
    feedback::Change,
    notify::{self, REPORT_CHANNEL, ReportKey},
};

/// Writes the name of a cluster that has a report, and announces the change; `report_pkey (org_id, cluster)`.
const WRITE: &str = "\
    WITH written AS (
        INSERT INTO ccx.cluster_name (org_id, cluster_id, name, set_by, set_at)
        SELECT org_id, cluster, $3, $4, $5 FROM report WHERE org_id = $1 AND cluster = $2
        ON CONFLICT (org_id, cluster_id)
            DO UPDATE SET name = excluded.name, set_by = excluded.set_by, set_at = excluded.set_at
        RETURNING cluster_id)
    SELECT count(pg_notify($6, $7)) FROM written";

/// Uses `cluster_name_pkey (org_id, cluster_id)`.
const LIST: &str = "SELECT cluster_id, name FROM ccx.cluster_name WHERE org_id = $1 AND name <> ''";

/// The name of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ClusterName {
    /// The cluster.
    pub cluster_id: String,
    /// The name, not empty.
    pub name: String,
}

impl Database {
    /// Names a cluster of an organisation; an empty name removes the name. `user` is the one who does it.
    pub async fn name_cluster(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        name: &str,
        user: &str,
        at: DateTime<Utc>,
    ) -> Result<Change, StorageError> {
        self.require_own_tables().await?;
        let key = ReportKey { org_id, cluster_id };
        let payload = notify::encode(std::iter::once(key)).pop().unwrap_or_default();
        let write = sqlx::query_scalar(WRITE)
            .bind(org_id.as_i32())
            .bind(cluster_id.to_string())
            .bind(name)
            .bind(user)
            .bind(at.naive_utc())
            .bind(REPORT_CHANNEL)
            .bind(payload);
        let mut connection = self.acquire().await?;
        let written: i64 = self.statements().run("name a cluster", write.fetch_one(&mut *connection)).await?;
        Ok(if written == 0 { Change::NoSuchCluster } else { Change::Written })
    }

    /// Lists the names of an organisation's clusters, as far as users have chosen any.
    pub async fn cluster_names(&self, org_id: OrgId) -> Result<Vec<ClusterName>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let list = sqlx::query_as(LIST).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        self.statements().run("list names of clusters", list.fetch_all(&mut *connection)).await
    }
}
