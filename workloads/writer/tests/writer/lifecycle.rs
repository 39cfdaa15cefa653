use std::time::Duration;

use crate::support::{Surroundings, message};

fn messages(count: usize) -> Vec<String> {
    (0..count).map(|number| message(number, 1, "a")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_finishes_the_batch_and_commits_so_that_nothing_is_read_twice() {
    let mut surroundings = Surroundings::new().await;
    surroundings.config.writer.max_batch_messages = 20;
    let first = surroundings.start_writer().await;
    surroundings.send(&messages(300)).await;
    first.until_ready().await;
    let is_begun = "SELECT count(*) > 0 FROM report";
    surroundings.until(is_begun, "true").await;
    first.stop().await;
    let stored_by_first: f64 = surroundings.rows("SELECT count(*) FROM report").await[0].parse().unwrap();

    surroundings.send(&[message(300, 1, "a")]).await;
    let second = surroundings.start_writer().await;
    surroundings.until_reports(301).await;
    second.until_metric("consumed_messages", 301.0 - stored_by_first).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_writer_has_left_the_next_one_stores() {
    let mut surroundings = Surroundings::new().await;
    surroundings.config.writer.max_batch_messages = 20;
    surroundings.send(&messages(200)).await;
    let first = surroundings.start_writer().await;
    surroundings.until("SELECT count(*) > 0 FROM report", "true").await;
    first.kill().await;
    let second = surroundings.start_writer().await;
    surroundings.until_reports(200).await;
    assert_eq!(surroundings.rows("SELECT count(*) FROM recommendation").await, ["200"]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_one_is_active_and_the_other_takes_over() {
    let surroundings = Surroundings::new().await;
    let first = surroundings.start_writer().await;
    first.until_metric("active", 1.0).await;
    let second = surroundings.start_writer().await;
    second.until_ready().await;
    surroundings.send(&messages(50)).await;
    surroundings.until_reports(50).await;
    assert!((second.metric("active").await + second.metric("consumed_messages").await).abs() < f64::EPSILON);

    first.kill().await;
    second.until_metric("active", 1.0).await;
    surroundings.send(&[message(50, 1, "a")]).await;
    surroundings.until_reports(51).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_loses_its_lease_to_another_leaves_the_work_to_it() {
    let surroundings = Surroundings::new().await;
    let first = surroundings.start_writer().await;
    first.until_metric("active", 1.0).await;
    let second = surroundings.start_writer().await;
    second.until_ready().await;
    // The first may be quick enough to get it back, and then it rightly goes on.
    while second.metric("active").await < 1.0 {
        surroundings.rows(KILL_HOLDER).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    first.until_metric("active", 0.0).await;
    surroundings.send(&messages(5)).await;
    surroundings.until_reports(5).await;
    second.stop().await;
    first.until_metric("active", 1.0).await;
    first.stop().await;
}

const KILL_HOLDER: &str = "\
    SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
