//! A cluster's latest report.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::{FromRow, Row, postgres::PgRow};

use super::hit::{HitRow, StoredHit, hit_columns, opinions};
use crate::{Database, StorageError};

/// A cluster's latest report, as a user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    /// When the archive was announced.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// When the cluster gathered the data.
    pub gathered_at: Option<DateTime<Utc>>,
    /// The name of the cluster in its own data.
    pub reported_name: Option<String>,
    /// The rules that hit, sorted by rule and key.
    pub hits: Vec<StoredHit>,
}

/// The size and the times of a cluster's latest report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReportInfo {
    /// Number of rules that hit.
    pub hit_count: i64,
    /// When the archive was announced.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// When the report was stored.
    pub reported_at: Option<DateTime<Utc>>,
}

/// The report's columns stand in every row; those of the hit are null in the only row of a report without hits.
struct ReportRow {
    reported_name: Option<String>,
    last_checked_at: Option<NaiveDateTime>,
    gathered_at: Option<NaiveDateTime>,
    hit: Option<HitRow>,
}

impl<'r> FromRow<'r, PgRow> for ReportRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let has_hit: bool = row.try_get("has_hit")?;
        Ok(Self {
            reported_name: row.try_get("reported_name")?,
            last_checked_at: row.try_get("last_checked_at")?,
            gathered_at: row.try_get("gathered_at")?,
            hit: has_hit.then(|| HitRow::from_row(row)).transpose()?,
        })
    }
}

/// The report of organisation `$1`, cluster `$2`, for user `$3`. Indexes: `report_pkey (org_id, cluster)` for the report,
/// `rule_hit_pkey (cluster_id, org_id, …)` for its hits.
macro_rules! report {
    ($reported_name:literal) => {
        concat!(
            "SELECT report.last_checked_at, report.gathered_at, hit.cluster_id IS NOT NULL AS has_hit, ",
            $reported_name,
            " AS reported_name, ",
            hit_columns!(),
            " FROM report
              LEFT JOIN rule_hit AS hit ON hit.cluster_id = report.cluster AND hit.org_id = report.org_id ",
            opinions!(),
            " WHERE report.org_id = $1 AND report.cluster = $2
              ORDER BY hit.rule_fqdn, hit.error_key"
        )
    };
}

/// The report with the cluster's name, which is read once: `reported_name_pkey (org_id, cluster_id)`.
pub(super) const REPORT: &str =
    report!("(SELECT name FROM ccx.reported_name WHERE org_id = $1 AND cluster_id = $2)");

/// The report on a database without our own tables.
const REPORT_WITHOUT_NAME: &str = report!("NULL::varchar");

impl Database {
    /// Reads the latest report of a cluster, as `user_id` sees it; `None` when the organisation has no such cluster.
    pub async fn report(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        user_id: &str,
    ) -> Result<Option<StoredReport>, StorageError> {
        let report = if self.has_own_tables().await? { REPORT } else { REPORT_WITHOUT_NAME };
        let mut connection = self.acquire().await?;
        let rows = sqlx::query_as::<_, ReportRow>(report)
            .bind(org_id.as_i32())
            .bind(cluster_id.to_string())
            .bind(user_id);
        let rows = self.statements().run("read a report", rows.fetch_all(&mut *connection)).await?;
        Ok(assemble(rows))
    }

    /// Reads the size and the times of the latest report of a cluster; `None` when the organisation has no such cluster.
    pub async fn report_info(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
    ) -> Result<Option<StoredReportInfo>, StorageError> {
        // report_pkey (org_id, cluster) and rule_hit_pkey (cluster_id, org_id, …)
        const INFO: &str = "SELECT last_checked_at, reported_at,
                (SELECT count(*) FROM rule_hit AS hit WHERE hit.cluster_id = report.cluster AND hit.org_id = report.org_id)
            FROM report WHERE org_id = $1 AND cluster = $2";
        type InfoRow = (Option<NaiveDateTime>, Option<NaiveDateTime>, i64);
        let mut connection = self.acquire().await?;
        let info = sqlx::query_as::<_, InfoRow>(INFO).bind(org_id.as_i32()).bind(cluster_id.to_string());
        let row = self
            .statements()
            .run("read what is known about a report", info.fetch_optional(&mut *connection))
            .await?;
        Ok(row.map(|(last_checked_at, reported_at, hit_count)| StoredReportInfo {
            hit_count,
            last_checked_at: last_checked_at.map(|time| time.and_utc()),
            reported_at: reported_at.map(|time| time.and_utc()),
        }))
    }
}

fn assemble(rows: Vec<ReportRow>) -> Option<StoredReport> {
    let first = rows.first()?;
    Some(StoredReport {
        reported_name: first.reported_name.clone(),
        last_checked_at: first.last_checked_at.map(|time| time.and_utc()),
        gathered_at: first.gathered_at.map(|time| time.and_utc()),
        hits: rows.into_iter().filter_map(|row| row.hit).map(StoredHit::from).collect(),
    })
}
