//! What the consumer's thread and its user share: the records between them, and how far each partition has come.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::{OffsetTracker, Position, Record};

/// Most records that wait for the user; together with [`MAX_WAITING_BYTES`], some milliseconds of work.
const MAX_WAITING: usize = 256;

/// Most memory of records that wait for the user. One record is always let in.
const MAX_WAITING_BYTES: usize = 2 << 20;

/// Most records that were handed out and can't be committed yet, because one before them is still in work: what a crash
/// repeats, and the memory to remember them. At the designed load it is some seconds of work.
const MAX_UNCOMMITTABLE: usize = 20_000;

/// Records from the thread to the user, and the news of finished ones back.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// Something that [`Inbox::next`] waits for has happened.
    readable: Notify,
    /// Something that [`Inbox::wait_for_room`] waits for has happened.
    writable: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Record>,
    waiting_bytes: usize,
    tracker: OffsetTracker,
    is_paused: bool,
    is_stopping: bool,
    lag: Option<i64>,
}

/// Whether another record has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    Full,
}

/// The user's side.
impl Inbox {
    pub(super) async fn next(&self) -> Record {
        loop {
            if let Some(record) = self.take() {
                return record;
            }
            self.readable.notified().await;
        }
    }

    pub(super) fn finished(&self, position: Position) {
        let mut state = self.state();
        let was_full = state.is_full();
        state.tracker.finished(position);
        self.wake_writer(&state, was_full);
    }

    pub(super) fn pause(&self) {
        self.state().is_paused = true;
    }

    pub(super) fn resume(&self) {
        self.state().is_paused = false;
        self.readable.notify_waiters();
        self.readable.notify_one();
    }

    pub(super) fn lag(&self) -> Option<i64> {
        self.state().lag
    }

    pub(super) fn stop(&self) {
        self.state().is_stopping = true;
        self.writable.notify_all();
    }

    fn take(&self) -> Option<Record> {
        let mut state = self.state();
        if state.is_paused {
            return None;
        }
        let was_full = state.is_full();
        let record = state.waiting.pop_front()?;
        state.waiting_bytes -= record.size_bytes();
        self.wake_writer(&state, was_full);
        Some(record)
    }

    fn wake_writer(&self, state: &State, was_full: bool) {
        if was_full && !state.is_full() {
            self.writable.notify_all();
        }
    }
}

/// The thread's side.
impl Inbox {
    /// Hands a record to the user. It has a place even when there is no room: librdkafka may deliver one more than asked.
    pub(super) fn push(&self, record: Record) {
        let mut state = self.state();
        state.tracker.received(record.position());
        state.waiting_bytes += record.size_bytes();
        state.waiting.push_back(record);
        drop(state);
        self.readable.notify_one();
    }

    /// Waits until there is room, or the consumer is to stop, or `patience` is over.
    pub(super) fn wait_for_room(&self, patience: Duration) -> Room {
        let deadline = Instant::now() + patience;
        let mut state = self.state();
        while state.is_full() && !state.is_stopping {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Room::Full;
            }
            state = self.writable.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Room::Free
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.state().is_stopping
    }

    pub(super) fn assign(&self, partitions: &[i32]) {
        let mut state = self.state();
        for partition in partitions {
            state.tracker.assign(*partition);
        }
    }

    /// Forgets the partitions, and the records of them that the user hasn't taken yet.
    pub(super) fn revoke(&self, partitions: &[i32]) {
        let mut state = self.state();
        for partition in partitions {
            state.tracker.revoke(*partition);
        }
        state.waiting.retain(|record| !partitions.contains(&record.partition));
        state.waiting_bytes = state.waiting.iter().map(Record::size_bytes).sum();
    }

    pub(super) fn assigned(&self) -> Vec<i32> {
        self.state().tracker.assigned().collect()
    }

    pub(super) fn committable(&self) -> Vec<Position> {
        self.state().tracker.committable()
    }

    pub(super) fn committed(&self, position: Position) {
        self.state().tracker.committed(position);
    }

    pub(super) fn set_lag(&self, lag: Option<i64>) {
        self.state().lag = lag;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; should it, counters may be off, and records are not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        let is_crowded = self.waiting.len() >= MAX_WAITING || self.waiting_bytes >= MAX_WAITING_BYTES;
        is_crowded || self.tracker.uncommittable() >= MAX_UNCOMMITTABLE
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use futures::FutureExt;

    use super::*;

    const NO_PATIENCE: Duration = Duration::ZERO;

    fn record(partition: i32, offset: i64, payload_bytes: usize) -> Record {
        Record {
            topic: Arc::from("announce"),
            partition,
            offset,
            timestamp_ms: None,
            key: None,
            headers: crate::Headers::default(),
            payload: Bytes::from(vec![0; payload_bytes]),
        }
    }

    fn inbox(partitions: &[i32]) -> Inbox {
        let inbox = Inbox::default();
        inbox.assign(partitions);
        inbox
    }

    fn next_now(inbox: &Inbox) -> Option<(i32, i64)> {
        inbox.next().now_or_never().map(|record| (record.partition, record.offset))
    }

    #[test]
    fn records_come_out_in_order() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 5, 1));
        inbox.push(record(0, 6, 1));
        assert_eq!(
            [next_now(&inbox), next_now(&inbox), next_now(&inbox)],
            [Some((0, 5)), Some((0, 6)), None]
        );
    }

    #[test]
    fn while_paused_nothing_comes_out_and_nothing_is_lost() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 5, 1));
        inbox.pause();
        assert_eq!(next_now(&inbox), None);
        inbox.resume();
        assert_eq!(next_now(&inbox), Some((0, 5)));
    }

    #[test]
    fn resuming_wakes_who_is_waiting() {
        let inbox = inbox(&[0]);
        inbox.pause();
        inbox.push(record(0, 5, 1));
        let mut next = Box::pin(inbox.next());
        assert!((&mut next).now_or_never().is_none());
        inbox.resume();
        assert!(next.now_or_never().is_some());
    }

    #[test]
    fn records_of_a_revoked_partition_are_not_handed_out() {
        let inbox = inbox(&[0, 1]);
        inbox.push(record(0, 5, 1));
        inbox.push(record(1, 9, 1));
        inbox.revoke(&[0]);
        assert_eq!([next_now(&inbox), next_now(&inbox)], [Some((1, 9)), None]);
        assert_eq!(inbox.assigned(), [1]);
    }

    #[test]
    fn it_is_full_by_count_until_a_record_is_taken() {
        let inbox = inbox(&[0]);
        (0..256).for_each(|offset| inbox.push(record(0, offset, 1)));
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Full);
        next_now(&inbox);
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Free);
    }

    #[test]
    fn it_is_full_by_size() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 0, 3 << 20));
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Full);
        inbox.revoke(&[0]);
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Free);
    }

    #[test]
    fn one_record_that_is_never_finished_stops_the_flow_in_the_end() {
        let inbox = inbox(&[0]);
        for offset in 0..20_000 {
            inbox.push(record(0, offset, 1));
            next_now(&inbox);
        }
        (1..20_000).for_each(|offset| inbox.finished(Position { partition: 0, offset }));
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Full);
        inbox.finished(Position { partition: 0, offset: 0 });
        assert_eq!(inbox.wait_for_room(NO_PATIENCE), Room::Free);
        assert_eq!(inbox.committable(), [Position { partition: 0, offset: 20_000 }]);
    }

    #[test]
    fn stopping_ends_the_wait_for_room() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 0, 3 << 20));
        inbox.stop();
        assert_eq!(inbox.wait_for_room(Duration::from_mins(10)), Room::Free);
        assert!(inbox.is_stopping());
    }

    #[test]
    fn a_cancelled_wait_takes_no_record() {
        let inbox = inbox(&[0]);
        let mut abandoned = Box::pin(inbox.next());
        assert!((&mut abandoned).now_or_never().is_none());
        inbox.push(record(0, 5, 1));
        drop(abandoned);
        assert_eq!(next_now(&inbox), Some((0, 5)));
    }
}
