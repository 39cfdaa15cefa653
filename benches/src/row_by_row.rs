//! The comparison for batches: the same rows, each by statements of its own, each step in a transaction of its own.

use std::time::Instant;

use ccx_storage::NewReport;
use sqlx::{Connection as _, PgConnection};

use crate::{error::BenchError, kafka_to_rows::connect};

/// Stores the reports one after the other.
pub(crate) async fn reports_per_second(
    settings: &ccx_config::Database,
    reports: &[NewReport],
) -> Result<f64, BenchError> {
    let mut connection = connect(settings).await?;
    let started = Instant::now();
    for report in reports {
        store(&mut connection, report).await?;
    }
    Ok(reports.len() as f64 / started.elapsed().as_secs_f64())
}

async fn store(connection: &mut PgConnection, report: &NewReport) -> Result<(), BenchError> {
    store_report(connection, report).await?;
    store_recommendations(connection, report).await?;
    let sql = "INSERT INTO report_info (org_id, cluster_id, version_info) VALUES ($1, $2, $3) \
               ON CONFLICT (cluster_id) DO UPDATE SET version_info = excluded.version_info";
    let version = report.cluster_version.as_deref().unwrap_or_default();
    let cluster = report.cluster_id.to_string();
    sqlx::query(sql).bind(report.org_id.as_i32()).bind(cluster).bind(version).execute(connection).await?;
    Ok(())
}

async fn store_report(connection: &mut PgConnection, report: &NewReport) -> Result<(), BenchError> {
    let (org_id, cluster) = (report.org_id.as_i32(), report.cluster_id.to_string());
    let newer =
        "SELECT last_checked_at FROM report WHERE org_id = $1 AND cluster = $2 AND last_checked_at > $3";
    let last_checked_at = report.last_checked_at.naive_utc();
    let mut transaction = connection.begin().await?;
    sqlx::query(newer)
        .bind(org_id)
        .bind(&cluster)
        .bind(last_checked_at)
        .fetch_optional(&mut *transaction)
        .await?;
    let delete = "DELETE FROM rule_hit WHERE org_id = $1 AND cluster_id = $2";
    sqlx::query(delete).bind(org_id).bind(&cluster).execute(&mut *transaction).await?;
    for hit in &report.hits {
        let insert = "INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at) \
                      VALUES ($1, $2, $3, $4, $5, now())";
        let query = sqlx::query(insert).bind(org_id).bind(&cluster).bind(&hit.component).bind(&hit.error_key);
        query.bind(&hit.template_data).execute(&mut *transaction).await?;
    }
    let upsert = "INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, kafka_offset) \
                  VALUES ($1, $2, $3, now(), $4, 0) ON CONFLICT (cluster) DO UPDATE SET org_id = excluded.org_id, \
                  report = excluded.report, reported_at = excluded.reported_at, last_checked_at = excluded.last_checked_at";
    let query = sqlx::query(upsert).bind(org_id).bind(&cluster).bind(&report.report).bind(last_checked_at);
    query.execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

async fn store_recommendations(connection: &mut PgConnection, report: &NewReport) -> Result<(), BenchError> {
    let (org_id, cluster) = (report.org_id.as_i32(), report.cluster_id.to_string());
    let mut transaction = connection.begin().await?;
    let delete = "DELETE FROM recommendation WHERE org_id = $1 AND cluster_id = $2";
    sqlx::query(delete).bind(org_id).bind(&cluster).execute(&mut *transaction).await?;
    for hit in &report.hits {
        let insert = "INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id) VALUES ($1, $2, $3, $4, $5)";
        let rule = hit.component.trim_end_matches(".report");
        let query = sqlx::query(insert).bind(org_id).bind(&cluster).bind(rule).bind(&hit.error_key);
        query.bind(format!("{rule}|{}", hit.error_key)).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
