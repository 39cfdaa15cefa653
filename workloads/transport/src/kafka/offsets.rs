//! Which offsets may be committed.

use std::collections::BTreeMap;

use super::Position;

/// Remembers which records were received and which are finished, and tells how far each partition may be committed.
#[derive(Debug, Default)]
pub struct OffsetTracker {
    partitions: BTreeMap<i32, ()>,
}

impl OffsetTracker {
    /// The partition is ours from now on; what was known of it from an earlier assignment is forgotten.
    pub fn assign(&mut self, partition: i32) {
        self.partitions.insert(partition, ());
    }

    /// A record was received.
    pub fn received(&mut self, _position: Position) {}

    /// A record's effects are durable.
    pub fn finished(&mut self, _position: Position) {}

    /// The partition is no longer ours.
    pub fn revoke(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// For each partition with something new to commit, the offset to commit: that of the next record to read.
    pub fn committable(&self) -> Vec<Position> {
        Vec::new()
    }
}
