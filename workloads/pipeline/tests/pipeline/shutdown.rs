use std::time::Duration;

use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;

use crate::{
    env::{TestEnv, eventually},
    web::Web,
};

#[tokio::test(flavor = "multi_thread")]
async fn records_in_progress_are_finished_and_committed() {
    let env = TestEnv::new().await;
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = env.start().await;
    env.announce("in flight", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    running.stop();
    web.open_gate();
    running.end().await;
    assert_eq!(env.results(1).await.len(), 1);

    let second = env.start().await;
    env.announce("later", &web.link("good")).await;
    env.statuses("later", "success").await;
    assert_eq!(env.results(2).await.len(), 2);
    assert_eq!(web.requests("gate"), 1, "what is committed is not delivered again");
    second.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_record_is_delivered_again() {
    let mut env = TestEnv::new().await;
    env.config.pipeline.shutdown_timeout = Duration::from_millis(200);
    let web = Web::start(SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = env.start().await;
    env.announce("slow", &web.link("gate")).await;
    eventually("the download", async || (web.requests("gate") == 1).then_some(())).await;
    running.end().await;
    assert_eq!(env.results(0).await.len(), 0);
    assert_eq!(env.dead_letters(0).await.len(), 0);

    web.open_gate();
    let second = env.start().await;
    env.results(1).await;
    second.end().await;
}
