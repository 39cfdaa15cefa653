use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;

use crate::{
    env::{TestEnv, eventually},
    web::Web,
};

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_object_storage_is_waited_for_by_a_single_record() {
    let env = TestEnv::new().await;
    let link = env.store_sample(ClusterId::random()).await;
    env.storage.start_outage();
    let running = env.start().await;
    env.announce("patient", &link).await;
    running.readiness_says("does not answer").await;
    let far_over_the_limit = u64::from(3 * env.config.retry.max_attempts);
    running.metric_reaches("ccx_pipeline_download_retries_total", far_over_the_limit).await;
    assert_eq!(running.metric("ccx_pipeline_object_storage_unavailable").await, 1);
    assert!(running.get("/livez").await.starts_with("HTTP/1.1 200"), "waiting is not hanging");

    env.storage.end_outage().unwrap();
    env.results(1).await;
    running.readiness_says("ok").await;
    assert_eq!(env.dead_letters(0).await.len(), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_pipeline_notices_an_outage() {
    let env = TestEnv::new().await;
    let running = env.start().await;
    running.readiness_says("ok").await;
    env.storage.start_outage();
    running.readiness_says("does not answer").await;
    env.storage.end_outage().unwrap();
    running.readiness_says("ok").await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_links_without_an_answer_are_an_outage_without_dead_letters() {
    let env = TestEnv::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    // What the links lead to fails, although the storage's own address takes connections.
    for number in 0..6 {
        env.announce(&format!("failing-{number}"), &web.link("failing")).await;
    }
    let running = env.start().await;
    running.readiness_says("all downloads fail").await;
    running.metric_reaches("ccx_pipeline_download_retries_total", 60).await;
    assert_eq!(env.dead_letters(0).await.len(), 0);

    env.announce("good", &web.link("good")).await;
    env.statuses("good", "success").await;
    env.results(1).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_kafka_is_waited_for() {
    let env = TestEnv::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = env.start().await;
    env.announce("patient", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    env.kafka.start_outage().unwrap();
    web.open_gate();
    running.readiness_says("kafka:").await;
    assert!(running.get("/livez").await.starts_with("HTTP/1.1 200"));

    env.kafka.end_outage().unwrap();
    env.results(1).await;
    running.readiness_says("ok").await;
    assert_eq!(env.dead_letters(0).await.len(), 0);
    running.end().await;
}
