//! The opinions of an organisation and its names for clusters, kept for some seconds.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use ccx_http::MAX_ANSWER_AGE;
use ccx_messages::{ClusterId, OrgId, RuleSelector};
use ccx_storage::{Database, StorageError};
use chrono::{DateTime, Utc};
use quick_cache::{Weighter, sync::Cache};

use super::selector;

/// Number of generations: organisations share them, and a change of one makes the facts of some others be read again.
const GENERATIONS: usize = 1024;

/// Rough size of a fact, in bytes.
const FACT_BYTES: usize = 160;

/// Typical size of an organisation's facts, in bytes.
const TYPICAL_BYTES: u64 = 4 * 1024;

/// The opinions of an organisation, and its names for clusters.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    acknowledged: HashMap<RuleSelector, Acknowledged>,
    disabled: HashMap<RuleSelector, HashSet<ClusterId>>,
    names: HashMap<ClusterId, String>,
}

/// A rule that is disabled for all clusters of an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) justification: String,
    pub(crate) created_at: DateTime<Utc>,
    /// The user; empty when unknown.
    pub(crate) created_by: String,
}

impl Facts {
    async fn read(database: &Database, org_id: OrgId) -> Result<Self, StorageError> {
        let (acknowledgements, authors, toggles, names) = tokio::try_join!(
            database.acknowledgements(org_id),
            database.acknowledged_by(org_id),
            database.disabled_rules(org_id),
            database.cluster_names(org_id),
        )?;
        let mut facts = Self::default();
        for stored in acknowledgements {
            let Some(rule) = selector(&stored.rule_id, &stored.error_key) else { continue };
            let created_by = created_by(&stored, &authors);
            let (justification, created_at) = (stored.justification, stored.created_at);
            facts.acknowledged.insert(rule, Acknowledged { justification, created_at, created_by });
        }
        for toggle in toggles {
            let rule = selector(&toggle.rule_id, &toggle.error_key);
            if let (Some(rule), Ok(cluster)) = (rule, toggle.cluster_id.parse()) {
                facts.disabled.entry(rule).or_default().insert(cluster);
            }
        }
        let by_id = names.into_iter().filter_map(|row| Some((row.cluster_id.parse().ok()?, row.name)));
        facts.names = by_id.collect();
        Ok(facts)
    }

    /// Returns why and since when a rule is disabled for all clusters, if it is.
    pub(crate) fn acknowledged(&self, rule: &RuleSelector) -> Option<&Acknowledged> {
        self.acknowledged.get(rule)
    }

    /// Returns the clusters for which a rule is disabled.
    pub(crate) fn disabled_clusters(&self, rule: &RuleSelector) -> Option<&HashSet<ClusterId>> {
        self.disabled.get(rule)
    }

    /// Returns the name that a user has chosen for a cluster.
    pub(crate) fn name(&self, cluster: ClusterId) -> Option<&str> {
        self.names.get(&cluster).map(String::as_str)
    }

    fn bytes(&self) -> usize {
        let disabled: usize = self.disabled.values().map(HashSet::len).sum();
        FACT_BYTES * (1 + self.acknowledged.len() + disabled + self.names.len())
    }
}

/// Returns the user who disabled a rule for all clusters: a row of another time is about an earlier decision.
pub(crate) fn created_by(
    stored: &ccx_storage::feedback::Acknowledgement,
    authors: &[ccx_storage::feedback::DisabledBy],
) -> String {
    let is_author = |author: &&ccx_storage::feedback::DisabledBy| {
        author.rule_id == stored.rule_id
            && author.error_key == stored.error_key
            && author.disabled_at == stored.created_at
    };
    authors.iter().find(is_author).map(|author| author.disabled_by.clone()).unwrap_or_default()
}

/// Facts in memory. One is used for [`MAX_ANSWER_AGE`], unless it is forgotten before.
pub(crate) struct FactCache {
    facts: Cache<OrgId, Kept, ByBytes>,
    /// Incremented when something of an organisation changes; facts of an earlier generation are not used.
    generations: Box<[AtomicU64]>,
}

#[derive(Clone)]
struct Kept {
    facts: Arc<Facts>,
    generation: u64,
    read_at: Instant,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<OrgId, Kept> for ByBytes {
    fn weight(&self, _: &OrgId, kept: &Kept) -> u64 {
        kept.facts.bytes() as u64
    }
}

impl FactCache {
    /// Creates a cache for at most `max_bytes`.
    pub(crate) fn new(max_bytes: u64) -> Self {
        let estimated = usize::try_from(max_bytes / TYPICAL_BYTES).unwrap_or(usize::MAX);
        Self {
            facts: Cache::with_weighter(estimated, max_bytes, ByBytes),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns the facts of an organisation.
    pub(crate) async fn get(&self, database: &Database, org_id: OrgId) -> Result<Arc<Facts>, StorageError> {
        let generation = self.generation(org_id).load(Ordering::Acquire);
        let is_current =
            |kept: &Kept| kept.generation == generation && kept.read_at.elapsed() < MAX_ANSWER_AGE;
        if let Some(kept) = self.facts.get(&org_id).filter(is_current) {
            return Ok(kept.facts);
        }
        let read_at = Instant::now();
        let facts = Arc::new(Box::pin(Facts::read(database, org_id)).await?);
        self.facts.insert(org_id, Kept { facts: Arc::clone(&facts), generation, read_at });
        Ok(facts)
    }

    /// Drops the facts of an organisation, as one has changed.
    pub(crate) fn forget(&self, org_id: OrgId) {
        self.generation(org_id).fetch_add(1, Ordering::AcqRel);
    }

    /// Drops all facts, as any may have changed.
    pub(crate) fn forget_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn generation(&self, org_id: OrgId) -> &AtomicU64 {
        &self.generations[org_id.get() as usize % GENERATIONS]
    }
}
