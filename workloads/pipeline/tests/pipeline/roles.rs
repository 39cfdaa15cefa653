//! The roles of a process: what each sends and stores, and that they share one download.

use std::time::Duration;

use ccx_config::PipelineRole;
use ccx_messages::ClusterId;
use ccx_transport::{Downloader, ObjectStore, Outgoing, Producer};
use serde_json::Value;

use crate::{
    bad_input::tar_of,
    dashboards::assert_metrics_of_dashboards,
    env::{TestEnv, WORKLOADS},
};

/// An archive with something for every role.
fn archive(cluster_id: ClusterId) -> Vec<u8> {
    let metrics: &[u8] =
        b"deployment_validation_operator_host_pid{kind=\"Deployment\",namespace_uid=\"n\",uid=\"u\"} 1\n";
    tar_of(&[
        ("config/id", cluster_id.to_string().as_bytes()),
        ("config/dvo_metrics", metrics),
        ("config/workload_info.json", br#"{"pods": 1, "images": {}}"#),
    ])
}

/// An environment whose process has `roles`.
async fn env(roles: &[PipelineRole]) -> TestEnv {
    let mut env = TestEnv::new().await;
    env.config.kafka.topics.workloads = WORKLOADS.into();
    env.config.pipeline.roles = roles.to_vec();
    let topics = &env.config.kafka.topics;
    for topic in
        [&topics.images, &topics.archives, &topics.archive_results, &topics.sha_extractor_dead_letters]
    {
        env.kafka.create_topic(topic, 1).unwrap();
    }
    env
}

/// The content of an object.
async fn object(env: &TestEnv, key: &str) -> bytes::Bytes {
    let config = &env.config;
    let downloader =
        Downloader::new(&config.object_storage, &config.pipeline, &config.archive).await.unwrap();
    downloader.fetch(&format!("s3://{}/{key}", config.object_storage.bucket)).await.unwrap()
}

fn key(cluster_id: ClusterId) -> String {
    let id = cluster_id.to_string();
    format!("{}/{id}/202601/15/120001", &id[..2])
}

#[tokio::test(flavor = "multi_thread")]
async fn all_roles_share_one_download() {
    let env = env(&PipelineRole::ALL).await;
    let running = env.start().await;
    let cluster_id = ClusterId::random();
    let uploaded = archive(cluster_id);
    let link = env.store("all", uploaded.clone()).await;
    env.announce("request-1", &link).await;

    let synced = env.read(&env.config.kafka.topics.archives, 1).await.remove(0);
    let synced: Value = serde_json::from_slice(&synced.payload).unwrap();
    let path = format!("archives/compressed/{}.tar.gz", key(cluster_id));
    assert_eq!(
        (synced["path"].as_str(), synced["original_path"].as_str()),
        (Some(path.as_str()), Some(link.as_str()))
    );
    assert_eq!(synced["metadata"]["cluster_id"], cluster_id.to_string());
    assert_eq!(
        (&synced["metadata"]["external_organization"], &synced["request_id"]),
        (&"42".into(), &"request-1".into())
    );
    assert_eq!(object(&env, &path).await, uploaded, "the copy is the upload");

    let stored = object(&env, &format!("insights/{}/insights.json", key(cluster_id))).await;
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    let result: Value = serde_json::from_slice(&env.results(1).await[0].payload).unwrap();
    assert_eq!((&stored["report"], stored["path"].as_str()), (&result["Report"], Some(path.as_str())));

    let images = env.read(&env.config.kafka.topics.images, 1).await.remove(0);
    assert_eq!(images.key.as_deref(), Some(cluster_id.to_string().as_bytes()));
    assert_eq!(&images.payload[..2], [0x1f, 0x8b], "compressed");
    assert_eq!(env.workloads(1).await.len(), 1);
    env.statuses("request-1", "success").await;
    assert_eq!(running.metric("ccx_downloaded_total_count").await, 1);
    assert_eq!(running.metric("ccx_pipeline_uploads_total").await, 2);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_in_processes_of_their_own_download_once_each() {
    let roles = [
        PipelineRole::Rules,
        PipelineRole::DvoExtractor,
        PipelineRole::ShaExtractor,
        PipelineRole::ArchiveSync,
    ];
    let mut env = env(&roles[..1]).await;
    let topics = &env.config.kafka.topics;
    for topic in [&topics.dvo_extractor_dead_letters, &topics.archive_sync_dead_letters] {
        env.kafka.create_topic(topic, 1).unwrap();
    }
    let mut processes = Vec::new();
    for role in roles {
        env.config.pipeline.roles = vec![role];
        processes.push(env.start().await);
    }
    let link = env.store("each", archive(ClusterId::random())).await;
    env.announce("request-1", &link).await;
    let topics = env.config.kafka.topics.clone();
    for topic in [&topics.results, &topics.workloads, &topics.images, &topics.archives] {
        assert_eq!(env.read(topic, 1).await.len(), 1, "{topic}");
    }
    let mut downloads = 0;
    for process in processes {
        process.metric_reaches("ccx_downloaded_total_count", 1).await;
        downloads += process.metric("ccx_downloaded_total_count").await;
        assert_metrics_of_dashboards(&process.get("/metrics").await);
        process.end().await;
    }
    assert_eq!(downloads, 4, "four times as many as with all roles in one process");
}

#[tokio::test(flavor = "multi_thread")]
async fn process_with_one_role_has_its_group_dead_letters_and_nothing_of_other_roles() {
    let env = env(&[PipelineRole::ShaExtractor]).await;
    let running = env.start().await;
    let link = env.store("images", archive(ClusterId::random())).await;
    env.announce("request-1", &link).await;
    env.send(Some("openshift"), b"}").await;
    env.read(&env.config.kafka.topics.images, 1).await;
    let letters = env.read(&env.config.kafka.topics.sha_extractor_dead_letters, 1).await;
    assert_eq!(letters[0].headers.get_str("ccx-failed-by"), Some("sha-extractor"));
    let statuses = env.statuses("request-1", "success").await;
    assert!(statuses.iter().all(|status| status["service"] == "sha-extractor"), "{statuses:?}");
    assert!(env.results(0).await.is_empty() && env.workloads(0).await.is_empty());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_another_process_are_stored_and_invalid_ones_dead_lettered() {
    let env = env(&[PipelineRole::RulesUploader]).await;
    let topics = &env.config.kafka.topics;
    env.kafka.create_topic(&topics.rules_uploader_dead_letters, 1).unwrap();
    let running = env.start().await;
    let payload = br#"{"path":"archives/compressed/a/b.tar.gz","metadata":{"cluster_id":"c"},"report":{"reports":[]},"request_id":"r"}"#;
    let producer = Producer::new(&env.config.kafka).unwrap();
    for payload in [&payload[..], b"{}"] {
        let message = Outgoing { topic: &topics.archive_results, key: None, headers: &[], payload };
        producer.send(message).await.unwrap();
    }
    env.statuses("r", "success").await;
    assert_eq!(object(&env, "insights/a/b/insights.json").await, &payload[..]);
    assert_eq!(env.read(&topics.rules_uploader_dead_letters, 1).await[0].payload, &b"{}"[..]);
    running.metric_reaches("ccx_pipeline_uploads_total", 1).await;
    assert_metrics_of_dashboards(&running.get("/metrics").await);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_that_is_refused_is_waited_for() {
    let mut env = env(&[PipelineRole::ArchiveSync]).await;
    env.kafka.create_topic(&env.config.kafka.topics.archive_sync_dead_letters, 1).unwrap();
    env.store("copied", archive(ClusterId::random())).await;
    let settings = &mut env.config.object_storage;
    let store = ObjectStore::connect(settings).await.unwrap();
    let link = store.presign_get(&settings.bucket, "copied", Duration::from_mins(10)).await.unwrap();
    settings.secret_access_key = Some("wrong".to_owned().into());
    let running = env.start().await;
    env.announce("request-1", &link).await;
    running.metric_reaches("ccx_pipeline_upload_retries_total", 1).await;
    running.readiness_says("archive bucket").await;
    assert!(
        env.read(&env.config.kafka.topics.archives, 0).await.is_empty(),
        "nothing says that it is copied"
    );
    assert!(env.read(&env.config.kafka.topics.archive_sync_dead_letters, 0).await.is_empty());
    running.end().await;
}
