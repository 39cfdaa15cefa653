//! The reports of organisations in memory, updated with the clusters that are announced as changed.
//!
//! Reading all reports of an organisation of 10,000 clusters takes a large part of a second; a cluster that has sent a report
//! changes one of them. Other programs store reports without an announcement: after [`MAX_ANSWER_AGE`], the times of all reports are
//! compared with the database, and all are read again when they differ.

use std::{
    collections::HashSet,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use ccx_http::MAX_ANSWER_AGE;
use ccx_messages::{ClusterId, OrgId};
use ccx_storage::{Database, StorageError};
use prometheus::IntCounter;
use quick_cache::{Weighter, sync::Cache};

use super::{Reports, reports::ClusterGone};

/// From this number of changed clusters on, all are read again.
const MAX_CHANGED: usize = 1000;

/// Number of locks under which reports are read, so that several requests for one organisation read them once.
const LOCKS: usize = 64;

/// Typical size of an organisation's reports, in bytes.
const TYPICAL_BYTES: u64 = 64 * 1024;

/// Rough overhead of an organisation, in bytes.
const OVERHEAD_BYTES: usize = 512;

/// The reports of organisations, bounded by their memory. Out of use until [`resume`](Self::resume).
pub(crate) struct ReportsCache {
    kept: Cache<OrgId, Kept, ByBytes>,
    locks: Box<[tokio::sync::Mutex<()>]>,
    is_in_use: AtomicBool,
    hits: IntCounter,
    misses: IntCounter,
}

#[derive(Clone)]
struct Kept {
    /// `None` while they are read for the first time.
    reports: Option<Arc<Reports>>,
    /// When they were read, or compared with the database.
    checked_at: Instant,
    changed: Changed,
}

/// The clusters that have changed since their reports were read.
#[derive(Clone, Default)]
struct Changed(Arc<Mutex<HashSet<ClusterId>>>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<OrgId, Kept> for ByBytes {
    fn weight(&self, _: &OrgId, kept: &Kept) -> u64 {
        (OVERHEAD_BYTES + kept.reports.as_ref().map_or(0, |reports| reports.bytes())) as u64
    }
}

impl ReportsCache {
    /// Creates a cache for at most `max_bytes`, which counts answers from memory and others.
    pub(crate) fn new(max_bytes: u64, hits: IntCounter, misses: IntCounter) -> Self {
        let estimated = usize::try_from(max_bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self {
            kept: Cache::with_weighter(estimated, max_bytes, ByBytes),
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect(),
            is_in_use: AtomicBool::new(false),
            hits,
            misses,
        }
    }

    /// Returns the reports of an organisation.
    pub(crate) async fn get(&self, database: &Database, org_id: OrgId) -> Result<Arc<Reports>, StorageError> {
        if !self.is_in_use.load(Ordering::Acquire) {
            self.misses.inc();
            return Ok(Arc::new(Reports::read(database, org_id).await?));
        }
        if let Some(reports) = self.current(org_id) {
            self.hits.inc();
            return Ok(reports);
        }
        let _turn = self.locks[org_id.get() as usize % LOCKS].lock().await;
        if let Some(reports) = self.current(org_id) {
            self.hits.inc();
            return Ok(reports);
        }
        self.misses.inc();
        self.refresh(database, org_id).await
    }

    /// Marks a cluster as changed.
    pub(crate) fn changed(&self, org_id: OrgId, cluster_id: ClusterId) {
        if let Some(kept) = self.kept.get(&org_id) {
            kept.changed.lock().insert(cluster_id);
        }
    }

    /// Drops all reports and takes the cache out of use, as announcements may be missed from now on.
    pub(crate) fn suspend(&self) {
        self.is_in_use.store(false, Ordering::Release);
        self.kept.clear();
    }

    /// Puts the cache into use: from now on every change is announced; until now, any may have been missed.
    pub(crate) fn resume(&self) {
        self.kept.clear();
        self.is_in_use.store(true, Ordering::Release);
    }

    fn current(&self, org_id: OrgId) -> Option<Arc<Reports>> {
        let kept = self.kept.get(&org_id)?;
        let is_current = kept.checked_at.elapsed() < MAX_ANSWER_AGE && kept.changed.lock().is_empty();
        kept.reports.filter(|_| is_current)
    }

    async fn refresh(&self, database: &Database, org_id: OrgId) -> Result<Arc<Reports>, StorageError> {
        let kept = self.kept.get(&org_id).unwrap_or_else(|| {
            let kept = Kept { reports: None, checked_at: Instant::now(), changed: Changed::default() };
            // Changes during the first reading are noted in it.
            self.kept.insert(org_id, kept.clone());
            kept
        });
        let pending = Pending::take(&kept.changed);
        let begun = Instant::now();
        let (reports, checked_at) = match &kept.reports {
            Some(reports) if pending.clusters.len() <= MAX_CHANGED => {
                let is_due = kept.checked_at.elapsed() >= MAX_ANSWER_AGE;
                let reports = update(reports, &pending.clusters, database, org_id).await?;
                let is_complete = match &reports {
                    Some(reports) if is_due => database.report_checksum(org_id).await? == reports.checksum(),
                    Some(_) => true,
                    None => false,
                };
                let checked_at = if is_due { begun } else { kept.checked_at };
                match reports.filter(|_| is_complete) {
                    Some(reports) => (reports, checked_at),
                    None => (Arc::new(Reports::read(database, org_id).await?), begun),
                }
            }
            _ => (Arc::new(Reports::read(database, org_id).await?), begun),
        };
        pending.done();
        let changed = kept.changed.clone();
        self.kept.insert(org_id, Kept { reports: Some(Arc::clone(&reports)), checked_at, changed });
        Ok(reports)
    }
}

/// Reads changed clusters again; `None` if all must be.
async fn update(
    reports: &Arc<Reports>,
    changed: &HashSet<ClusterId>,
    database: &Database,
    org_id: OrgId,
) -> Result<Option<Arc<Reports>>, StorageError> {
    if changed.is_empty() {
        return Ok(Some(Arc::clone(reports)));
    }
    match Reports::clone(reports).with_changes(changed, database, org_id).await? {
        Ok(reports) => Ok(Some(Arc::new(reports))),
        Err(ClusterGone) => Ok(None),
    }
}

impl Changed {
    fn lock(&self) -> MutexGuard<'_, HashSet<ClusterId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes whose clusters are being read. Unless that is done, they stay changes: it may fail, or its request may end early.
struct Pending {
    clusters: HashSet<ClusterId>,
    changed: Changed,
}

impl Pending {
    fn take(changed: &Changed) -> Self {
        let clusters = mem::take(&mut *changed.lock());
        Self { clusters, changed: changed.clone() }
    }

    fn done(mut self) {
        self.clusters.clear();
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.changed.lock().extend(self.clusters.drain());
    }
}
