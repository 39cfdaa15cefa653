//! The least that can be done to store reports: one `INSERT` into each table for each batch, one transaction, and no question asked
//! about what is there already.

use std::time::Instant;

use ccx_storage::NewReport;
use sqlx::{Connection as _, PgConnection};

use crate::{error::BenchError, kafka_to_rows::connect};

/// Stores reports of clusters that the tables don't have.
pub(crate) async fn reports_per_second(
    settings: &ccx_config::Database,
    reports: &[NewReport],
    batch: usize,
) -> Result<f64, BenchError> {
    let mut connection = connect(settings).await?;
    let started = Instant::now();
    for batch in reports.chunks(batch) {
        insert(&mut connection, batch).await?;
    }
    Ok(reports.len() as f64 / started.elapsed().as_secs_f64())
}

async fn insert(connection: &mut PgConnection, reports: &[NewReport]) -> Result<(), BenchError> {
    let mut transaction = connection.begin().await?;
    let org_ids: Vec<_> = reports.iter().map(|report| report.org_id.as_i32()).collect();
    let clusters: Vec<_> = reports.iter().map(|report| report.cluster_id.to_string()).collect();
    let texts: Vec<_> = reports.iter().map(|report| report.report.as_str()).collect();
    let checked: Vec<_> = reports.iter().map(|report| report.last_checked_at.naive_utc()).collect();
    let versions: Vec<_> =
        reports.iter().map(|report| report.cluster_version.as_deref().unwrap_or_default()).collect();
    let sql = "INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at) \
               SELECT o, c, r, now(), l FROM unnest($1::int[], $2::text[], $3::text[], $4::timestamp[]) AS t (o, c, r, l)";
    let query = sqlx::query(sql).bind(&org_ids).bind(&clusters).bind(texts).bind(checked);
    query.execute(&mut *transaction).await?;
    let sql = "INSERT INTO report_info (org_id, cluster_id, version_info) \
               SELECT * FROM unnest($1::int[], $2::text[], $3::text[])";
    sqlx::query(sql).bind(&org_ids).bind(&clusters).bind(versions).execute(&mut *transaction).await?;
    insert_hits(&mut transaction, reports).await?;
    Ok(transaction.commit().await?)
}

async fn insert_hits(connection: &mut PgConnection, reports: &[NewReport]) -> Result<(), BenchError> {
    let hits = || reports.iter().flat_map(|report| report.hits.iter().map(move |hit| (report, hit)));
    let org_ids: Vec<_> = hits().map(|(report, _)| report.org_id.as_i32()).collect();
    let clusters: Vec<_> = hits().map(|(report, _)| report.cluster_id.to_string()).collect();
    let components: Vec<_> = hits().map(|(_, hit)| hit.component.as_str()).collect();
    let rules: Vec<_> = components.iter().map(|component| component.trim_end_matches(".report")).collect();
    let keys: Vec<_> = hits().map(|(_, hit)| hit.error_key.as_str()).collect();
    let details: Vec<_> = hits().map(|(_, hit)| hit.template_data.as_str()).collect();
    let sql = "INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data) \
               SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[])";
    let query = sqlx::query(sql).bind(&org_ids).bind(&clusters).bind(components).bind(&keys).bind(details);
    query.execute(&mut *connection).await?;
    let sql = "INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id) \
               SELECT o, c, r, k, r || '|' || k FROM unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS t (o, c, r, k)";
    sqlx::query(sql).bind(org_ids).bind(clusters).bind(rules).bind(keys).execute(connection).await?;
    Ok(())
}
