use std::time::Duration;

use crate::support::{TestEnv, message};

fn messages(count: usize) -> Vec<String> {
    (0..count).map(|number| message(number, 1, "a")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_finishes_and_commits_the_batch() {
    let mut env = TestEnv::new().await;
    env.config.writer.max_batch_messages = 20;
    let first = env.start_writer().await;
    env.send(&messages(300)).await;
    first.until_ready().await;
    let is_begun = "SELECT count(*) > 0 FROM report";
    env.until(is_begun, "true").await;
    first.stop().await;
    let stored_by_first: f64 = env.rows("SELECT count(*) FROM report").await[0].parse().unwrap();

    env.send(&[message(300, 1, "a")]).await;
    let second = env.start_writer().await;
    env.until_reports(301).await;
    second.until_metric("consumed_messages", 301.0 - stored_by_first).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_on_an_idle_topic_is_stored_without_waiting_for_more() {
    let mut env = TestEnv::new().await;
    env.config.writer.linger = Duration::from_hours(1);
    let writer = env.start_writer().await;
    writer.until_metric("active", 1.0).await;
    env.send(&messages(1)).await;
    env.until_reports(1).await;
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writer_after_a_killed_one_stores_the_rest() {
    let mut env = TestEnv::new().await;
    env.config.writer.max_batch_messages = 20;
    env.send(&messages(200)).await;
    let first = env.start_writer().await;
    env.until("SELECT count(*) > 0 FROM report", "true").await;
    first.kill().await;
    let second = env.start_writer().await;
    env.until_reports(200).await;
    assert_eq!(env.rows("SELECT count(*) FROM recommendation").await, ["200"]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_writer_waits_and_takes_over() {
    let env = TestEnv::new().await;
    let first = env.start_writer().await;
    first.until_metric("active", 1.0).await;
    let second = env.start_writer().await;
    second.until_ready().await;
    env.send(&messages(50)).await;
    env.until_reports(50).await;
    assert!((second.metric("active").await + second.metric("consumed_messages").await).abs() < f64::EPSILON);

    first.kill().await;
    second.until_metric("active", 1.0).await;
    env.send(&[message(50, 1, "a")]).await;
    env.until_reports(51).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writer_that_loses_its_lease_leaves_the_work_to_the_other() {
    let env = TestEnv::new().await;
    let first = env.start_writer().await;
    first.until_metric("active", 1.0).await;
    let second = env.start_writer().await;
    second.until_ready().await;
    // The first may be quick enough to get it back, and then it rightly goes on.
    while second.metric("active").await < 1.0 {
        env.rows(KILL_HOLDER).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    first.until_metric("active", 0.0).await;
    env.send(&messages(5)).await;
    env.until_reports(5).await;
    second.stop().await;
    first.until_metric("active", 1.0).await;
    first.stop().await;
}

const KILL_HOLDER: &str = "\
    SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
