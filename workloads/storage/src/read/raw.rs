//! Whole reports, as they were received.

use std::collections::HashMap;

use ccx_messages::{ClusterId, OrgId};

use crate::{Database, StorageError};

impl Database {
    /// Reads the reports of those of `clusters` that belong to `org_id` and have one. Each may be large: ask for a few at a time.
    pub async fn raw_reports(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<HashMap<ClusterId, String>, StorageError> {
        // report_pkey (org_id, cluster), once for each cluster; the position saves sending the names back.
        const REPORTS: &str = "SELECT asked.position, report.report
            FROM unnest($2::text[]) WITH ORDINALITY AS asked (cluster, position)
            JOIN report ON report.org_id = $1 AND report.cluster = asked.cluster";
        let mut connection = self.acquire().await?;
        let names: Vec<String> = clusters.iter().map(ClusterId::to_string).collect();
        let rows = sqlx::query_as::<_, (i64, String)>(REPORTS).bind(org_id.as_i32()).bind(names);
        let rows = self.statements().run("read reports", rows.fetch_all(&mut *connection)).await?;
        let by_position = |(position, report): (i64, String)| {
            let index = usize::try_from(position).ok()?.checked_sub(1)?;
            Some((*clusters.get(index)?, report))
        };
        Ok(rows.into_iter().filter_map(by_position).collect())
    }
}
