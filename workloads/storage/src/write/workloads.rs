//! The table `dvo.dvo_report`: one row for each namespace of a cluster, of the newest report.
//!
//! A cluster whose newest report has no failing workloads has no row there. A table of our own, [`cleared`], has the time of that
//! report, so that an older one that comes late is not stored.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
};

use chrono::NaiveDateTime;
use sqlx::{Connection as _, PgConnection};

use super::{
    PLANS,
    cleared::{self, Cleared},
    notify_changes,
};
use crate::{
    BatchOutcome, Database, NewWorkloads, StorageError, batch, notify::ReportKey, observe::Statements,
    own_objects::ClearedClusters,
};

/// Uses `ccx_dvo_report_cluster`, an index of our own.
const LOCK: &str = "\
    SELECT new.position, stored.org_id, stored.namespace_id, stored.reported_at, \
        coalesce(stored.last_checked_at >= new.last_checked_at, false) AS is_newer \
    FROM unnest($1::text[], $2::timestamp[]) WITH ORDINALITY AS new (cluster_id, last_checked_at, position) \
    JOIN dvo.dvo_report AS stored ON stored.cluster_id = new.cluster_id \
    ORDER BY new.position, stored.org_id, stored.namespace_id \
    FOR UPDATE OF stored";

/// Uses `dvo_report_pkey`.
const DELETE: &str = "\
    DELETE FROM dvo.dvo_report USING unnest($1::int4[], $2::text[], $3::text[]) AS obsolete (org_id, cluster_id, namespace_id) \
    WHERE dvo_report.org_id = obsolete.org_id AND dvo_report.cluster_id = obsolete.cluster_id \
        AND dvo_report.namespace_id = obsolete.namespace_id";

/// Uses `dvo_report_pkey`. The report of a cluster is sent once and stored with each of its namespaces.
const WRITE: &str = "\
    INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, namespace_name, report, recommendations, objects, \
        reported_at, last_checked_at, rule_hits_count) \
    SELECT new.org_id, new.cluster_id, new.namespace_id, new.namespace_name, ($1::text[])[new.report], new.recommendations, \
        new.objects, new.reported_at, new.last_checked_at, new.hit_counts::jsonb \
    FROM unnest($2::int4[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::int4[], $8::int4[], $9::timestamp[], \
            $10::timestamp[], $11::text[]) \
        AS new (report, org_id, cluster_id, namespace_id, namespace_name, recommendations, objects, reported_at, \
            last_checked_at, hit_counts) \
    ON CONFLICT (org_id, cluster_id, namespace_id) DO UPDATE SET namespace_name = excluded.namespace_name, \
        report = excluded.report, recommendations = excluded.recommendations, objects = excluded.objects, \
        reported_at = excluded.reported_at, last_checked_at = excluded.last_checked_at, \
        rule_hits_count = excluded.rule_hits_count";

impl Database {
    /// Writes reports about workloads without the writer's lease: for tools and tests.
    pub async fn write_workloads(&self, reports: &[NewWorkloads]) -> Result<BatchOutcome, StorageError> {
        let mut connection = self.acquire().await?;
        write_workloads(&mut connection, self.statements(), reports, ClearedClusters::Recorded).await
    }
}

/// A row of a cluster in the batch.
#[derive(sqlx::FromRow)]
struct StoredRow {
    position: i64,
    org_id: i32,
    namespace_id: String,
    reported_at: Option<NaiveDateTime>,
    is_newer: bool,
}

/// A report that is newer than the stored rows of its cluster.
struct Accepted<'a> {
    position: usize,
    report: &'a NewWorkloads,
    cluster_id: String,
    stored: Vec<StoredRow>,
    /// Present if the last report of the cluster had no failing workloads.
    cleared: Option<Cleared>,
}

pub(crate) async fn write_workloads<R: Borrow<NewWorkloads>>(
    connection: &mut PgConnection,
    statements: &Statements,
    batch: &[R],
    cleared: ClearedClusters,
) -> Result<BatchOutcome, StorageError> {
    let newest = batch::newest::<NewWorkloads, R>(batch);
    if newest.is_empty() {
        return Ok(BatchOutcome::new(batch.len(), std::iter::empty(), &[]));
    }
    let mut transaction = statements.run("begin a batch", connection.begin()).await?;
    statements.run("choose plans", sqlx::query(PLANS).execute(&mut *transaction)).await?;
    let known = lock(&mut transaction, statements, batch, &newest, cleared).await?;
    let (unauthenticated, accepted): (Vec<_>, Vec<_>) = known.into_iter().partition(is_unauthenticated_move);
    delete_obsolete(&mut transaction, statements, &accepted).await?;
    write(&mut transaction, statements, &accepted).await?;
    if cleared == ClearedClusters::Recorded {
        record_cleared(&mut transaction, statements, &accepted).await?;
    }
    notify_changes(&mut transaction, statements, accepted.iter().flat_map(changes)).await?;
    statements.run("commit a batch", transaction.commit()).await?;
    let rejected: Vec<usize> = unauthenticated.iter().map(|rejected| rejected.position).collect();
    Ok(BatchOutcome::new(batch.len(), accepted.iter().map(|accepted| accepted.position), &rejected))
}

/// Locks the rows of the clusters whose newest reports are at `newest`, and accepts the reports that are newer than all of them.
async fn lock<'a, R: Borrow<NewWorkloads>>(
    connection: &mut PgConnection,
    statements: &Statements,
    batch: &'a [R],
    newest: &[usize],
    cleared: ClearedClusters,
) -> Result<Vec<Accepted<'a>>, StorageError> {
    let report = |position: usize| -> &'a NewWorkloads { batch[position].borrow() };
    let cluster_ids: Vec<String> =
        newest.iter().map(|position| report(*position).cluster_id.to_string()).collect();
    let last_checked: Vec<NaiveDateTime> =
        newest.iter().map(|position| report(*position).last_checked_at.naive_utc()).collect();
    let lock = sqlx::query_as::<_, StoredRow>(LOCK).bind(&cluster_ids).bind(&last_checked);
    let rows = statements.run("lock workloads", lock.fetch_all(&mut *connection)).await?;
    let mut cleared = match cleared {
        ClearedClusters::Recorded => {
            cleared::read(connection, statements, &cluster_ids, &last_checked).await?
        }
        ClearedClusters::Unknown => HashMap::new(),
    };

    let mut rows = rows.into_iter().peekable();
    let mut accepted = Vec::with_capacity(newest.len());
    for ((ordinal, position), cluster_id) in (1..).zip(newest).zip(cluster_ids) {
        let mut stored = Vec::new();
        while let Some(row) = rows.next_if(|row| row.position == ordinal) {
            stored.push(row);
        }
        let cleared = cleared.remove(&ordinal);
        let has_newer =
            stored.iter().any(|row| row.is_newer) || cleared.is_some_and(|cleared| cleared.is_newer);
        if !has_newer {
            let report = report(*position);
            accepted.push(Accepted { position: *position, report, cluster_id, stored, cleared });
        }
    }
    Ok(accepted)
}

/// Returns whether the report would move its cluster from another organisation although its sender has not authenticated as it.
fn is_unauthenticated_move(accepted: &Accepted<'_>) -> bool {
    let org_id = accepted.report.org_id.as_i32();
    !accepted.report.is_authenticated && accepted.owners().any(|owner| owner != org_id)
}

/// Deletes rows of another organisation, and of namespaces without failing workloads.
async fn delete_obsolete(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
) -> Result<(), StorageError> {
    let (mut org_ids, mut cluster_ids, mut namespace_ids) = (Vec::new(), Vec::new(), Vec::new());
    for Accepted { report, cluster_id, stored, .. } in accepted {
        let is_kept = |row: &StoredRow| {
            row.org_id == report.org_id.as_i32()
                && report.namespaces.binary_search_by(|new| new.id.cmp(&row.namespace_id)).is_ok()
        };
        for row in stored.iter().filter(|row| !is_kept(row)) {
            org_ids.push(row.org_id);
            cluster_ids.push(cluster_id.as_str());
            namespace_ids.push(row.namespace_id.as_str());
        }
    }
    if org_ids.is_empty() {
        return Ok(());
    }
    let delete = sqlx::query(DELETE).bind(org_ids).bind(cluster_ids).bind(namespace_ids);
    statements.run("delete workloads", delete.execute(connection)).await?;
    Ok(())
}

/// Records the clusters whose reports have no failing workloads, and drops the records of the others.
async fn record_cleared(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
) -> Result<(), StorageError> {
    let (emptied, filled): (Vec<_>, Vec<_>) =
        accepted.iter().partition(|accepted| accepted.report.namespaces.is_empty());
    let emptied = emptied.into_iter().map(|accepted| (accepted.report, accepted.cluster_id.as_str()));
    cleared::record(connection, statements, emptied).await?;
    let filled = filled.into_iter().filter(|accepted| accepted.cleared.is_some());
    cleared::delete(connection, statements, filled.map(|accepted| accepted.cluster_id.as_str())).await
}

/// Writes the namespaces. One that was stored before, also of another organisation, keeps the time of its first report.
async fn write(
    connection: &mut PgConnection,
    statements: &Statements,
    accepted: &[Accepted<'_>],
) -> Result<(), StorageError> {
    let mut columns = Columns::default();
    for accepted in accepted.iter().filter(|accepted| !accepted.report.namespaces.is_empty()) {
        columns.push(accepted);
    }
    if columns.org_ids.is_empty() {
        return Ok(());
    }
    let write = sqlx::query(WRITE)
        .bind(columns.reports)
        .bind(columns.report_numbers)
        .bind(columns.org_ids)
        .bind(columns.cluster_ids)
        .bind(columns.namespace_ids)
        .bind(columns.namespace_names)
        .bind(columns.recommendations)
        .bind(columns.objects)
        .bind(columns.reported)
        .bind(columns.last_checked)
        .bind(columns.hit_counts);
    statements.run("write workloads", write.execute(connection)).await?;
    Ok(())
}

/// The rows to be written, as arrays.
#[derive(Default)]
struct Columns<'a> {
    reports: Vec<&'a str>,
    /// The position in `reports` of each row, from 1.
    report_numbers: Vec<i32>,
    org_ids: Vec<i32>,
    cluster_ids: Vec<&'a str>,
    namespace_ids: Vec<&'a str>,
    namespace_names: Vec<&'a str>,
    recommendations: Vec<i32>,
    objects: Vec<i32>,
    reported: Vec<NaiveDateTime>,
    last_checked: Vec<NaiveDateTime>,
    hit_counts: Vec<String>,
}

impl Accepted<'_> {
    /// Returns the organisations of the stored state.
    fn owners(&self) -> impl Iterator<Item = i32> {
        self.stored.iter().map(|row| row.org_id).chain(self.cleared.map(|cleared| cleared.org_id))
    }
}

impl<'a> Columns<'a> {
    fn push(&mut self, Accepted { report, cluster_id, stored, .. }: &'a Accepted<'a>) {
        let mut first_reported: BTreeMap<&str, NaiveDateTime> = BTreeMap::new();
        for (row, reported_at) in stored.iter().filter_map(|row| Some((row, row.reported_at?))) {
            let first = first_reported.entry(&row.namespace_id).or_insert(reported_at);
            *first = reported_at.min(*first);
        }
        self.reports.push(&report.report);
        let number = i32::try_from(self.reports.len()).unwrap_or(i32::MAX);
        let last_checked = report.last_checked_at.naive_utc();
        for namespace in &report.namespaces {
            self.report_numbers.push(number);
            self.org_ids.push(report.org_id.as_i32());
            self.cluster_ids.push(cluster_id);
            self.namespace_ids.push(&namespace.id);
            self.namespace_names.push(&namespace.name);
            self.recommendations.push(namespace.recommendations);
            self.objects.push(namespace.objects);
            self.reported.push(first_reported.get(namespace.id.as_str()).copied().unwrap_or(last_checked));
            self.last_checked.push(last_checked);
            self.hit_counts.push(serde_json::to_string(&namespace.hit_counts).unwrap_or_default());
        }
    }
}

/// Returns the cluster in its organisation, and in those that it has left.
fn changes<'a>(accepted: &'a Accepted<'a>) -> impl Iterator<Item = ReportKey> + 'a {
    let cluster_id = accepted.report.cluster_id;
    let left = accepted.owners().filter_map(super::org_id);
    let mut org_ids: Vec<_> = left.chain([accepted.report.org_id]).collect();
    org_ids.sort_unstable();
    org_ids.dedup();
    org_ids.into_iter().map(move |org_id| ReportKey { org_id, cluster_id })
}
