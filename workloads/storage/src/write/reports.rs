//! The table `report`: one row for each cluster, the newest.

use std::borrow::Borrow;

use chrono::NaiveDateTime;
use sqlx::PgConnection;

use super::{Accepted, Stored, StoredAt};
use crate::{NewReport, StorageError, error::StoredByAnotherSnafu, observe::Statements};

/// Locks the known clusters in the order of the arrays, and compares. Uses `report_cluster_key`.
///
/// The lock is one that leaves users free to vote on the cluster's rules, which refers to its row.
const LOCK: &str = "\
    SELECT new.position, report.org_id, coalesce(report.last_checked_at >= new.last_checked_at, false) \
    FROM unnest($1::text[], $2::timestamp[]) WITH ORDINALITY AS new (cluster, last_checked_at, position) \
    JOIN report ON report.cluster = new.cluster \
    ORDER BY new.position \
    FOR NO KEY UPDATE OF report";

/// Uses `report_cluster_key`.
const UPDATE: &str = "\
    UPDATE report SET org_id = new.org_id, report = new.report, reported_at = $6, \
        last_checked_at = new.last_checked_at, kafka_offset = 0, gathered_at = new.gathered_at \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::timestamp[], $5::timestamp[]) \
        AS new (org_id, cluster, report, last_checked_at, gathered_at) \
    WHERE report.cluster = new.cluster";

const INSERT: &str = "\
    INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, kafka_offset, gathered_at) \
    SELECT new.org_id, new.cluster, new.report, $6, new.last_checked_at, 0, new.gathered_at \
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::timestamp[], $5::timestamp[]) \
        AS new (org_id, cluster, report, last_checked_at, gathered_at) \
    ON CONFLICT DO NOTHING";

/// Locks the rows of the clusters whose newest reports are at `newest`, and accepts those that are newer than their rows.
pub(super) async fn lock<'a, R: Borrow<NewReport>>(
    connection: &mut PgConnection,
    statements: &Statements,
    batch: &'a [R],
    newest: &[usize],
) -> Result<Vec<Accepted<'a>>, StorageError> {
    let report = |position: usize| -> &'a NewReport { batch[position].borrow() };
    let cluster_ids: Vec<String> =
        newest.iter().map(|position| report(*position).cluster_id.to_string()).collect();
    let last_checked: Vec<NaiveDateTime> =
        newest.iter().map(|position| report(*position).last_checked_at.naive_utc()).collect();
    let lock = sqlx::query_as::<_, (i64, i32, bool)>(LOCK).bind(&cluster_ids).bind(last_checked);
    let known = statements.run("lock reports", lock.fetch_all(connection)).await?;

    let mut known = known.into_iter().peekable();
    let mut accepted = Vec::with_capacity(newest.len());
    for ((ordinal, position), cluster_id) in (1..).zip(newest).zip(cluster_ids) {
        let stored = match known.next_if(|(known_ordinal, ..)| *known_ordinal == ordinal) {
            None => Stored::Nothing,
            Some((_, org_id, false)) => Stored::ReportOf(org_id),
            Some((_, _, true)) => continue,
        };
        accepted.push(Accepted { position: *position, report: report(*position), cluster_id, stored });
    }
    Ok(accepted)
}

/// Writes the accepted reports.
pub(super) async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
    stored_at: StoredAt,
) -> Result<(), StorageError> {
    let (new, known): (Vec<_>, Vec<_>) =
        accepted.iter().partition(|accepted| accepted.stored == Stored::Nothing);
    if !known.is_empty() {
        statements
            .run("update reports", with_columns(UPDATE, &known, stored_at).execute(&mut *connection))
            .await?;
    }
    if !new.is_empty() {
        let insert = with_columns(INSERT, &new, stored_at).execute(connection);
        let inserted = statements.run("insert reports", insert).await?.rows_affected();
        let clusters = new.len().saturating_sub(usize::try_from(inserted).unwrap_or(usize::MAX));
        snafu::ensure!(clusters == 0, StoredByAnotherSnafu { clusters });
    }
    Ok(())
}

fn with_columns(
    sql: &'static str,
    rows: &[&Accepted<'_>],
    stored_at: StoredAt,
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let org_ids: Vec<i32> = rows.iter().map(|row| row.report.org_id.as_i32()).collect();
    let clusters: Vec<&str> = rows.iter().map(|row| row.cluster_id.as_str()).collect();
    let reports: Vec<&str> = rows.iter().map(|row| row.report.report.as_str()).collect();
    let last_checked: Vec<NaiveDateTime> =
        rows.iter().map(|row| row.report.last_checked_at.naive_utc()).collect();
    let gathered: Vec<Option<NaiveDateTime>> =
        rows.iter().map(|row| row.report.gathered_at.map(|time| time.naive_utc())).collect();
    sqlx::query(sql)
        .bind(org_ids)
        .bind(clusters)
        .bind(reports)
        .bind(last_checked)
        .bind(gathered)
        .bind(stored_at.exact)
}
