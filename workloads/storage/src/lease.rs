//! The fence around the writer: a lock of the session in PostgreSQL, so that of many only one writes.
//!
//! The lock and the transactions share a connection. When the connection dies, so do the transaction and the lock, at the same
//! moment and in the same place; no writer can commit after another has taken over.

use std::{borrow::Borrow, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;
use tracing::info;

use crate::{
    BatchOutcome, ConsumerError, Database, NewReport, NewWorkloads, Schema, StorageError, consumer_error,
    observe::Statements,
    own_objects::{self, ClearedClusters},
    own_tables::OwnTables,
    write,
};

/// A lease: writers of different tables work beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseKind {
    /// Of the writer of reports.
    Reports,
    /// Of the writer of checked workloads.
    Workloads,
}

impl LeaseKind {
    /// Returns the schema of the tables.
    pub const fn schema(self) -> Schema {
        match self {
            Self::Reports => Schema::Public,
            Self::Workloads => Schema::Dvo,
        }
    }

    /// Returns the number of the lock, arbitrary.
    const fn lock(self) -> i64 {
        match self {
            Self::Reports => 0x6363_785f_7772_6974,
            Self::Workloads => 0x6363_785f_6476_6f77,
        }
    }
}

/// How often a standby asks whether the lock is free: a hand-over takes this long at most.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How often a standby logs that it waits.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Longest time that the server needs to end the session of a lease that was lost.
const END_OF_SESSION: Duration = Duration::from_secs(5);

/// Ends the session of a lost lease. The start of the session tells it from a later one of the same process id.
const END_SESSION: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2";

/// Identifies the session that runs it.
const SESSION_ID: &str = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()";

/// Time for the network and the client, beside what the server may take for a statement.
const ANSWER_MARGIN: Duration = Duration::from_secs(15);

/// A batch is about this many statements at most.
const STATEMENTS_IN_BATCH: u32 = 6;

/// The server must notice within seconds that the writer's machine is unreachable, since no other writer is active until then; and it must
/// not end the session of a writer that has nothing to do.
const SESSION: [(&str, &str); 6] = [
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "20000"),
    ("idle_session_timeout", "0"),
    ("idle_in_transaction_session_timeout", "60000"),
];

/// The right to write. It ends when the value is dropped, or with the connection.
pub struct WriterLease {
    connection: PgConnection,
    statements: Statements,
    statement_timeout: Duration,
    session: Option<SessionId>,
    state: State,
    kind: LeaseKind,
    cleared: ClearedClusters,
    own_tables: OwnTables,
}

/// The process id of a session, and when it began.
type SessionId = (i32, DateTime<Utc>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    Lost,
}

impl Database {
    /// Waits until no other writer holds the lease, then holds it.
    ///
    /// The wait may be dropped at any time. It ends with an error when the server can't be reached.
    pub async fn acquire_writer_lease(&self, kind: LeaseKind) -> Result<WriterLease, StorageError> {
        let mut connection = self.connect_outside_pool(&SESSION).await?;
        let start = Instant::now();
        let mut next_log = start;
        while !self.try_lock(&mut connection, kind).await? {
            if Instant::now() >= next_log {
                info!(
                    waited_s = start.elapsed().as_secs(),
                    "another writer is active, waiting for it to end"
                );
                next_log = Instant::now() + LOG_EVERY;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Box::pin(self.lease(connection, kind)).await
    }

    /// Acquires the lease again after it was lost, unless another writer holds it.
    ///
    /// The server may not have noticed yet that the connection of the lost lease is closed. Its session still holds the lease
    /// then, and is ended.
    pub async fn reacquire_writer_lease(
        &self,
        lost: &WriterLease,
    ) -> Result<Option<WriterLease>, StorageError> {
        let mut connection = self.connect_outside_pool(&SESSION).await?;
        let deadline = Instant::now() + END_OF_SESSION;
        loop {
            if self.try_lock(&mut connection, lost.kind).await? {
                return Ok(Some(Box::pin(self.lease(connection, lost.kind)).await?));
            }
            let is_own = self.end_session(&mut connection, lost.session).await?;
            if !is_own || Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(END_OF_SESSION / 50).await;
        }
    }

    /// Ends a session, and returns whether it still exists.
    async fn end_session(
        &self,
        connection: &mut PgConnection,
        session: Option<SessionId>,
    ) -> Result<bool, StorageError> {
        let Some((pid, began)) = session else { return Ok(false) };
        let action = "end the session of the lost lease";
        let end = sqlx::query(END_SESSION).bind(pid).bind(began).fetch_optional(connection);
        let limit = self.statement_timeout() + ANSWER_MARGIN;
        Ok(answer_within(limit, action, self.statements().run(action, end)).await?.is_some())
    }

    async fn try_lock(&self, connection: &mut PgConnection, kind: LeaseKind) -> Result<bool, StorageError> {
        let lock =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(kind.lock()).fetch_one(connection);
        let limit = self.statement_timeout() + ANSWER_MARGIN;
        let action = "ask for the writer's lease";
        let answer = tokio::time::timeout(limit, self.statements().run(action, lock)).await;
        answer.unwrap_or(Err(StorageError::NoAnswer { action, limit }))
    }

    async fn lease(
        &self,
        mut connection: PgConnection,
        kind: LeaseKind,
    ) -> Result<WriterLease, StorageError> {
        let limit = self.statement_timeout() + ANSWER_MARGIN;
        let cleared = match kind {
            LeaseKind::Reports => ClearedClusters::Unknown,
            LeaseKind::Workloads => {
                let create = own_objects::cleared_clusters(&mut connection, self.statements());
                answer_within(limit, "create the table of cleared clusters", create).await?
            }
        };
        let own_tables = answer_within(limit, "look for tables of ours", self.own_tables()).await?;
        let action = "identify the session of the lease";
        let identify = sqlx::query_as::<_, SessionId>(SESSION_ID).fetch_optional(&mut connection);
        let session = answer_within(limit, action, self.statements().run(action, identify)).await?;
        Ok(WriterLease {
            connection,
            statements: self.statements().clone(),
            statement_timeout: self.statement_timeout(),
            session,
            state: State::Held,
            kind,
            cleared,
            own_tables,
        })
    }
}

impl WriterLease {
    /// Writes reports in one transaction, at the time `stored_at`.
    ///
    /// Reports that are not newer than what is stored change nothing. After an error nothing is changed; whether the lease is
    /// still held, [`is_lost`](Self::is_lost) tells.
    pub async fn write_batch<R: Borrow<NewReport>>(
        &mut self,
        reports: &[R],
        stored_at: DateTime<Utc>,
    ) -> Result<BatchOutcome, StorageError> {
        let limit = self.statement_timeout * STATEMENTS_IN_BATCH + ANSWER_MARGIN;
        self.ensure_held()?;
        let (connection, statements) = (&mut self.connection, &self.statements);
        let write = write::write_batch(connection, statements, reports, stored_at, self.own_tables);
        let result = answer_within(limit, "write reports", write).await;
        self.note(result)
    }

    /// Writes reports about workloads in one transaction, as [`write_batch`](Self::write_batch).
    pub async fn write_workloads<R: Borrow<NewWorkloads>>(
        &mut self,
        reports: &[R],
    ) -> Result<BatchOutcome, StorageError> {
        let limit = self.statement_timeout * STATEMENTS_IN_BATCH + ANSWER_MARGIN;
        self.ensure_held()?;
        let write = write::write_workloads(&mut self.connection, &self.statements, reports, self.cleared);
        let result = answer_within(limit, "write workloads", write).await;
        self.note(result)
    }

    /// Records messages that could not be stored; those that are recorded already are left as they are.
    pub async fn record_consumer_errors(&mut self, errors: &[ConsumerError]) -> Result<(), StorageError> {
        let limit = self.statement_timeout + ANSWER_MARGIN;
        self.ensure_held()?;
        let insert = consumer_error::insert(&mut self.connection, &self.statements, errors);
        let result = answer_within(limit, "record consumer errors", insert).await;
        self.note(result)
    }

    /// Makes sure that the lease is still held; while there is nothing to write, nothing else would tell.
    pub async fn check(&mut self) -> Result<(), StorageError> {
        let limit = ANSWER_MARGIN;
        self.ensure_held()?;
        let action = "check the writer's lease";
        let result = answer_within(limit, action, self.statements.run(action, self.connection.ping())).await;
        self.note(result)
    }

    /// Returns whether the connection that held the lease is closed. A lost lease is not restored; acquire a new one.
    pub fn is_lost(&self) -> bool {
        self.state == State::Lost
    }

    /// Gives the lease back at once, rather than when the server notices that the connection is closed.
    pub async fn release(self) -> Result<(), StorageError> {
        self.statements.run("release the writer's lease", self.connection.close()).await
    }

    fn ensure_held(&self) -> Result<(), StorageError> {
        if self.is_lost() { Err(StorageError::LeaseLost) } else { Ok(()) }
    }

    fn note<T>(&mut self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if result.as_ref().is_err_and(StorageError::breaks_connection) {
            self.state = State::Lost;
        }
        result
    }
}

/// A connection whose other end has vanished without a word would be waited for without end.
async fn answer_within<T>(
    limit: Duration,
    action: &'static str,
    request: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::time::timeout(limit, request).await.unwrap_or(Err(StorageError::NoAnswer { action, limit }))
}
