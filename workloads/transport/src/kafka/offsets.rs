//! The offsets that may be committed.

use std::collections::{BTreeMap, VecDeque};

use super::Position;

/// Tracks received and finished records, and computes the offset up to which each partition may be committed.
///
/// That is the contiguous prefix of finished records, in the order in which they were *received*: a topic's offsets have
/// gaps where it was compacted or where transactions ended.
///
/// ```
/// # use ccx_transport::{OffsetTracker, Position};
/// let at = |offset| Position { partition: 0, offset };
/// let mut tracker = OffsetTracker::default();
/// tracker.assign(0);
/// [10, 11, 15].map(|offset| tracker.received(at(offset)));
///
/// tracker.finished(at(11));
/// assert_eq!(tracker.committable(), []); // 10 is still in work
/// tracker.finished(at(10));
/// assert_eq!(tracker.committable(), [at(12)]); // the next record to read
/// ```
#[derive(Debug, Default)]
pub struct OffsetTracker {
    partitions: BTreeMap<i32, Partition>,
}

#[derive(Debug, Default)]
struct Partition {
    first_received: Option<i64>,
    /// Received records from the first unfinished one on, by ascending offset.
    uncommitted: VecDeque<Received>,
    /// The offset after the finished prefix.
    finished_up_to: Option<i64>,
    /// The offset that the brokers have confirmed.
    committed: Option<i64>,
}

#[derive(Debug)]
struct Received {
    offset: i64,
    is_finished: bool,
}

impl OffsetTracker {
    /// Starts to track a partition that was assigned; drops the state of an earlier assignment.
    pub fn assign(&mut self, partition: i32) {
        self.partitions.insert(partition, Partition::default());
    }

    /// Drops a partition that was revoked; records of it that finish later are ignored.
    pub fn revoke(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// Returns the assigned partitions in ascending order.
    pub fn assigned(&self) -> impl Iterator<Item = i32> {
        self.partitions.keys().copied()
    }

    /// Returns the first offset that was received of a partition since its assignment.
    pub(super) fn first_received(&self, partition: i32) -> Option<i64> {
        self.partitions.get(&partition)?.first_received
    }

    /// Records that a record was received.
    pub fn received(&mut self, position: Position) {
        if let Some(partition) = self.partitions.get_mut(&position.partition) {
            partition.received(position.offset);
        }
    }

    /// Records that the effects of a record are durable.
    pub fn finished(&mut self, position: Position) {
        if let Some(partition) = self.partitions.get_mut(&position.partition) {
            partition.finished(position.offset);
        }
    }

    /// Returns the offset to commit of each partition that has a new one: that of the next record to read.
    pub fn committable(&self) -> Vec<Position> {
        let positions = self.partitions.iter().filter_map(|(partition, state)| {
            let offset = state.finished_up_to.filter(|_| state.finished_up_to != state.committed)?;
            Some(Position { partition: *partition, offset })
        });
        positions.collect()
    }

    /// Records that the brokers have confirmed the commit of a position that [`committable`](Self::committable) gave.
    ///
    /// Returns whether it is newly confirmed.
    pub fn committed(&mut self, position: Position) -> bool {
        let Some(partition) = self.partitions.get_mut(&position.partition) else { return false };
        partition.committed.replace(position.offset) != Some(position.offset)
    }

    /// Returns how many records a crash would repeat at most if every committable offset were committed.
    pub fn uncommittable(&self) -> usize {
        self.partitions.values().map(|partition| partition.uncommitted.len()).sum()
    }
}

impl Partition {
    fn received(&mut self, offset: i64) {
        self.first_received.get_or_insert(offset);
        let last =
            self.uncommitted.back().map(|record| record.offset).or(self.finished_up_to.map(|next| next - 1));
        let goes_back = last.is_some_and(|last| offset <= last);
        if goes_back {
            self.rewind(offset);
        } else {
            self.uncommitted.push_back(Received { offset, is_finished: false });
        }
    }

    /// The partition is read again from `offset`: brokers lost its end, or the topic was recreated.
    fn rewind(&mut self, offset: i64) {
        let kept = self.uncommitted.partition_point(|record| record.offset < offset);
        self.uncommitted.truncate(kept);
        if self.finished_up_to.is_some_and(|next| offset < next) {
            self.finished_up_to = None;
        }
        self.uncommitted.push_back(Received { offset, is_finished: false });
    }

    fn finished(&mut self, offset: i64) {
        let Ok(index) = self.uncommitted.binary_search_by_key(&offset, |record| record.offset) else {
            return;
        };
        self.uncommitted[index].is_finished = true;
        while let Some(record) = self.uncommitted.pop_front_if(|record| record.is_finished) {
            self.finished_up_to = Some(record.offset + 1);
        }
    }
}

#[cfg(test)]
mod tests;
