use proptest::prelude::*;

use super::*;

fn at(partition: i32, offset: i64) -> Position {
    Position { partition, offset }
}

fn tracker(received: &[i64]) -> OffsetTracker {
    let mut tracker = OffsetTracker::default();
    tracker.assign(0);
    for offset in received {
        tracker.received(at(0, *offset));
    }
    tracker
}

fn finish(tracker: &mut OffsetTracker, offsets: &[i64]) {
    for offset in offsets {
        tracker.finished(at(0, *offset));
    }
}

#[test]
fn unfinished_first_record_prevents_a_commit() {
    let mut tracker = tracker(&[5, 6, 7]);
    finish(&mut tracker, &[6, 7]);
    assert_eq!(tracker.committable(), []);
    assert_eq!(tracker.uncommittable(), 3);
}

#[test]
fn contiguous_prefix_is_committable() {
    let mut tracker = tracker(&[5, 6, 7, 8]);
    finish(&mut tracker, &[6, 5, 8]);
    assert_eq!(tracker.committable(), [at(0, 7)]);
    assert_eq!(tracker.uncommittable(), 2);
}

#[test]
fn gap_in_the_offsets_is_not_an_unfinished_record() {
    let mut tracker = tracker(&[5, 9, 12]);
    finish(&mut tracker, &[5, 9]);
    assert_eq!(tracker.committable(), [at(0, 10)]);
}

#[test]
fn committed_offset_is_not_committed_again() {
    let mut tracker = tracker(&[5, 6]);
    finish(&mut tracker, &[5]);
    tracker.committed(at(0, 6));
    assert_eq!(tracker.committable(), []);
    finish(&mut tracker, &[6]);
    assert_eq!(tracker.committable(), [at(0, 7)]);
}

#[test]
fn unconfirmed_commit_is_retried() {
    let mut tracker = tracker(&[5]);
    finish(&mut tracker, &[5]);
    assert_eq!(tracker.committable(), [at(0, 6)]);
    assert_eq!(tracker.committable(), [at(0, 6)]);
}

#[test]
fn record_of_a_revoked_partition_is_ignored() {
    let mut tracker = tracker(&[5]);
    tracker.revoke(0);
    finish(&mut tracker, &[5]);
    assert_eq!(tracker.committable(), []);
    tracker.received(at(0, 6));
    assert_eq!(tracker.uncommittable(), 0);
}

#[test]
fn partition_that_is_assigned_again_starts_fresh() {
    let mut tracker = tracker(&[5, 6]);
    finish(&mut tracker, &[5]);
    tracker.revoke(0);
    tracker.assign(0);
    finish(&mut tracker, &[6]);
    assert_eq!(tracker.committable(), []);
    tracker.received(at(0, 5));
    finish(&mut tracker, &[5]);
    assert_eq!(tracker.committable(), [at(0, 6)]);
}

#[test]
fn partitions_do_not_wait_for_each_other() {
    let mut tracker = tracker(&[5]);
    tracker.assign(1);
    tracker.received(at(1, 70));
    tracker.finished(at(1, 70));
    assert_eq!(tracker.committable(), [at(1, 71)]);
    assert_eq!(tracker.assigned().collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn repeated_or_unknown_finish_is_ignored() {
    let mut tracker = tracker(&[5, 6]);
    finish(&mut tracker, &[5, 5, 4, 99]);
    assert_eq!(tracker.committable(), [at(0, 6)]);
}

#[test]
fn recreated_topic_is_committed_from_its_beginning() {
    let mut tracker = tracker(&[1000]);
    finish(&mut tracker, &[1000]);
    tracker.committed(at(0, 1001));
    tracker.received(at(0, 0));
    assert_eq!(tracker.committable(), []);
    finish(&mut tracker, &[0]);
    assert_eq!(tracker.committable(), [at(0, 1)]);
}

#[test]
fn record_that_is_received_again_must_be_finished_again() {
    let mut tracker = tracker(&[5, 6, 7]);
    finish(&mut tracker, &[6]);
    tracker.received(at(0, 6));
    finish(&mut tracker, &[5]);
    assert_eq!(tracker.committable(), [at(0, 6)]);
}

/// A naive model: a list of all received records, searched from the start each time.
#[derive(Default)]
struct Model(BTreeMap<i32, Vec<(i64, bool)>>);

impl Model {
    fn committable(&self) -> Vec<Position> {
        let prefixes = self.0.iter().filter_map(|(partition, records)| {
            let (offset, _) = records.iter().take_while(|(_, is_finished)| *is_finished).last()?;
            Some(at(*partition, offset + 1))
        });
        prefixes.collect()
    }

    fn finish(&mut self, position: Position) {
        let records = self.0.get_mut(&position.partition).into_iter().flatten();
        records.filter(|(offset, _)| *offset == position.offset).for_each(|record| record.1 = true);
    }
}

#[derive(Clone, Debug)]
enum Event {
    Assign(i32),
    Revoke(i32),
    /// Receives the next record, after so many missing offsets.
    Receive(i32, i64),
    Finish(i32, i64),
}

fn event() -> impl Strategy<Value = Event> {
    let partition = 0..3;
    prop_oneof![
        1 => partition.clone().prop_map(Event::Assign),
        1 => partition.clone().prop_map(Event::Revoke),
        8 => (partition.clone(), 0..3_i64).prop_map(|(partition, gap)| Event::Receive(partition, gap)),
        12 => (partition, 0..40_i64).prop_map(|(partition, offset)| Event::Finish(partition, offset)),
    ]
}

proptest! {
    #[test]
    fn tracker_agrees_with_a_naive_model(events in prop::collection::vec(event(), 0..200)) {
        let mut tracker = OffsetTracker::default();
        let mut model = Model::default();
        for event in events {
            match event {
                Event::Assign(partition) => {
                    tracker.assign(partition);
                    model.0.insert(partition, Vec::new());
                }
                Event::Revoke(partition) => {
                    tracker.revoke(partition);
                    model.0.remove(&partition);
                }
                Event::Receive(partition, gap) => {
                    let Some(records) = model.0.get_mut(&partition) else { continue };
                    let offset = records.last().map_or(0, |(last, _)| last + 1) + gap;
                    records.push((offset, false));
                    tracker.received(at(partition, offset));
                }
                Event::Finish(partition, offset) => {
                    tracker.finished(at(partition, offset));
                    model.finish(at(partition, offset));
                }
            }
            prop_assert_eq!(tracker.committable(), model.committable());
        }
    }
}
