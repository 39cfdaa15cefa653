//! The table `report_info`: the clusters' OpenShift versions.

use sqlx::PgConnection;

use super::Accepted;
use crate::{StorageError, observe::Statements};

/// Uses `report_info_cluster_id_key`. A version that stays costs no write: it is left out before the insertion, as a row that conflicts
/// is locked, which is a write too.
const UPSERT: &str = "\
    INSERT INTO report_info (org_id, cluster_id, version_info) \
    SELECT new.org_id, new.cluster_id, new.version_info \
    FROM unnest($1::int4[], $2::text[], $3::text[]) AS new (org_id, cluster_id, version_info) \
    WHERE NOT EXISTS (SELECT FROM report_info AS stored WHERE stored.cluster_id = new.cluster_id \
        AND stored.org_id = new.org_id AND stored.version_info = new.version_info) \
    ON CONFLICT (cluster_id) DO UPDATE SET org_id = excluded.org_id, version_info = excluded.version_info";

/// Uses `report_info_cluster_id_key`.
const DELETE: &str = "\
    DELETE FROM report_info USING unnest($1::text[]) AS unknown (cluster_id) WHERE report_info.cluster_id = unknown.cluster_id";

/// Writes the versions of the accepted reports. A report without a version deletes the stored one: the tables show the newest report,
/// whichever older ones were skipped on the way.
pub(super) async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
) -> Result<(), StorageError> {
    let (mut org_ids, mut cluster_ids, mut versions, mut unknown) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Accepted { report, cluster_id, .. } in accepted {
        match report.cluster_version.as_deref() {
            Some(version) => {
                org_ids.push(report.org_id.as_i32());
                cluster_ids.push(cluster_id.as_str());
                versions.push(version);
            }
            None => unknown.push(cluster_id.as_str()),
        }
    }
    if !versions.is_empty() {
        let upsert = sqlx::query(UPSERT).bind(org_ids).bind(cluster_ids).bind(versions);
        statements.run("write versions", upsert.execute(&mut *connection)).await?;
    }
    if !unknown.is_empty() {
        statements.run("delete versions", sqlx::query(DELETE).bind(unknown).execute(connection)).await?;
    }
    Ok(())
}
