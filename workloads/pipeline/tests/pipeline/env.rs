//! Kafka, object storage, and a pipeline between them.

use std::{net::SocketAddr, time::Duration};

use ccx_config::{Config, LinkPolicy};
use ccx_local::{Kafka, ObjectStorage};
use ccx_messages::{Announce, ClusterId, DeadLetter, Identity, OrgId, Timestamp};
use ccx_pipeline::{PipelineError, Rules, run_on};
use ccx_sample_archive::SampleArchive;
pub(crate) use ccx_test_support::eventually_async as eventually;
use ccx_test_support::http;
use ccx_transport::{ObjectStore, Outgoing, Producer, Record, TopicReader};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The topic about workloads, for the tests that switch it on.
pub(crate) const WORKLOADS: &str = "ccx.dvo.results";

/// The time limit of a shutdown on a busy machine.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(90);

/// The servers of the pipeline.
pub(crate) struct TestEnv {
    pub(crate) kafka: Kafka,
    pub(crate) storage: ObjectStorage,
    pub(crate) config: Config,
    producer: Producer,
}

/// A running pipeline.
pub(crate) struct Running {
    address: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), PipelineError>>,
}

impl TestEnv {
    pub(crate) async fn new() -> Self {
        let topics = ccx_config::Topics::default();
        let names =
            [&topics.announce, &topics.results, &topics.payload_status, &topics.announce_dead_letters];
        let names = names.into_iter().map(String::as_str).chain([WORKLOADS]);
        let kafka = Kafka::start(&names.map(|topic| (topic, 1)).collect::<Vec<_>>()).unwrap();
        let storage = ObjectStorage::start("uploads").await.unwrap();
        let mut config =
            Config { kafka: kafka.config(), object_storage: storage.config(), ..Config::default() };
        config.object_storage.links = LinkPolicy::Any;
        config.pipeline.workers = 2;
        config.retry.initial_delay = Duration::from_millis(10);
        config.retry.max_delay = Duration::from_millis(100);
        config.retry.max_attempts = 3;
        let producer = Producer::new(&config.kafka).unwrap();
        Self { kafka, storage, config, producer }
    }

    pub(crate) async fn start(&self) -> Running {
        self.start_with(Rules::from_config(&self.config)).await
    }

    pub(crate) async fn start_with(&self, rules: impl Into<Rules>) -> Running {
        let rules = rules.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (config, shutdown) = (self.config.clone(), CancellationToken::new());
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { run_on(listener, &config, rules, stop).await });
        Running { address, shutdown, task }
    }

    /// Stores an archive and gives the link to it.
    pub(crate) async fn store(&self, key: &str, archive: Vec<u8>) -> String {
        let settings = &self.config.object_storage;
        let store = ObjectStore::connect(settings).await.unwrap();
        store.put(&settings.bucket, key, archive.into()).await.unwrap();
        format!("s3://{}/{key}", settings.bucket)
    }

    /// Stores a healthy sample of a cluster.
    pub(crate) async fn store_sample(&self, cluster_id: ClusterId) -> String {
        self.store(&cluster_id.to_string(), SampleArchive::small(cluster_id).to_tar_gz()).await
    }

    /// Announces a link for request `request_id`.
    pub(crate) async fn announce(&self, request_id: &str, link: &str) {
        self.send(Some("openshift"), &announcement(request_id, link)).await;
    }

    /// Sends any payload to the topic of announcements.
    pub(crate) async fn send(&self, service: Option<&str>, payload: &[u8]) {
        let headers: Vec<_> = service.map(|service| ("service", service.as_bytes())).into_iter().collect();
        let topic = &self.config.kafka.topics.announce;
        self.producer.send(Outgoing { topic, key: Some(b"key"), headers: &headers, payload }).await.unwrap();
    }

    /// Reads the topic of results.
    pub(crate) async fn results(&self, at_least: usize) -> Vec<Record> {
        self.read(&self.config.kafka.topics.results, at_least).await
    }

    /// Reads the topic about workloads.
    pub(crate) async fn workloads(&self, at_least: usize) -> Vec<Record> {
        self.read(WORKLOADS, at_least).await
    }

    /// The dead letters, with their headers read.
    pub(crate) async fn dead_letters(&self, at_least: usize) -> Vec<(DeadLetter, Record)> {
        let records = self.read(&self.config.kafka.topics.announce_dead_letters, at_least).await;
        let letter = |record: &Record| DeadLetter::from_headers(&record.headers.iter()).unwrap();
        records.into_iter().map(|record| (letter(&record), record)).collect()
    }

    /// The statuses of a request, in order; waits until the last one is there.
    pub(crate) async fn statuses(&self, request_id: &str, last: &str) -> Vec<serde_json::Value> {
        let topic = self.config.kafka.topics.payload_status.as_str();
        eventually(&format!("status {last} of {request_id}"), async || {
            let records = read_topic(&self.config, topic).await;
            let statuses = records.iter().map(|record| serde_json::from_slice(&record.payload).unwrap());
            let ours: Vec<serde_json::Value> =
                statuses.filter(|status: &serde_json::Value| status["request_id"] == request_id).collect();
            ours.last().is_some_and(|status| status["status"] == last).then_some(ours)
        })
        .await
    }

    pub(crate) async fn read(&self, topic: &str, at_least: usize) -> Vec<Record> {
        eventually(&format!("{at_least} records in {topic}"), async || {
            let records = read_topic(&self.config, topic).await;
            (records.len() >= at_least).then_some(records)
        })
        .await
    }
}

impl Running {
    /// Returns the status line, headers and body of a response of the pipeline.
    pub(crate) async fn get(&self, path: &str) -> String {
        http::get_raw(self.address, path).await
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").await;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("no metric {name} in\n{metrics}"))
    }

    /// Waits until the metric is at least `value`.
    pub(crate) async fn metric_reaches(&self, name: &str, value: u64) {
        eventually(&format!("{name} {value}"), async || (self.metric(name).await >= value).then_some(()))
            .await;
    }

    /// Waits until the metric is at most `value`.
    pub(crate) async fn metric_falls_to(&self, name: &str, value: u64) {
        eventually(&format!("{name} {value}"), async || (self.metric(name).await <= value).then_some(()))
            .await;
    }

    /// Waits until `/readyz` contains a text.
    pub(crate) async fn readiness_says(&self, text: &str) {
        eventually(&format!("readiness {text:?}"), async || {
            self.get("/readyz").await.contains(text).then_some(())
        })
        .await;
    }

    /// Asks it to stop.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits for its end.
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        tokio::time::timeout(SHUTDOWN_LIMIT, self.task).await.expect("an end").unwrap().unwrap();
    }
}

/// The message that announces a link.
pub(crate) fn announcement(request_id: &str, link: &str) -> Vec<u8> {
    let announce = Announce {
        url: link.into(),
        identity: Identity { org_id: OrgId::new(42).unwrap(), account_number: None, cluster_id: None },
        timestamp: Timestamp::parse("2026-01-15T12:00:01Z").unwrap(),
        request_id: Some(request_id.into()),
        gathering_time: None,
        is_cluster_authenticated: false,
    };
    announce.to_json(1)
}

async fn read_topic(config: &Config, topic: &str) -> Vec<Record> {
    TopicReader::open(&config.kafka, topic).await.unwrap().read_to_end().await.unwrap()
}
