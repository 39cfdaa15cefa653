//! Counters of archives by remote configuration.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use prometheus::IntCounterVec;

/// The most versions that have a counter of their own. They come from clusters, which could send any number.
const MAX_VERSIONS: usize = 64;

/// The longest version that has a counter of its own.
const MAX_VERSION_BYTES: usize = 64;

/// A counter for each of the first [`MAX_VERSIONS`] versions, and one for all others.
pub(super) struct Configurations {
    counters: IntCounterVec,
    known: Mutex<BTreeSet<String>>,
}

impl Configurations {
    /// Counts in `counters`, which has one label, the version.
    pub(super) fn new(counters: IntCounterVec) -> Self {
        Self { counters, known: Mutex::default() }
    }

    /// Counts an archive that was gathered by a configuration of this version.
    pub(super) fn count(&self, version: &str) {
        self.counters.with_label_values(&[self.label_of(version)]).inc();
    }

    fn label_of<'a>(&self, version: &'a str) -> &'a str {
        const OTHER: &str = "other";
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(version) {
            return version;
        }
        if known.len() >= MAX_VERSIONS || version.len() > MAX_VERSION_BYTES {
            return OTHER;
        }
        known.insert(version.to_owned());
        version
    }
}
