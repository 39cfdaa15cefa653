//! The table `ccx.reported_name`: the names of clusters in their own data.

use sqlx::PgConnection;

use super::Accepted;
use crate::{StorageError, observe::Statements};

/// Uses `reported_name_pkey (org_id, cluster_id)`. A name that stays is read and not locked: it costs no write.
const UPSERT: &str = "\
    INSERT INTO ccx.reported_name (org_id, cluster_id, name) \
    SELECT new.org_id, new.cluster_id, new.name \
    FROM unnest($1::int4[], $2::text[], $3::text[]) AS new (org_id, cluster_id, name) \
    WHERE NOT EXISTS ( \
        SELECT FROM ccx.reported_name AS stored WHERE stored.org_id = new.org_id \
            AND stored.cluster_id = new.cluster_id AND stored.name = new.name) \
    ON CONFLICT (org_id, cluster_id) DO UPDATE SET name = excluded.name";

/// Writes the names of the accepted reports. A report without a name keeps the stored one: the pipeline may be another program's.
pub(super) async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
) -> Result<(), StorageError> {
    let (mut org_ids, mut cluster_ids, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for Accepted { report, cluster_id, .. } in accepted {
        if let Some(name) = &report.reported_name {
            org_ids.push(report.org_id.as_i32());
            cluster_ids.push(cluster_id.as_str());
            names.push(name.as_str());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let upsert = sqlx::query(UPSERT).bind(org_ids).bind(cluster_ids).bind(names);
    statements.run("write reported names", upsert.execute(connection)).await?;
    Ok(())
}
