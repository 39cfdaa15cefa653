//! Several members of a group.

use std::{collections::BTreeSet, time::Duration};

use ccx_transport::{Consumer, Record};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::brokers::{Brokers, DEADLINE, next, number};

fn finish(consumer: &Consumer, record: &Record, seen: &mut Vec<u32>) {
    seen.push(number(record));
    consumer.finished(record.position());
}

fn distinct(numbers: &[u32]) -> BTreeSet<u32> {
    numbers.iter().copied().collect()
}

/// Asserts that the second member receives no number below `first_new`: the first member has finished and committed those.
fn assert_no_repetition(by_second: &[u32], first_new: u32) {
    let repeated: Vec<&u32> = by_second.iter().filter(|number| **number < first_new).collect();
    assert!(repeated.is_empty(), "finished records came again: {repeated:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_member_takes_over_without_loss_or_repetition() {
    assert_no_repetition(&received_by_a_joining_member().await, 100);
}

/// Lets a second member join, and the first one leave then; returns what the second receives while both are members.
async fn received_by_a_joining_member() -> Vec<u32> {
    let brokers = Brokers::with_patient_groups(8);
    brokers.send(0..100).await;
    let first = brokers.member("2-first");
    let mut by_first = Vec::new();
    while by_first.len() < 100 {
        finish(&first, &next(&first).await, &mut by_first);
    }

    let second = brokers.member("1-second");
    let mut by_second = Vec::new();
    let producer = brokers.producer();
    let deadline = Instant::now() + DEADLINE;
    let mut sent = 100..;
    // Sends until the second member has received records, then until every record has been received.
    let mut last = 0;
    while by_second.is_empty()
        || distinct(&[by_first.clone(), by_second.clone()].concat()).len() <= last as usize
    {
        if by_second.is_empty() {
            last = sent.next().unwrap();
            crate::brokers::send_number(&producer, last).await;
        }
        let received = timeout_at(deadline, async {
            tokio::select! {
                record = first.next() => finish(&first, &record.unwrap(), &mut by_first),
                record = second.next() => finish(&second, &record.unwrap(), &mut by_second),
            }
        });
        received.await.expect("every record must arrive at one of the two");
    }
    // A group of the mock that is still in a rebalance would reject the last commit of a member that is closed.
    drop(first);
    let after = last + 1..last + 51;
    brokers.send(after.clone()).await;
    let mut remaining: BTreeSet<u32> = after.collect();
    while !remaining.is_empty() {
        remaining.remove(&number(&next(&second).await));
    }
    by_second
}

/// Lets a second member join while the brokers reject every commit of the first one with one of `errors`, until `period` after the
/// assignment of the two is decided; returns what the second receives first.
async fn received_after_rejected_commits(errors: &[RDKafkaRespErr], period: Duration) -> Vec<u32> {
    // More than a member attempts meanwhile.
    const REJECTIONS: usize = 2000;
    let brokers = Brokers::with_patient_groups(8);
    let first = brokers.member("2-first");
    brokers.send(0..20).await;
    let mut by_first = Vec::new();
    while by_first.len() < 20 {
        finish(&first, &next(&first).await, &mut by_first);
    }
    let rejections: Vec<RDKafkaRespErr> = errors.iter().copied().cycle().take(REJECTIONS).collect();
    brokers.cluster.request_errors(RDKafkaApiKey::OffsetCommit, &rejections);
    let second = brokers.member("1-second");
    let producer = brokers.producer();
    let start = Instant::now();
    let end_of_rejections = start + brokers.rebalance_time() + period;
    let mut is_rejecting = true;
    let mut by_second = Vec::new();
    for sent in 20.. {
        crate::brokers::send_number(&producer, sent).await;
        let received = timeout_at(start + DEADLINE, async {
            tokio::select! {
                record = first.next() => finish(&first, &record.unwrap(), &mut by_first),
                record = second.next() => finish(&second, &record.unwrap(), &mut by_second),
                () = sleep_until(end_of_rejections), if is_rejecting => {
                    brokers.cluster.clear_request_errors(RDKafkaApiKey::OffsetCommit);
                    is_rejecting = false;
                }
            }
        });
        received.await.expect("the second member receives a record");
        if !by_second.is_empty() {
            break;
        }
    }
    assert!(!is_rejecting, "the second member received records before the first one could commit");
    by_second
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_that_a_rebalance_rejects_is_retried_before_the_revocation() {
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS];
    assert_no_repetition(&received_after_rejected_commits(&errors, Duration::from_secs(1)).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_during_a_slow_rebalance_is_retried_for_two_session_timeouts() {
    let errors = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    ];
    // Far more than the pause between attempts, and less than two session timeouts even if the machine is busy.
    assert_no_repetition(&received_after_rejected_commits(&errors, Duration::from_secs(5)).await, 20);
}
