//! Encoded answers in memory, and the proof that they are still right.
//!
//! Each cluster belongs to one of a fixed number of *generations*; an announcement of a new report increments the cluster's
//! generation. An entry keeps the generation that was read **before** its rows were, and is used only while the generation is
//! still the same. So the order of announcement and query does not matter: an answer of old rows never matches. Two clusters may
//! share a generation; then one's report invalidates the other's answer too.

use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ccx_messages::{ClusterId, OrgId};
use quick_cache::{Weighter, sync::Cache};

use crate::{extract::UserId, response::Encoded};

/// Longest use of an answer, also when nothing is announced.
///
/// It bounds how long a vote, a disabled rule or a report that another service has written to the database stays unseen. Users
/// reload a page some seconds after they have changed something; an answer asked for more often than this is hot.
pub const MAX_ANSWER_AGE: Duration = Duration::from_secs(5);

/// Number of generations: 32 KiB, and a thousand new reports between two requests for a cluster invalidate its answer in 1 of 5
/// cases.
const GENERATIONS: u64 = 4096;

/// Size of an answer by which the number of answers that fit is estimated, in bytes.
const TYPICAL_ANSWER_BYTES: u64 = 8 * 1024;

/// Rough overhead of the cache and the allocator for each answer, in bytes.
const OVERHEAD_BYTES: u64 = 256;

/// The report of an answer, and the user who sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// The organisation.
    pub org: OrgId,
    /// The cluster.
    pub cluster: ClusterId,
    /// The user, whose votes are part of the answer.
    pub user: UserId,
    /// Distinguishes the forms of answers about one report; 0 where an API has one form.
    pub form: u8,
}

/// The generation that was current before the rows of an answer were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// The answers, bounded by their memory.
#[derive(Debug)]
pub struct AnswerCache {
    answers: Cache<Key, CacheEntry, ByBytes>,
    generations: Box<[AtomicU64]>,
    is_in_use: AtomicBool,
}

#[derive(Clone, Debug)]
struct CacheEntry {
    answer: Arc<Encoded>,
    generation: u64,
    read_at: Instant,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Key, CacheEntry> for ByBytes {
    fn weight(&self, key: &Key, entry: &CacheEntry) -> u64 {
        OVERHEAD_BYTES + (key.user.as_str().len() + entry.answer.max_bytes()) as u64
    }
}

impl AnswerCache {
    /// Creates a cache for at most `max_bytes`. It is out of use until [`resume`](Self::resume).
    pub fn new(max_bytes: u64) -> Self {
        let estimated_answers = usize::try_from(max_bytes / TYPICAL_ANSWER_BYTES).unwrap_or(usize::MAX);
        Self {
            answers: Cache::with_weighter(estimated_answers, max_bytes, ByBytes),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            is_in_use: AtomicBool::new(false),
        }
    }

    /// Returns the answer for `key`, if there is a current one.
    pub fn get(&self, key: &Key) -> Option<Arc<Encoded>> {
        if !self.is_in_use() {
            return None;
        }
        let entry = self.answers.get(key)?;
        let is_current = entry.generation == self.generation(key.cluster).load(Ordering::Acquire);
        (is_current && entry.read_at.elapsed() < MAX_ANSWER_AGE).then_some(entry.answer)
    }

    /// Returns a ticket, to be taken before the rows are read; `None` while the cache is out of use.
    pub fn ticket(&self, cluster_id: ClusterId) -> Option<Ticket> {
        self.is_in_use().then(|| Ticket(self.generation(cluster_id).load(Ordering::Acquire)))
    }

    /// Inserts an answer from rows that were read after `ticket` was taken.
    pub fn insert(&self, ticket: Ticket, key: Key, answer: Arc<Encoded>) {
        self.answers.insert(key, CacheEntry { answer, generation: ticket.0, read_at: Instant::now() });
    }

    /// Invalidates the answers about a cluster, as its report has changed.
    pub fn invalidate(&self, cluster_id: ClusterId) {
        self.generation(cluster_id).fetch_add(1, Ordering::AcqRel);
    }

    /// Invalidates all answers, as any report may have changed.
    pub fn invalidate_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Drops all answers and takes the cache out of use, as announcements may be missed from now on.
    pub fn suspend(&self) {
        self.is_in_use.store(false, Ordering::Release);
        self.answers.clear();
    }

    /// Puts the cache into use: from now on every change is announced; until now, any may have been missed.
    pub fn resume(&self) {
        self.invalidate_all();
        self.is_in_use.store(true, Ordering::Release);
    }

    /// Returns whether the cache is in use.
    pub fn is_in_use(&self) -> bool {
        self.is_in_use.load(Ordering::Acquire)
    }

    /// Returns the memory of the answers, in bytes.
    pub fn weight_bytes(&self) -> u64 {
        self.answers.weight()
    }

    fn generation(&self, cluster_id: ClusterId) -> &AtomicU64 {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(cluster_id);
        let index = usize::try_from(hash % GENERATIONS).expect("a remainder of 4096");
        &self.generations[index]
    }
}

#[cfg(test)]
mod tests;
