//! Dead letters, retries and statuses against an embedded Kafka.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use bytes::Bytes;
use ccx_config::Retry;
use ccx_messages::{DeadLetter, ErrorClass, Reason, Status, header};
use ccx_outbox::{
    DeadLetters, KafkaReadiness, Request, SendError, Sender, SenderMetrics, StatusMetrics, StatusReporter,
};
use ccx_service::{Dependency, Health};
use ccx_test_support::eventually_async as eventually;
use ccx_transport::{Headers, Outgoing, Producer, Record, TopicReader};
use prometheus::{IntCounter, IntGauge};
use rdkafka::{
    mocking::MockCluster,
    producer::DefaultProducerContext,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use tokio_util::sync::CancellationToken;

const QUEUE: &str = "dead";
const DEADLINE: Duration = Duration::from_mins(1);

struct TestEnv {
    cluster: MockCluster<'static, DefaultProducerContext>,
    settings: ccx_config::Kafka,
    health: Health,
    producer: Producer,
    readiness: KafkaReadiness,
    metrics: SenderMetrics,
    shutdown: CancellationToken,
}

impl TestEnv {
    fn new(properties: &[(&str, &str)]) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(QUEUE, 1, 1).unwrap();
        let settings = ccx_config::Kafka {
            bootstrap_servers: vec![cluster.bootstrap_servers()],
            properties: properties.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            ..ccx_config::Kafka::default()
        };
        let health = Health::new();
        let producer = Producer::new(&settings).unwrap();
        let readiness = KafkaReadiness::new(health.condition(Dependency::KAFKA), &producer);
        let retries = IntCounter::new("retries", "retries").unwrap();
        let metrics = SenderMetrics { retries, unsent: IntGauge::new("unsent", "unsent").unwrap() };
        let shutdown = CancellationToken::new();
        Self { cluster, settings, health, producer, readiness, metrics, shutdown }
    }

    fn sender(&self) -> Sender {
        let retry = Retry {
            initial_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(50),
            ..Retry::default()
        };
        let (readiness, metrics) = (self.readiness.clone(), self.metrics.clone());
        Sender::new(self.producer.clone(), &retry, readiness, metrics, self.shutdown.clone())
    }

    fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.sender(), QUEUE, "ccx-data-pipeline")
    }

    async fn read(&self) -> Vec<Record> {
        TopicReader::open(&self.settings, QUEUE).await.unwrap().read_to_end().await.unwrap()
    }

    fn unready(&self) -> String {
        self.readiness.update();
        self.health.readiness().unmet().map(ToString::to_string).collect()
    }
}

fn record(payload: &[u8], headers: &[(&str, &[u8])]) -> Record {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), Bytes::copy_from_slice(value)));
    Record {
        topic: "announce".into(),
        partition: 3,
        offset: 42,
        timestamp_ms: Some(1),
        key: Some(b"key".to_vec()),
        headers: headers.collect::<Headers>(),
        payload: Bytes::copy_from_slice(payload),
    }
}

fn reason(text: &str) -> Reason {
    Reason::new(text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letter_is_the_whole_message_with_the_last_reason() {
    let env = TestEnv::new(&[]);
    let original = record(b"not JSON", &[("service", b"openshift"), ("ccx-request-id", b"4711")]);
    env.dead_letters().send(&original, ErrorClass::BadInput, &reason("first")).await.unwrap();
    let letter = env.read().await.remove(0);
    env.dead_letters().send(&letter, ErrorClass::Bug, &reason("second")).await.unwrap();
    let letter = env.read().await.remove(1);

    assert_eq!((letter.key.as_deref(), &*letter.payload), (Some(b"key".as_slice()), b"not JSON".as_slice()));
    assert_eq!(letter.headers.get_str("service"), Some("openshift"));
    let read = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
    assert_eq!((&*read.error, read.class, read.topic.as_str()), ("second", ErrorClass::Bug, QUEUE));
    assert_eq!(letter.headers.iter().filter(|(name, _)| *name == header::ERROR).count(), 1);
    assert_eq!(letter.headers.get_str(header::OMITTED), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_letter_is_sent_without_its_payload_or_its_headers() {
    let env = TestEnv::new(&[("message.max.bytes", "10000")]);
    let letters = env.dead_letters();
    let large = vec![b'x'; 20_000];
    letters
        .send(&record(&large, &[("service", b"openshift")]), ErrorClass::BadInput, &reason("a"))
        .await
        .unwrap();
    letters.send(&record(b"", &[("large", &large)]), ErrorClass::BadInput, &reason("b")).await.unwrap();
    // A reason of any length is cut.
    letters.send(&record(b"{}", &[]), ErrorClass::BadInput, &reason(&"y".repeat(2_000_000))).await.unwrap();

    let [without_payload, bare, whole] = &*env.read().await else { panic!("three letters") };
    assert_eq!(without_payload.headers.get_str(header::OMITTED), Some("payload"));
    assert_eq!(without_payload.headers.get_str("service"), Some("openshift"));
    assert_eq!(bare.headers.get_str(header::OMITTED), Some("payload, key, headers"));
    assert_eq!((bare.key.as_deref(), bare.headers.get("large")), (Some(b"key".as_slice()), None));
    assert_eq!((&*whole.payload, whole.headers.get_str(header::OMITTED)), (b"{}".as_slice(), None));
    for letter in [without_payload, bare] {
        let read = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
        assert_eq!((read.topic.as_str(), read.partition, read.offset), ("announce", 3, 42));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letter_that_kafka_rejects_is_retried_visibly_until_it_is_accepted() {
    for rejection in [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ] {
        let env = TestEnv::new(&[("message.timeout.ms", "500")]);
        env.cluster.request_errors(RDKafkaApiKey::Produce, &[rejection; 200]);
        let letters = env.dead_letters();
        let original = record(b"{}", &[]);
        let sending =
            tokio::spawn(
                async move { letters.send(&original, ErrorClass::BadInput, &reason("invalid")).await },
            );
        eventually("the letter waits", async || env.metrics.unsent.get() == 1).await;
        eventually("the workload is not ready", async || env.unready().contains("topic dead")).await;
        env.cluster.clear_request_errors(RDKafkaApiKey::Produce);
        tokio::time::timeout(DEADLINE, sending).await.unwrap().unwrap().unwrap();
        assert_eq!((env.metrics.unsent.get(), env.unready()), (0, String::new()));
        assert!(env.metrics.retries.get() > 0);
        assert_eq!(env.read().await.len(), 1, "{rejection:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letter_that_waits_ends_with_the_shutdown() {
    let env = TestEnv::new(&[("message.timeout.ms", "500")]);
    env.cluster.topic_error(QUEUE, RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED).unwrap();
    let letters = env.dead_letters();
    let original = record(b"{}", &[]);
    let sending =
        tokio::spawn(async move { letters.send(&original, ErrorClass::BadInput, &reason("invalid")).await });
    eventually("the letter waits", async || env.metrics.unsent.get() == 1).await;
    env.shutdown.cancel();
    let ended = tokio::time::timeout(DEADLINE, sending).await.unwrap().unwrap();
    assert!(matches!(ended, Err(SendError::ShuttingDown)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_result_is_rejected_and_other_errors_are_retried() {
    let env = TestEnv::new(&[("message.max.bytes", "10000")]);
    let large = vec![b'x'; 20_000];
    let message = |payload| Outgoing { topic: QUEUE, key: None, headers: &[], payload };
    let rejected = env.sender().send_with_retry(message(&large)).await;
    assert!(matches!(rejected, Err(SendError::Rejected(_))));
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION; 2];
    env.cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    env.sender().send_with_retry(message(b"{}")).await.unwrap();
    assert_eq!(env.read().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_are_sent_in_order_before_a_flush_ends() {
    let env = TestEnv::new(&[]);
    let counter = || IntCounter::new("statuses", "statuses").unwrap();
    let metrics = StatusMetrics { sent: counter(), dropped: counter() };
    let reporter = StatusReporter::start("ccx-data-pipeline", &env.producer, QUEUE, metrics.clone());
    let request = Request { id: "abc".into(), owner: None };
    reporter.report(None, Status::Received, None);
    for status in [Status::Received, Status::Processing, Status::Error] {
        reporter.report(Some(&request), status, Some("reason"));
    }
    reporter.flush().await;
    assert_eq!((metrics.sent.get(), metrics.dropped.get()), (3, 0));
    let statuses: Vec<_> = env.read().await.into_iter().map(|record| record.payload).collect();
    let expected = ["received", "processing", "error"];
    assert_eq!(statuses.len(), expected.len());
    for (json, status) in statuses.iter().zip(expected) {
        assert!(String::from_utf8_lossy(json).contains(&format!(r#""status":"{status}""#)), "{json:?}");
    }
}
