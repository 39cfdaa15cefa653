//! `ccx dlq`

use bytes::Bytes;
use ccx_local::Kafka;
use ccx_messages::{DeadLetter, ErrorClass, Reason};
use ccx_transport::{Headers, Producer, Record, TopicReader, dead_letter};
use serde_json::Value;

use crate::process::{Outcome, ccx, run};

const ANNOUNCE: &str = "platform.upload.announce";
const ANNOUNCE_LETTERS: &str = "ccx.data.pipeline.dead.letter.queue";
const RESULTS: &str = "ccx.ocp.results";
const RESULTS_LETTERS: &str = "ccx.aggregator.dead.letter.queue";

fn kafka() -> Kafka {
    Kafka::start(&[(ANNOUNCE, 1), (ANNOUNCE_LETTERS, 1), (RESULTS, 1), (RESULTS_LETTERS, 1)]).unwrap()
}

/// Puts a letter of `topic` with this request into `queue`.
async fn put(kafka: &Kafka, (topic, queue): (&str, &str), class: ErrorClass, request_id: &str) {
    let record = Record {
        topic: topic.into(),
        partition: 0,
        offset: 7,
        timestamp_ms: None,
        key: Some(b"the key".to_vec()),
        headers: [("service".to_owned(), Bytes::from_static(b"openshift"))].into_iter().collect::<Headers>(),
        payload: format!(r#"{{"request_id":"{request_id}"}}"#).into(),
    };
    let letter = DeadLetter {
        error: Reason::new(&format!("failed for {request_id}")),
        class,
        topic: topic.into(),
        partition: 0,
        offset: 7,
        timestamp_ms: None,
        failed_by: "test".into(),
    };
    dead_letter(&Producer::new(&kafka.config()).unwrap(), queue, &record, &letter).await.unwrap();
}

async fn run_dlq(kafka: &Kafka, arguments: &[&str]) -> Outcome {
    let mut command = ccx(["dlq"].iter().chain(arguments));
    command.env("CCX__KAFKA__BOOTSTRAP_SERVERS", kafka.config().bootstrap_servers.join(","));
    tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
}

async fn records(kafka: &Kafka, topic: &str) -> Vec<Record> {
    let mut reader = TopicReader::open(&kafka.config(), topic).await.unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next().await.unwrap() {
        records.push(record);
    }
    records
}

#[tokio::test]
async fn letters_of_both_queues_are_listed_and_one_is_shown() {
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
async fn a_replayed_letter_is_the_original_message() {
    let kafka = kafka();
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::BadInput, "keep").await;
    put(&kafka, (ANNOUNCE, ANNOUNCE_LETTERS), ErrorClass::Transient, "send").await;

    let rehearsal = run_dlq(&kafka, &["replay", "--class", "transient", "--dry-run"]).await;
    assert!(rehearsal.stdout.contains("1 letter(s) would be sent"), "{rehearsal:?}");
    assert_eq!(records(&kafka, ANNOUNCE).await.len(), 0);

    let replay = run_dlq(&kafka, &["replay", "--class", "transient"]).await;
    assert!(replay.stdout.contains("announce/0/1 -> platform.upload.announce"), "{replay:?}");
    let sent = records(&kafka, ANNOUNCE).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].payload, r#"{"request_id":"send"}"#);
    assert_eq!(sent[0].key.as_deref(), Some(b"the key".as_slice()));
    assert_eq!(sent[0].headers.iter().collect::<Vec<_>>(), [("service", b"openshift".as_slice())]);
}

#[tokio::test]
async fn letters_are_chosen_by_position_or_not_at_all() {
    let kafka = kafka();
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Bug, "one").await;
    put(&kafka, (RESULTS, RESULTS_LETTERS), ErrorClass::Bug, "two").await;
    let nothing = run_dlq(&kafka, &["replay"]).await;
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    let wrong = run_dlq(&kafka, &["replay", "results/0/5"]).await;
    assert!(wrong.stderr.contains("no letter at results/0/5"), "{wrong:?}");
    run_dlq(&kafka, &["replay", "results/0/1"]).await;
    let sent = records(&kafka, RESULTS).await;
    assert_eq!(
        sent.iter().map(|record| &record.payload[..]).collect::<Vec<_>>(),
        [br#"{"request_id":"two"}"#]
    );
}
