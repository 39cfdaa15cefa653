//! The clusters whose newest report has no failing workloads, in the table `ccx.cleared_cluster`, which is our own.
//!
//! `dvo.dvo_report` has no row of such a cluster. Without this table, an older report that comes late would be stored again. A
//! database that another program has migrated may lack the table: the writer creates it when it begins.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use sqlx::PgConnection;

use crate::{NewWorkloads, StorageError, observe::Statements};

/// Uses `cleared_cluster_pkey`.
const READ: &str = "\
    SELECT new.position, cleared.org_id, cleared.last_checked_at >= new.last_checked_at AS is_newer \
    FROM unnest($1::text[], $2::timestamp[]) WITH ORDINALITY AS new (cluster_id, last_checked_at, position) \
    JOIN ccx.cleared_cluster AS cleared ON cleared.cluster_id = new.cluster_id \
    ORDER BY new.position FOR UPDATE OF cleared";

const RECORD: &str = "\
    INSERT INTO ccx.cleared_cluster (cluster_id, org_id, last_checked_at) \
    SELECT * FROM unnest($1::text[], $2::int4[], $3::timestamp[]) \
    ON CONFLICT (cluster_id) DO UPDATE SET org_id = excluded.org_id, last_checked_at = excluded.last_checked_at";

/// Uses `cleared_cluster_pkey`.
const DELETE: &str = "DELETE FROM ccx.cleared_cluster USING unnest($1::text[]) AS filled (cluster_id) \
     WHERE cleared_cluster.cluster_id = filled.cluster_id";

/// A cluster without failing workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cleared {
    /// The organisation of its last report.
    pub(super) org_id: i32,
    /// Whether that report is as new as the one of the batch, or newer.
    pub(super) is_newer: bool,
}

/// Returns which of the clusters have no failing workloads, by their ordinals from 1.
pub(super) async fn read(
    connection: &mut PgConnection,
    statements: &Statements,
    cluster_ids: &[String],
    last_checked: &[NaiveDateTime],
) -> Result<HashMap<i64, Cleared>, StorageError> {
    let read = sqlx::query_as::<_, (i64, i32, bool)>(READ).bind(cluster_ids).bind(last_checked);
    let rows = statements.run("read cleared clusters", read.fetch_all(connection)).await?;
    Ok(rows.into_iter().map(|(ordinal, org_id, is_newer)| (ordinal, Cleared { org_id, is_newer })).collect())
}

/// Records clusters, each with its report.
pub(super) async fn record<'a>(
    connection: &mut PgConnection,
    statements: &Statements,
    clusters: impl Iterator<Item = (&'a NewWorkloads, &'a str)>,
) -> Result<(), StorageError> {
    let (mut cluster_ids, mut org_ids, mut last_checked) = (Vec::new(), Vec::new(), Vec::new());
    for (report, cluster_id) in clusters {
        cluster_ids.push(cluster_id);
        org_ids.push(report.org_id.as_i32());
        last_checked.push(report.last_checked_at.naive_utc());
    }
    if cluster_ids.is_empty() {
        return Ok(());
    }
    let record = sqlx::query(RECORD).bind(cluster_ids).bind(org_ids).bind(last_checked);
    statements.run("record cleared clusters", record.execute(connection)).await?;
    Ok(())
}

/// Drops the records of clusters that have failing workloads again.
pub(super) async fn delete<'a>(
    connection: &mut PgConnection,
    statements: &Statements,
    clusters: impl Iterator<Item = &'a str>,
) -> Result<(), StorageError> {
    let cluster_ids: Vec<&str> = clusters.collect();
    if cluster_ids.is_empty() {
        return Ok(());
    }
    let delete = sqlx::query(DELETE).bind(cluster_ids);
    statements.run("delete cleared clusters", delete.execute(connection)).await?;
    Ok(())
}
