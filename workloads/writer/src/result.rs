//! The results that writers store.

use std::fmt;

use ccx_messages::{AccountNumber, OrgId, Results, ResultsError, Timestamp, Workloads, decompress};
use ccx_storage::{
    BatchOutcome, ClusterResult, LeaseKind, NewReport, NewWorkloads, StorageError, WriterLease,
};
use chrono::{DateTime, Utc};

/// A result that is parsed from a message.
pub(crate) trait ParsedResult: ClusterResult + fmt::Debug + Send + Sync + Sized + 'static {
    /// Parses and validates a message; `None` if it has no report.
    fn parse(
        payload: &[u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Parsed<Self>>, ResultsError>;

    /// Marks the result as one whose sender has not authenticated as the cluster.
    fn mark_unauthenticated(&mut self);
}

/// A result that is stored in the database.
pub(crate) trait StoredResult: ParsedResult {
    /// The lease that protects its tables.
    const LEASE: LeaseKind;
    /// Whether rejected messages are recorded in the table `consumer_error`.
    const RECORDS_REJECTED: bool;

    /// Writes results in one transaction.
    async fn write_batch(
        lease: &mut WriterLease,
        batch: &[&Self],
        stored_at: DateTime<Utc>,
    ) -> Result<BatchOutcome, StorageError>;
}

/// A result, and what only statuses and the log need of its message.
pub(crate) struct Parsed<R> {
    pub(crate) result: R,
    pub(crate) account_number: Option<AccountNumber>,
    pub(crate) request_id: Option<String>,
    pub(crate) version: u8,
    pub(crate) last_checked: Timestamp,
}

impl ParsedResult for NewReport {
    fn parse(
        payload: &[u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Parsed<Self>>, ResultsError> {
        let results = Results::parse_if(payload, is_allowed)?;
        Ok(results.map(|results| Parsed {
            account_number: results.account_number,
            request_id: results.request_id.clone(),
            version: results.version,
            last_checked: results.last_checked.clone(),
            result: results.into(),
        }))
    }

    fn mark_unauthenticated(&mut self) {
        self.is_authenticated = false;
    }
}

impl StoredResult for NewReport {
    const LEASE: LeaseKind = LeaseKind::Reports;
    const RECORDS_REJECTED: bool = true;

    async fn write_batch(
        lease: &mut WriterLease,
        batch: &[&Self],
        stored_at: DateTime<Utc>,
    ) -> Result<BatchOutcome, StorageError> {
        lease.write_batch(batch, stored_at).await
    }
}

impl ParsedResult for NewWorkloads {
    fn parse(
        payload: &[u8],
        is_allowed: impl FnOnce(OrgId) -> bool,
    ) -> Result<Option<Parsed<Self>>, ResultsError> {
        let json = decompress(payload)?;
        let workloads = Workloads::parse_if(&json, is_allowed)?;
        Ok(workloads.map(|workloads| Parsed {
            account_number: workloads.account_number,
            request_id: workloads.request_id.clone(),
            version: workloads.version,
            last_checked: workloads.last_checked.clone(),
            result: workloads.into(),
        }))
    }

    fn mark_unauthenticated(&mut self) {
        self.is_authenticated = false;
    }
}

impl StoredResult for NewWorkloads {
    const LEASE: LeaseKind = LeaseKind::Workloads;
    const RECORDS_REJECTED: bool = false;

    async fn write_batch(
        lease: &mut WriterLease,
        batch: &[&Self],
        _stored_at: DateTime<Utc>,
    ) -> Result<BatchOutcome, StorageError> {
        lease.write_workloads(batch).await
    }
}
