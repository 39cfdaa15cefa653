use std::collections::BTreeSet;

use ccx_messages::{ClusterId, Results};
use ccx_rules::{Budget, Context, Engine, Response, Rule, RuleMeta};
use ccx_sample_archive::{Fault, SampleArchive};

use crate::{
    bad_input::tar_of,
    env::{TestEnv, WORKLOADS, announcement},
};

#[tokio::test(flavor = "multi_thread")]
async fn archive_becomes_a_result_keyed_by_its_cluster() {
    let env = TestEnv::new().await;
    let running = env.start().await;
    let cluster_id = ClusterId::random();
    let mut sample = SampleArchive::small(cluster_id);
    sample.faults = vec![Fault::NodeNotReady];
    let link = env.store("archive", sample.to_tar_gz()).await;
    env.announce("request-1", &link).await;

    let results = env.results(1).await;
    assert_eq!(results[0].key.as_deref(), Some(cluster_id.to_string().as_bytes()));
    assert_eq!(results[0].headers.get_str("ccx-request-id"), Some("request-1"));
    let message = Results::parse(&results[0].payload).unwrap();
    assert_eq!(message.cluster_id, cluster_id);
    assert_eq!(message.report.hits[0].error_key, "NODE_NOT_READY");

    let statuses = env.statuses("request-1", "success").await;
    let words: Vec<_> = statuses.iter().map(|status| status["status"].as_str().unwrap()).collect();
    assert_eq!(words, ["received", "processing", "success"]);
    assert_eq!(statuses[0]["org_id"], "42");
    assert_eq!(statuses[0]["service"], "ccx-data-pipeline");

    // The sample has config/infrastructure.json, which makes it "hypershift" for the dashboards.
    for (name, value) in [
        ("ccx_consumer_received_total", 1),
        ("ccx_consumer_filtered_total", 0),
        ("ccx_consumer_extracted_total{archive=\"hypershift\"}", 1),
        ("ccx_engine_processed_total{archive=\"hypershift\"}", 1),
        ("ccx_published_total{archive=\"hypershift\"}", 1),
        ("ccx_failures_total{archive=\"ocp\"}", 0),
        ("ccx_downloaded_total_count", 1),
    ] {
        assert_eq!(running.metric(name).await, value, "{name}");
    }
    running.readiness_says("ok").await;
    assert!(running.get("/livez").await.starts_with("HTTP/1.1 200"));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_services_are_counted_and_skipped() {
    let env = TestEnv::new().await;
    let running = env.start().await;
    env.send(None, b"not even JSON").await;
    env.send(Some("advisor"), b"not even JSON").await;
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("for-us", &link).await;
    env.results(1).await;
    assert_eq!(env.dead_letters(0).await.len(), 0);
    assert_eq!(running.metric("ccx_consumer_filtered_total").await, 2);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_records_are_skipped() {
    let mut env = TestEnv::new().await;
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("old", &link).await;
    env.config.pipeline.max_record_age = std::time::Duration::from_millis(1);
    let running = env.start().await;
    running.metric_reaches("ccx_pipeline_filtered_total{reason=\"too-old\"}", 1).await;
    assert_eq!(env.results(0).await.len(), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_larger_than_usual_pass_with_little_memory() {
    let mut env = TestEnv::new().await;
    env.config.pipeline.max_bytes_in_flight = bytesize::ByteSize::mib(1);
    let running = env.start().await;
    for number in 0..3 {
        let cluster_id = ClusterId::random();
        // Random bytes don't compress, so this is over the 4 MiB that are set aside at first.
        let noise: Vec<u8> =
            (0..6_u64 << 20).map(|byte| (byte.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        let id = cluster_id.to_string();
        let archive = tar_of(&[("config/id", id.as_bytes()), ("config/noise", &noise)]);
        let link = env.store(&format!("large-{number}"), archive).await;
        env.announce(&format!("large-{number}"), &link).await;
    }
    env.results(3).await;
    assert_eq!(env.dead_letters(0).await.len(), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backlog_is_processed_to_the_last_record() {
    const RECORDS: usize = 400;
    let mut env = TestEnv::new().await;
    env.config.pipeline.max_downloads = 3;
    let id = ClusterId::random().to_string();
    let link = env.store("tiny", tar_of(&[("config/id", id.as_bytes())])).await;
    let numbers: BTreeSet<String> = (0..RECORDS).map(|number| number.to_string()).collect();
    futures::future::join_all(numbers.iter().map(|number| env.announce(number, &link))).await;

    let running = env.start().await;
    let results = env.results(RECORDS).await;
    let request_ids: BTreeSet<_> =
        results.iter().map(|result| result.headers.get_str("ccx-request-id").unwrap().to_owned()).collect();
    assert_eq!(request_ids, numbers);
    assert_eq!(results.len(), RECORDS, "none twice");
    running.metric_falls_to("ccx_pipeline_lag_records", 0).await;
    running.metric_falls_to("ccx_pipeline_records_in_flight", 0).await;
    running.metric_falls_to("ccx_pipeline_bytes_in_flight", 0).await;
    running.end().await;
}

/// A rule that panics with something whose own end panics as well: once in the engine's care, once outside of it.
struct Explosive;

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the bomb went off");
    }
}

impl Rule for Explosive {
    fn meta(&self) -> RuleMeta {
        RuleMeta::new("tests.explosive".parse().unwrap(), "EXPLOSIVE".parse().unwrap())
    }

    fn check(&self, _context: &Context<'_>) -> Option<Response> {
        std::panic::panic_any(Bomb)
    }
}

struct Panicking;

impl Rule for Panicking {
    fn meta(&self) -> RuleMeta {
        RuleMeta::new("tests.panicking".parse().unwrap(), "PANICKING".parse().unwrap())
    }

    fn check(&self, _context: &Context<'_>) -> Option<Response> {
        panic!("on purpose")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_that_panics_is_counted_and_the_report_is_sent() {
    let env = TestEnv::new().await;
    let running = env.start_with(Engine::new(vec![Box::new(Panicking)], Budget::default())).await;
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("request-1", &link).await;
    env.results(1).await;
    assert_eq!(running.metric("ccx_pipeline_rule_faults_total{rule=\"tests.panicking\"}").await, 1);
    assert_eq!(env.dead_letters(0).await.len(), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panic_outside_of_the_rules_is_a_dead_letter_of_class_bug() {
    let env = TestEnv::new().await;
    let running = env.start_with(Engine::new(vec![Box::new(Explosive)], Budget::default())).await;
    let link = env.store_sample(ClusterId::random()).await;
    env.announce("first", &link).await;
    env.announce("second", &link).await;
    let letters = env.dead_letters(2).await;
    for (letter, _) in &letters {
        assert_eq!(letter.class, ccx_messages::ErrorClass::Bug);
        assert!(letter.error.contains("panicked"), "{}", letter.error);
    }
    env.statuses("second", "error").await;
    running.metric_reaches("ccx_pipeline_dead_letters_total{class=\"bug\"}", 2).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workload_checks_are_sent_to_their_own_topic() {
    let mut env = TestEnv::new().await;
    env.config.kafka.topics.workloads = WORKLOADS.into();
    let running = env.start().await;
    let cluster_id = ClusterId::random();
    let metrics =
        b"deployment_validation_operator_host_pid{kind=\"Deployment\",namespace_uid=\"n\",uid=\"u\"} 1\n";
    let archive =
        tar_of(&[("config/id", cluster_id.to_string().as_bytes()), ("config/dvo_metrics", metrics)]);
    let link = env.store("workloads", archive).await;
    env.announce("request-1", &link).await;

    let record = env.workloads(1).await.remove(0);
    assert_eq!(record.key.as_deref(), Some(cluster_id.to_string().as_bytes()));
    assert_eq!(record.headers.get_str("ccx-request-id"), Some("request-1"));
    let message: serde_json::Value = serde_json::from_slice(&record.payload).unwrap();
    assert_eq!(message["ClusterName"], cluster_id.to_string());
    assert_eq!(message["Metrics"]["workload_recommendations"][0]["workloads"][0]["uid"], "u");
    assert_eq!(env.results(1).await.len(), 1, "the report about the cluster is sent as ever");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_announcement_is_processed_as_soon_as_its_topic_exists() {
    let env = TestEnv::new().await;
    let link = env.store("replayed", SampleArchive::small(ClusterId::random()).to_tar_gz()).await;
    let running = env.start().await;
    let retry_topic = env.config.kafka.topics.announce_retry();
    env.kafka.create_topic(&retry_topic, 1).unwrap();
    let payload = announcement("replayed", &link);
    let producer = ccx_transport::Producer::new(&env.config.kafka).unwrap();
    let headers = [("service", b"openshift".as_slice())];
    let message =
        ccx_transport::Outgoing { topic: &retry_topic, key: None, headers: &headers, payload: &payload };
    producer.send(message).await.unwrap();
    let results = env.results(1).await;
    assert_eq!(results[0].headers.get_str("ccx-request-id"), Some("replayed"));
    assert_eq!(results[0].headers.get_str("ccx-cluster-authenticated"), Some("false"));
    running.end().await;
}
