//! Statements of the API's debug operations, which are off unless the configuration turns them on.

use ccx_messages::{ClusterId, OrgId};

use crate::{Database, StorageError};

/// Looks up the next organisation in `report_pkey (org_id, cluster)` after each one: a scan of the index would read all clusters.
pub(crate) const ORGANIZATIONS: &str = "\
    WITH RECURSIVE found (org_id) AS (
        (SELECT org_id FROM report ORDER BY org_id LIMIT 1)
        UNION ALL
        SELECT (SELECT org_id FROM report WHERE report.org_id > found.org_id ORDER BY org_id LIMIT 1)
        FROM found WHERE found.org_id IS NOT NULL)
    SELECT org_id FROM found WHERE org_id IS NOT NULL";

/// Uses `report_pkey (org_id, cluster)`. Votes are deleted with the report, by their foreign key.
const DELETE_OF_ORGANIZATIONS: &str = "DELETE FROM report WHERE org_id = ANY ($1)";

/// Uses `report_cluster_key (cluster)`. `$2` is an organisation, or null for any.
const DELETE_OF_CLUSTERS: &str =
    "DELETE FROM report WHERE cluster = ANY ($1) AND org_id = COALESCE($2, org_id)";

impl Database {
    /// Lists the organisations that have a report.
    pub async fn organizations(&self) -> Result<Vec<i32>, StorageError> {
        let list = sqlx::query_scalar(ORGANIZATIONS);
        let mut connection = self.acquire().await?;
        self.statements().run("list organizations", list.fetch_all(&mut *connection)).await
    }

    /// Deletes all reports of organisations.
    pub async fn delete_reports_of_organizations(&self, org_ids: &[OrgId]) -> Result<(), StorageError> {
        let numbers: Vec<i32> = org_ids.iter().map(|org_id| org_id.as_i32()).collect();
        let delete = sqlx::query(DELETE_OF_ORGANIZATIONS).bind(numbers);
        let mut connection = self.acquire().await?;
        self.statements().run("delete reports of organizations", delete.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Deletes the reports of clusters, as far as they belong to `org_id`, or to any organisation.
    pub async fn delete_reports_of_clusters(
        &self,
        clusters: &[ClusterId],
        org_id: Option<OrgId>,
    ) -> Result<(), StorageError> {
        let names: Vec<String> = clusters.iter().map(ClusterId::to_string).collect();
        let delete = sqlx::query(DELETE_OF_CLUSTERS).bind(names).bind(org_id.map(OrgId::as_i32));
        let mut connection = self.acquire().await?;
        self.statements().run("delete reports of clusters", delete.execute(&mut *connection)).await?;
        Ok(())
    }
}
