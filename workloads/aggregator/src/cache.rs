//! Answers that are kept ready, and the proof that they are still right.
//!
//! Each cluster belongs to one of a fixed number of *generations*; an announcement of a new report moves the cluster's generation
//! on. An answer is kept together with the generation that was read **before** its rows were, and is used only while the
//! generation is still the same. So it doesn't matter whether the announcement comes before, during or after the query: an answer
//! made of old rows never matches. Two clusters may share a generation; then one's report makes the other's answer be read again.

use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use ccx_messages::{ClusterId, OrgId};
use quick_cache::{Weighter, sync::Cache};

use crate::parameters::UserId;

/// How long an answer is used at most, also when nothing was announced.
///
/// It bounds how long a vote, a disabled rule or a report that another service has written to the database stays unseen. Users
/// reload a page some seconds after they have changed something; an answer asked for more often than this is hot.
pub const MAX_ANSWER_AGE: Duration = Duration::from_secs(5);

/// Number of generations: 32 KiB, and a thousand new reports between two requests for a cluster spoil its answer in 1 of 5 cases.
const GENERATIONS: u64 = 4096;

/// Size of an answer by which the number of answers that fit is estimated, in bytes.
const TYPICAL_ANSWER_BYTES: u64 = 8 * 1024;

/// What the cache and the allocator add to each answer, in bytes, roughly.
const OVERHEAD_BYTES: u64 = 160;

/// Whose report an answer is, as whom it is seen.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    /// The organisation that asks.
    pub(crate) org: OrgId,
    /// The cluster.
    pub(crate) cluster: ClusterId,
    /// The user, whose votes are part of the answer.
    pub(crate) user: UserId,
}

/// The generation that was current before the rows of an answer were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// The kept answers.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    answers: Cache<Key, Kept, ByBytes>,
    generations: Box<[AtomicU64]>,
    is_in_use: AtomicBool,
}

#[derive(Clone, Debug)]
struct Kept {
    json: Bytes,
    generation: u64,
    read_at: Instant,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        OVERHEAD_BYTES + (key.user.as_str().len() + kept.json.len()) as u64
    }
}

impl AnswerCache {
    /// A cache for at most `max_bytes`. It keeps nothing before [`resume`](Self::resume).
    pub(crate) fn new(max_bytes: u64) -> Self {
        let estimated_answers = usize::try_from(max_bytes / TYPICAL_ANSWER_BYTES).unwrap_or(usize::MAX);
        Self {
            answers: Cache::with_weighter(estimated_answers, max_bytes, ByBytes),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            is_in_use: AtomicBool::new(false),
        }
    }

    /// The answer for `key`, if there is one that is still right.
    pub(crate) fn get(&self, key: &Key) -> Option<Bytes> {
        if !self.is_in_use() {
            return None;
        }
        let kept = self.answers.get(key)?;
        let is_current = kept.generation == self.generation(key.cluster).load(Ordering::Acquire);
        (is_current && kept.read_at.elapsed() < MAX_ANSWER_AGE).then_some(kept.json)
    }

    /// To be taken before the rows are read. None while nothing may be kept.
    pub(crate) fn ticket(&self, cluster_id: ClusterId) -> Option<Ticket> {
        self.is_in_use().then(|| Ticket(self.generation(cluster_id).load(Ordering::Acquire)))
    }

    /// Keeps an answer that was made of rows read after `ticket` was taken.
    pub(crate) fn keep(&self, ticket: Ticket, key: Key, json: Bytes) {
        self.answers.insert(key, Kept { json, generation: ticket.0, read_at: Instant::now() });
    }

    /// A new report of the cluster is in the database.
    pub(crate) fn invalidate(&self, cluster_id: ClusterId) {
        self.generation(cluster_id).fetch_add(1, Ordering::AcqRel);
    }

    /// New reports may be missed from now on: nothing is kept, and nothing that was kept is used.
    pub(crate) fn suspend(&self) {
        self.is_in_use.store(false, Ordering::Release);
        self.answers.clear();
    }

    /// From now on every new report is announced; until now, any may have been missed.
    pub(crate) fn resume(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::AcqRel);
        }
        self.is_in_use.store(true, Ordering::Release);
    }

    /// Whether answers are kept at the moment.
    pub(crate) fn is_in_use(&self) -> bool {
        self.is_in_use.load(Ordering::Acquire)
    }

    /// The memory that the answers take, in bytes.
    pub(crate) fn weight_bytes(&self) -> u64 {
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
