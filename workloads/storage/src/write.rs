//! Writes a batch of reports in one transaction.
//!
//! ```text
//! newest of each cluster ─▶ lock what is known ─▶ accept what is newer ─▶ move clusters to new owners
//!   ─▶ report ─▶ rule_hit ─▶ recommendation ─▶ report_info ─▶ ccx.reported_name ─▶ NOTIFY ─▶ commit
//! ```
//!
//! The number of round trips does not depend on the size of the batch: every statement takes arrays and joins them, unnested, with
//! an index. Stored rows are compared first, so that a rule that still hits costs an update in place instead
//! of a deletion and an insertion in every index.

mod cleared;
mod diff;
mod moves;
mod recommendations;
mod reported_names;
mod reports;
mod rows;
mod rule_hits;
mod versions;
mod workloads;

pub(crate) use workloads::write_workloads;

use std::borrow::Borrow;

use ccx_messages::OrgId;
use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use sqlx::{Connection, PgConnection};

use crate::{
    BatchOutcome, Database, NewReport, StorageError, batch,
    notify::{self, ReportKey},
    observe::Statements,
    own_tables::OwnTables,
};

impl Database {
    /// Writes reports without the writer's lease, at the time `stored_at`: for tools and tests.
    ///
    /// It is as safe as the writer's way ([`WriterLease::write_batch`](crate::WriterLease::write_batch)), since every transaction
    /// locks the clusters that it writes. The lease keeps two writers from working on the same clusters and waiting for each other.
    pub async fn write_batch(
        &self,
        reports: &[NewReport],
        stored_at: DateTime<Utc>,
    ) -> Result<BatchOutcome, StorageError> {
        let own_tables = self.own_tables().await?;
        let mut connection = self.acquire().await?;
        write_batch(&mut connection, self.statements(), reports, stored_at, own_tables).await
    }
}

/// A report that is newer than what is stored.
struct Accepted<'a> {
    /// Its place in the batch.
    position: usize,
    report: &'a NewReport,
    cluster_id: String,
    stored: Stored,
}

/// The stored state of a cluster whose newer report is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stored {
    /// No report.
    Nothing,
    /// A report of this organisation.
    ReportOf(i32),
}

/// The time of a batch.
#[derive(Clone, Copy)]
struct StoredAt {
    exact: NaiveDateTime,
    /// The times of hits have no fractions in any database of the peers.
    seconds: NaiveDateTime,
}

pub(crate) async fn write_batch<R: Borrow<NewReport>>(
    connection: &mut PgConnection,
    statements: &Statements,
    batch: &[R],
    stored_at: DateTime<Utc>,
    own_tables: OwnTables,
) -> Result<BatchOutcome, StorageError> {
    let newest = batch::newest::<NewReport, R>(batch);
    if newest.is_empty() {
        return Ok(BatchOutcome::new(batch.len(), std::iter::empty(), &[]));
    }
    let stored_at =
        StoredAt { exact: stored_at.naive_utc(), seconds: stored_at.naive_utc().trunc_subsecs(0) };
    let mut transaction = statements.run("begin a batch", connection.begin()).await?;
    statements.run("choose plans", sqlx::query(PLANS).execute(&mut *transaction)).await?;
    let accepted = reports::lock(&mut transaction, statements, batch, &newest).await?;
    let (accepted, unauthenticated) =
        moves::reject_unauthenticated(&mut transaction, statements, accepted).await?;
    let moves = moves::find(&mut transaction, statements, &accepted).await?;
    moves::apply(&mut transaction, statements, &moves, own_tables).await?;
    reports::write(&mut transaction, statements, &accepted, stored_at).await?;
    rule_hits::write(&mut transaction, statements, &accepted, stored_at).await?;
    recommendations::write(&mut transaction, statements, &accepted, stored_at, own_tables).await?;
    versions::write(&mut transaction, statements, &accepted).await?;
    if own_tables == OwnTables::Present {
        reported_names::write(&mut transaction, statements, &accepted).await?;
    }
    notify_changes(&mut transaction, statements, changes(&accepted, &moves)).await?;
    statements.run("commit a batch", transaction.commit()).await?;
    Ok(BatchOutcome::new(batch.len(), accepted.iter().map(|accepted| accepted.position), &unauthenticated))
}

/// Every statement of a batch finds its rows through a primary key. Each batch is planned for the current size of the tables, as a
/// plan for empty tables is slow when they are full, and without the methods that are never right here.
const PLANS: &str = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true), \
     set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)";

/// Sent in the transaction: listeners receive it exactly when it is committed.
const NOTIFY: &str = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload";

async fn notify_changes(
    connection: &mut PgConnection,
    statements: &Statements,
    changed: impl Iterator<Item = ReportKey>,
) -> Result<(), StorageError> {
    let payloads = notify::encode(changed);
    if payloads.is_empty() {
        return Ok(());
    }
    let notify = sqlx::query(NOTIFY).bind(notify::REPORT_CHANNEL).bind(payloads);
    statements.run("notify of changes", notify.execute(connection)).await?;
    Ok(())
}

/// Returns the clusters of accepted reports, and of the organisations that they have left.
fn changes<'a>(
    accepted: &'a [Accepted<'_>],
    moves: &'a [moves::Move<'_>],
) -> impl Iterator<Item = ReportKey> + 'a {
    let written = accepted.iter().map(|accepted| (accepted.report.org_id, accepted.report.cluster_id));
    let left = moves.iter().filter_map(|moved| Some((org_id(moved.from)?, moved.cluster.report.cluster_id)));
    written.chain(left).map(|(org_id, cluster_id)| ReportKey { org_id, cluster_id })
}

fn org_id(stored: i32) -> Option<OrgId> {
    OrgId::new(u64::try_from(stored).ok()?).ok()
}
