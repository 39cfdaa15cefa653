//! S3 or Kafka is unavailable: the answer is 503, and nothing is lost or announced half.

use ccx_test_support::eventually_async as eventually;
use reqwest::StatusCode;

use super::test_env::{Form, TestEnv, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_without_object_storage_is_answered_503_and_not_announced() {
    let env = TestEnv::start().await;
    env.storage.start_outage();
    for archive in [vec![1; 10], vec![1; 10_000_000]] {
        let response = env.upload(Form::periodic(&archive)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
        let id = response.headers()["x-rh-insights-request-id"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        assert_eq!(text, "the archive can't be accepted at the moment, try again later");
        if archive.len() < 1000 {
            assert_eq!(env.statuses(&id, 2).await[1]["status"], "error");
        }
    }
    assert_eq!(env.announcements(0).await.len(), 0);
    eventually("unready", async || {
        let ready = env.request("GET", "/readyz").send().await.unwrap();
        ready.status() == 503 && ready.text().await.unwrap().contains("object storage")
    })
    .await;
    env.storage.end_outage().unwrap();
    json(env.upload(Form::periodic(b"a")).await, StatusCode::ACCEPTED).await;
    assert_eq!(env.announcements(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upload_without_kafka_is_answered_503() {
    let env = TestEnv::start_with(|config| {
        config.kafka.properties.insert("message.timeout.ms".into(), "2000".into());
    })
    .await;
    json(env.upload(Form::periodic(b"a")).await, StatusCode::ACCEPTED).await;
    env.kafka.start_outage().unwrap();
    let response = env.upload(Form::periodic(b"a")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    env.kafka.end_outage().unwrap();
    eventually("accepted again", async || env.upload(Form::periodic(b"a")).await.status() == 202).await;
}
