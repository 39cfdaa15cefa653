//! `ccx dlq`

use ccx_local::Kafka;
use ccx_messages::{DeadLetter, ErrorClass, Reason};
use ccx_transport::{Outgoing, Producer, Record, TopicReader};
use serde_json::Value;

use crate::process::{Outcome, ccx, run};

const ANNOUNCE: &str = "platform.upload.announce";
const ANNOUNCE_RETRY: &str = "ccx.data.pipeline.dead.letter.queue.retry";
const RESULTS_RETRY: &str = "ccx.aggregator.dead.letter.queue.retry";
const ANNOUNCE_LETTERS: &str = "ccx.data.pipeline.dead.letter.queue";
const RESULTS: &str = "ccx.ocp.results";
const RESULTS_LETTERS: &str = "ccx.aggregator.dead.letter.queue";

fn kafka() -> Kafka {
    let topics = [ANNOUNCE, ANNOUNCE_LETTERS, ANNOUNCE_RETRY, RESULTS, RESULTS_LETTERS, RESULTS_RETRY];
    Kafka::start(&topics.map(|topic| (topic, 1))).unwrap()
}

/// Puts a letter of `topic` with this request into `queue`.
async fn put(kafka: &Kafka, (topic, queue): (&str, &str), class: ErrorClass, request_id: &str) {
    let letter = DeadLetter {
        error: Reason::new(&format!("failed for {request_id}")),
        class,
        topic: topic.into(),
        partition: 0,
        offset: 7,
        timestamp_ms: None,
        failed_by: "test".into(),
    };
    let headers = letter.headers();
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let headers: Vec<_> = [("service", b"openshift".as_slice())].into_iter().chain(headers).collect();
    let payload = format!(r#"{{"request_id":"{request_id}"}}"#);
    let payload = if request_id.is_empty() { b"".as_slice() } else { payload.as_bytes() };
    let message = Outgoing { topic: queue, key: Some(b"the key"), headers: &headers, payload };
    Producer::new(&kafka.config()).unwrap().send(message).await.unwrap();
}

async fn run_dlq(kafka: &Kafka, arguments: &[&str]) -> Outcome {
    let mut command = ccx(["dlq"].iter().chain(arguments));
    command.env("CCX__KAFKA__BOOTSTRAP_SERVERS", kafka.config().bootstrap_servers.join(","));
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}

async fn records(kafka: &Kafka, topic: &str) -> Vec<Record> {
    TopicReader::open(&kafka.config(), topic).await.unwrap().read_to_end().await.unwrap()
}

#[tokio::test]
async fn letters_of_both_queues_are_listed_and_shown() {
    let kafka = kafka();
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::BadInput, "first").await;
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Transient, "second").await;

    let list = run_dlq(&kafka, &["list", "--output", "json"]).await;
    let rows: Vec<Value> =
        list.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let field = |name: &str| rows.iter().map(|row| row[name].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(field("position"), ["announce/0/0", "results/0/0"]);
    assert_eq!(field("class"), ["bad-input", "transient"]);
    assert_eq!(field("request_id"), ["first", "second"]);
    assert_eq!(field("error"), ["failed for first", "failed for second"]);
    assert_eq!(field("original_topic"), [ANNOUNCE, RESULTS]);

    let table = run_dlq(&kafka, &["list", "--class", "transient"]).await.stdout;
    assert!(table.contains("second") && !table.contains("first"), "{table}");

    let shown = run_dlq(&kafka, &["show", "announce/0/0"]).await.stdout;
    for part in ["ccx-error: failed for first", "service: openshift", "\"request_id\": \"first\""] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    let missing = run_dlq(&kafka, &["show", "announce/0/9"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("no letter at announce/0/9"), "{}", missing.stderr);
}

#[tokio::test]
async fn replayed_letter_is_the_original_message_in_the_retry_topic() {
    let kafka = kafka();
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::BadInput, "keep").await;
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::Transient, "send").await;

    let rehearsal = run_dlq(&kafka, &["replay", "--class", "transient", "--dry-run"]).await;
    assert!(rehearsal.stdout.contains("1 letter(s) would be sent"), "{rehearsal:?}");
    assert_eq!(records(&kafka, ANNOUNCE_RETRY).await.len(), 0);

    let replay = run_dlq(&kafka, &["replay", "--class", "transient"]).await;
    assert!(
        replay.stdout.contains("announce/0/1 -> ccx.data.pipeline.dead.letter.queue.retry"),
        "{replay:?}"
    );
    assert_eq!(records(&kafka, ANNOUNCE).await.len(), 0, "other consumers read this topic");
    let sent = records(&kafka, ANNOUNCE_RETRY).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].payload, r#"{"request_id":"send"}"#);
    assert_eq!(sent[0].key.as_deref(), Some(b"the key".as_slice()));
    assert_eq!(sent[0].headers.iter().collect::<Vec<_>>(), [("service", b"openshift".as_slice())]);
}

#[tokio::test]
async fn letter_is_replayed_by_its_position() {
    let kafka = kafka();
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Bug, "one").await;
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Bug, "two").await;
    let nothing = run_dlq(&kafka, &["replay"]).await;
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    let wrong = run_dlq(&kafka, &["replay", "results/0/5"]).await;
    assert!(wrong.stderr.contains("no letter at results/0/5"), "{wrong:?}");
    run_dlq(&kafka, &["replay", "results/0/1"]).await;
    let sent = records(&kafka, RESULTS_RETRY).await;
    assert_eq!(
        sent.iter().map(|record| &record.payload[..]).collect::<Vec<_>>(),
        [br#"{"request_id":"two"}"#]
    );
}

#[tokio::test]
async fn replayed_letter_is_not_replayed_again() {
    let kafka = kafka();
    for class in [ErrorClass::Transient, ErrorClass::Bug, ErrorClass::Transient] {
        put(&kafka, (RESULTS, RESULTS_LETTERS), class, "x").await;
    }
    let sent = async |arguments: &[&str]| {
        let replay = run_dlq(&kafka, &[&["replay"], arguments].concat()).await;
        assert_eq!(replay.code, Some(0), "{replay:?}");
        let last = replay.stdout.lines().last().unwrap().to_owned();
        last.split(' ').next().unwrap().parse::<usize>().unwrap()
    };
    assert_eq!(sent(&["--class", "transient", "--limit", "1"]).await, 1);
    assert_eq!(sent(&["--class", "transient"]).await, 1);
    assert_eq!(sent(&["--class", "transient"]).await, 0);
    assert_eq!(sent(&["results/0/1"]).await, 1);
    assert_eq!(sent(&["results/0/1"]).await, 0);
    assert_eq!(sent(&["--all"]).await, 0);
    assert_eq!(sent(&["results/0/1", "--again"]).await, 1);
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Bug, "new").await;
    assert_eq!(sent(&["--all"]).await, 1);
    assert_eq!(records(&kafka, RESULTS_RETRY).await.len(), 5);
}

#[tokio::test]
async fn letter_without_payload_is_named_and_not_sent() {
    let kafka = kafka();
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::BadInput, "").await;
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::BadInput, "good").await;
    let replay = run_dlq(&kafka, &["replay", "--all"]).await;
    assert!(replay.stdout.contains("announce/0/0 skipped: it has no payload"), "{replay:?}");
    assert!(replay.stdout.contains("1 letter(s) sent, 1 skipped"), "{replay:?}");
    assert_eq!(records(&kafka, ANNOUNCE_RETRY).await.len(), 1);
}
