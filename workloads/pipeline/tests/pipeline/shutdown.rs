use std::time::Duration;

use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;

use crate::{
    web::Web,
    world::{World, eventually},
};

#[tokio::test(flavor = "multi_thread")]
async fn work_in_flight_finishes_and_is_committed() {
    let world = World::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = world.start().await;
    world.announce("in flight", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    running.stop();
    web.open_gate();
    running.end().await;
    assert_eq!(world.results(1).await.len(), 1);

    let second = world.start().await;
    world.announce("later", &web.link("good")).await;
    world.statuses("later", "success").await;
    assert_eq!(world.results(2).await.len(), 2);
    assert_eq!(web.requests("gate"), 1, "what is committed is not delivered again");
    second.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_in_time_is_delivered_again() {
    let mut world = World::new().await;
    world.config.pipeline.shutdown_timeout = Duration::from_millis(200);
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = world.start().await;
    world.announce("slow", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    running.end().await;
    assert_eq!(world.results(0).await.len(), 0);
    assert_eq!(world.dead_letters(0).await.len(), 0);

    web.open_gate();
    let second = world.start().await;
    world.results(1).await;
    second.end().await;
}
