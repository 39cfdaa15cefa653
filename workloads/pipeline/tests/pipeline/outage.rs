use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;

use crate::{
    web::Web,
    world::{World, eventually},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_object_storage_that_is_away_is_waited_for_even_by_a_single_record() {
    let world = World::new().await;
    let link = world.store_sample(ClusterId::random()).await;
    world.storage.go_away();
    let running = world.start().await;
    world.announce("patient", &link).await;
    running.readiness_says("takes no connection").await;
    let far_over_the_limit = u64::from(3 * world.config.retry.max_attempts);
    running.metric_reaches("ccx_pipeline_download_retries_total", far_over_the_limit).await;
    assert_eq!(running.metric("ccx_pipeline_object_storage_away").await, 1);
    assert!(running.get("/livez").await.starts_with("HTTP/1.1 200"), "waiting is not hanging");

    world.storage.come_back().unwrap();
    world.results(1).await;
    running.readiness_says("ok").await;
    assert_eq!(world.dead_letters(0).await.len(), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_pipeline_notices_an_outage_too() {
    let world = World::new().await;
    let running = world.start().await;
    running.readiness_says("ok").await;
    world.storage.go_away();
    running.readiness_says("takes no connection").await;
    world.storage.come_back().unwrap();
    running.readiness_says("ok").await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_links_without_an_answer_are_an_outage_and_none_is_buried() {
    let world = World::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    // What the links lead to fails, although the storage's own address takes connections.
    for number in 0..6 {
        world.announce(&format!("failing-{number}"), &web.link("failing")).await;
    }
    let running = world.start().await;
    running.readiness_says("no download gets an answer").await;
    running.metric_reaches("ccx_pipeline_download_retries_total", 60).await;
    assert_eq!(world.dead_letters(0).await.len(), 0);

    world.announce("good", &web.link("good")).await;
    world.statuses("good", "success").await;
    world.results(1).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kafka_that_is_away_is_waited_for() {
    let world = World::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = world.start().await;
    world.announce("patient", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    world.kafka.go_away().unwrap();
    web.open_gate();
    running.readiness_says("kafka:").await;
    assert!(running.get("/livez").await.starts_with("HTTP/1.1 200"));

    world.kafka.come_back().unwrap();
    world.results(1).await;
    running.readiness_says("ok").await;
    assert_eq!(world.dead_letters(0).await.len(), 0);
    running.end().await;
}
