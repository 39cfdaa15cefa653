//! State shared by the consumer's thread and its user: the records between them, and the progress of each partition.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError as ClientError;
use tokio::sync::Notify;

use crate::kafka::statistics::Assigned;
use crate::{OffsetTracker, Position, Record};

/// Most records that wait for the user; together with [`MAX_WAITING_BYTES`], some milliseconds of work.
const MAX_WAITING: usize = 256;

/// Most memory of records that wait for the user. One record is accepted whatever its size.
const MAX_WAITING_BYTES: usize = 2 << 20;

/// Most records that were delivered and can't be committed yet, because an earlier one is unfinished: records that a
/// crash repeats, and the memory to track them. At the designed load it is some seconds of work.
const MAX_UNCOMMITTABLE: usize = 20_000;

/// Records from the thread to the user, and finished positions from the user to the thread.
pub(super) struct Inbox {
    state: Mutex<State>,
    /// Notifies [`Inbox::next`] and [`Inbox::ended`].
    readable: Notify,
    /// Notifies [`Inbox::wait_for_room`].
    writable: Condvar,
}

struct State {
    waiting: VecDeque<Record>,
    waiting_bytes: usize,
    tracker: OffsetTracker,
    is_paused: bool,
    is_stopping: bool,
    lag: Option<i64>,
    /// Ends of partitions that were queried while fetching was paused.
    ends: BTreeMap<i32, i64>,
    last_beat: Instant,
    commit_failures: u64,
    end: Option<End>,
}

/// The end of the consumer's thread.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// It was stopped, and committed a last time.
    Stopped,
    /// It was stopped, and the last commit failed.
    Uncommitted(ClientError),
    /// It can't go on.
    Failed(String),
}

/// Whether another record has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    Full,
}

impl Default for Inbox {
    fn default() -> Self {
        let state = State {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            tracker: OffsetTracker::default(),
            is_paused: false,
            is_stopping: false,
            lag: None,
            ends: BTreeMap::new(),
            last_beat: Instant::now(),
            commit_failures: 0,
            end: None,
        };
        Self { state: Mutex::new(state), readable: Notify::new(), writable: Condvar::new() }
    }
}

/// The user's side.
impl Inbox {
    /// Returns the next record, or the reason for which the thread can't deliver any.
    pub(super) async fn next(&self) -> Result<Record, String> {
        loop {
            if let Some(record) = self.take() {
                return Ok(record);
            }
            if let Some(End::Failed(reason)) = self.end() {
                // Wakes other calls too: a notification wakes one.
                self.readable.notify_one();
                return Err(reason);
            }
            self.readable.notified().await;
        }
    }

    /// Waits for the end of the thread.
    pub(super) async fn ended(&self) -> End {
        loop {
            if let Some(end) = self.end() {
                return end;
            }
            self.readable.notified().await;
        }
    }

    pub(super) fn end(&self) -> Option<End> {
        self.state().end.clone()
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

    pub(super) fn last_beat(&self) -> Instant {
        self.state().last_beat
    }

    /// Returns the number of failed commits since the last call.
    pub(super) fn take_commit_failures(&self) -> u64 {
        std::mem::take(&mut self.state().commit_failures)
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
    /// Reports that the thread is running.
    pub(super) fn beat(&self) {
        self.state().last_beat = Instant::now();
    }

    /// Reports the end of the thread; the first report counts.
    pub(super) fn set_end(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.readable.notify_waiters();
        self.readable.notify_one();
    }

    pub(super) fn commit_failed(&self) {
        self.state().commit_failures += 1;
    }

    /// Returns the facts about each assigned partition that the lag is computed from.
    pub(super) fn progress(&self) -> Vec<Assigned> {
        let state = self.state();
        let progress = |partition| Assigned {
            partition,
            first_received: state.tracker.first_received(partition),
            queried_end: state.ends.get(&partition).copied(),
        };
        state.tracker.assigned().map(progress).collect()
    }

    pub(super) fn set_ends(&self, ends: BTreeMap<i32, i64>) {
        self.state().ends = ends;
    }

    pub(super) fn ends(&self) -> BTreeMap<i32, i64> {
        self.state().ends.clone()
    }

    /// Delivers a record to the user, even if the inbox is full: librdkafka may deliver one more than asked.
    pub(super) fn push(&self, record: Record) {
        let mut state = self.state();
        state.tracker.received(record.position());
        state.waiting_bytes += record.size_bytes();
        state.waiting.push_back(record);
        drop(state);
        self.readable.notify_one();
    }

    /// Waits until there is room or the consumer is to stop, at most for `timeout`.
    pub(super) fn wait_for_room(&self, timeout: Duration) -> Room {
        let deadline = Instant::now() + timeout;
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

    /// Drops the partitions, and their records that the user has not taken yet.
    pub(super) fn revoke(&self, partitions: &[i32]) {
        let mut state = self.state();
        for partition in partitions {
            state.tracker.revoke(*partition);
        }
        state.waiting.retain(|record| !partitions.contains(&record.partition));
        state.waiting_bytes = state.waiting.iter().map(Record::size_bytes).sum();
        if state.tracker.assigned().next().is_none() {
            state.lag = Some(0);
        }
    }

    pub(super) fn assigned(&self) -> Vec<i32> {
        self.state().tracker.assigned().collect()
    }

    pub(super) fn committable(&self) -> Vec<Position> {
        self.state().tracker.committable()
    }

    /// Notes an offset that the brokers have confirmed. Returns whether it is newly confirmed.
    pub(super) fn committed(&self, position: Position) -> bool {
        self.state().tracker.committed(position)
    }

    pub(super) fn set_lag(&self, lag: Option<i64>) {
        self.state().lag = lag;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_full(&self) -> bool {
        let has_many = self.waiting.len() >= MAX_WAITING || self.waiting_bytes >= MAX_WAITING_BYTES;
        has_many || self.tracker.uncommittable() >= MAX_UNCOMMITTABLE
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use futures::FutureExt;

    use super::*;

    const NO_TIME: Duration = Duration::ZERO;

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
        inbox
            .next()
            .now_or_never()
            .map(|record| record.map(|record| (record.partition, record.offset)).unwrap())
    }

    #[test]
    fn records_are_delivered_in_order() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 5, 1));
        inbox.push(record(0, 6, 1));
        assert_eq!(
            [next_now(&inbox), next_now(&inbox), next_now(&inbox)],
            [Some((0, 5)), Some((0, 6)), None]
        );
    }

    #[test]
    fn paused_inbox_delivers_and_loses_nothing() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 5, 1));
        inbox.pause();
        assert_eq!(next_now(&inbox), None);
        inbox.resume();
        assert_eq!(next_now(&inbox), Some((0, 5)));
    }

    #[test]
    fn resuming_wakes_a_waiting_user() {
        let inbox = inbox(&[0]);
        inbox.pause();
        inbox.push(record(0, 5, 1));
        let mut next = Box::pin(inbox.next());
        assert!((&mut next).now_or_never().is_none());
        inbox.resume();
        assert!(next.now_or_never().is_some());
    }

    #[test]
    fn records_of_a_revoked_partition_are_not_delivered() {
        let inbox = inbox(&[0, 1]);
        inbox.push(record(0, 5, 1));
        inbox.push(record(1, 9, 1));
        inbox.revoke(&[0]);
        assert_eq!([next_now(&inbox), next_now(&inbox)], [Some((1, 9)), None]);
        assert_eq!(inbox.assigned(), [1]);
    }

    #[test]
    fn inbox_is_full_by_count_until_a_record_is_taken() {
        let inbox = inbox(&[0]);
        (0..256).for_each(|offset| inbox.push(record(0, offset, 1)));
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Full);
        next_now(&inbox);
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Free);
    }

    #[test]
    fn inbox_is_full_by_size() {
        let inbox = inbox(&[0]);
        inbox.push(record(0, 0, 3 << 20));
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Full);
        inbox.revoke(&[0]);
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Free);
    }

    #[test]
    fn unfinished_record_fills_the_inbox_in_the_end() {
        let inbox = inbox(&[0]);
        for offset in 0..20_000 {
            inbox.push(record(0, offset, 1));
            next_now(&inbox);
        }
        (1..20_000).for_each(|offset| inbox.finished(Position { partition: 0, offset }));
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Full);
        inbox.finished(Position { partition: 0, offset: 0 });
        assert_eq!(inbox.wait_for_room(NO_TIME), Room::Free);
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
    fn cancelled_wait_takes_no_record() {
        let inbox = inbox(&[0]);
        let mut abandoned = Box::pin(inbox.next());
        assert!((&mut abandoned).now_or_never().is_none());
        inbox.push(record(0, 5, 1));
        drop(abandoned);
        assert_eq!(next_now(&inbox), Some((0, 5)));
    }

    #[test]
    fn end_of_the_thread_ends_every_wait() {
        let inbox = inbox(&[0]);
        let (mut first, mut second) = (Box::pin(inbox.next()), Box::pin(inbox.next()));
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        inbox.set_end(End::Failed("fatal".into()));
        assert_eq!(first.now_or_never().unwrap().unwrap_err(), "fatal");
        assert_eq!(second.now_or_never().unwrap().unwrap_err(), "fatal");
    }

    #[test]
    fn lag_is_zero_when_the_last_partition_is_revoked() {
        let inbox = inbox(&[0, 1]);
        inbox.set_lag(Some(5));
        inbox.revoke(&[0]);
        assert_eq!(inbox.lag(), Some(5));
        inbox.revoke(&[1]);
        assert_eq!(inbox.lag(), Some(0));
    }
}
