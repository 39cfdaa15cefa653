use std::io::Write as _;

use ccx_messages::{DeadLetter, ErrorClass};

use crate::support::{TestEnv, cluster, message};

#[tokio::test(flavor = "multi_thread")]
async fn rejected_report_is_dead_lettered_alone() {
    let env = TestEnv::new().await;
    let mut messages: Vec<String> = (0..9).map(|number| message(number, 1, "a")).collect();
    messages[4] = messages[4].replace("4.18.1", r"4.18.1\u0000");
    env.send(&messages).await;
    let writer = env.start_writer().await;
    env.until_reports(8).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.stop().await;

    let clusters = env.rows("SELECT cluster FROM report ORDER BY 1").await;
    assert!(!clusters.contains(&cluster(4)), "{clusters:?}");
    let letters = env.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.payload, messages[4].as_bytes());
    assert_eq!(letter.key.as_deref(), Some(b"key".as_slice()));
    let why = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
    assert_eq!(
        (why.class, why.topic.as_str(), why.partition, why.offset),
        (ErrorClass::BadInput, "ccx.ocp.results", 0, 4)
    );
    assert_eq!(why.failed_by, "insights-results-db-writer");
    assert!(why.error.starts_with("failed to write versions: "), "{}", why.error);
    let row = env.rows("SELECT topic, partition, topic_offset, key, error FROM consumer_error").await;
    assert_eq!(row, [format!("ccx.ocp.results | 0 | 4 | key | {}", why.error)]);
    let statuses = env.statuses().await;
    let of_poison: Vec<&String> = statuses.iter().filter(|status| status.starts_with("r4 ")).collect();
    assert_eq!(of_poison, ["r4 received", "r4 processed", "r4 error"]);
}

/// A broken message, and the beginning of the reason.
fn broken_messages() -> Vec<(String, &'static str)> {
    let good = message(1, 1, "a");
    let without = |field: &str| {
        let mut json: serde_json::Value = serde_json::from_str(&good).unwrap();
        json.as_object_mut().unwrap().remove(field);
        json.to_string()
    };
    vec![
        ("{".into(), "failed to parse the results message"),
        (String::new(), "failed to parse the results message"),
        ("\u{1f}\u{8b}".into(), "failed to parse the results message"),
        (without("OrgID"), "missing required attribute 'OrgID'"),
        (without("ClusterName"), "missing required attribute 'ClusterName'"),
        (without("Report"), "missing required attribute 'Report'"),
        (good.replace(&cluster(1), "my-cluster"), "cluster name is not a UUID"),
        (
            good.replace("fingerprints", "fingers"),
            "improper report structure, missing key(s) with name '[fingerprints]'",
        ),
        (good.replace("2026-01-15T12:01:00Z", "yesterday"), "failed to read 'LastChecked'"),
        (good.replace("\"OrgID\":7", "\"OrgID\":4294967296"), "failed to parse the results message"),
        (good.replace("2026-01-15T11:00:00Z", "soon"), "failed to read 'Metadata.gathering_time'"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_messages_are_dead_lettered_and_the_others_stored() {
    let env = TestEnv::new().await;
    let broken = broken_messages();
    let mut messages: Vec<String> = broken.iter().map(|(message, _)| message.clone()).collect();
    messages.insert(3, message(2, 1, "a"));
    messages.push(message(3, 1, "a"));
    env.send(&messages).await;
    let writer = env.start_writer().await;
    env.until_reports(2).await;
    #[expect(clippy::cast_precision_loss, reason = "a dozen")]
    writer.until_metric("consuming_errors", broken.len() as f64).await;
    writer.stop().await;

    let letters = env.dead_letters().await;
    let rows = env.rows("SELECT error FROM consumer_error ORDER BY topic_offset").await;
    assert_eq!((letters.len(), rows.len()), (broken.len(), broken.len()));
    for ((message, reason), (letter, row)) in broken.iter().zip(letters.iter().zip(&rows)) {
        let why = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
        assert_eq!((letter.payload.as_ref(), why.class), (message.as_bytes(), ErrorClass::BadInput));
        assert!(why.error.starts_with(reason) && **row == *why.error, "{} is not {reason}", why.error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn header_name_that_is_not_utf_8_is_dead_lettered_and_the_next_message_is_stored() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    let kafka = &env.config.kafka;
    let payload = message(1, 1, "a");
    let headers = [(b"\xff\xfe".as_slice(), b"value".as_slice())];
    let record =
        ccx_local::RawRecord { topic: &kafka.topics.results, headers: &headers, payload: payload.as_bytes() };
    record.send(&kafka.bootstrap_servers[0]).unwrap();
    env.send(&[message(2, 1, "a")]).await;
    env.until_reports(1).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.stop().await;

    assert_eq!(env.rows("SELECT cluster FROM report").await, [cluster(2)]);
    let letters = env.dead_letters().await;
    let why = DeadLetter::from_headers(&letters[0].headers.iter()).unwrap();
    assert_eq!(&*why.error, "the names of 1 header(s) are not UTF-8");
    assert_eq!(letters[0].payload, payload.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn unauthenticated_report_does_not_move_a_cluster_of_another_organisation() {
    let env = TestEnv::new().await;
    let results = &env.config.kafka.topics.results;
    let unauthenticated = [("ccx-cluster-authenticated", b"false".as_slice())];
    let of_other = |message: String| message.replace("\"OrgID\":7", "\"OrgID\":8");
    env.send_to(results, &[], &message(1, 1, "a")).await;
    env.send_to(results, &unauthenticated, &of_other(message(1, 2, "a"))).await;
    env.send_to(results, &[], &message(1, 3, "a")).await;
    env.send_to(results, &unauthenticated, &of_other(message(2, 1, "a"))).await;
    let writer = env.start_writer().await;
    env.until_reports(2).await;
    writer.until_metric("unauthenticated_moves", 1.0).await;
    writer.until_metric("written_reports", 3.0).await;
    writer.stop().await;

    assert_eq!(env.rows("SELECT org_id FROM report ORDER BY cluster").await, ["7", "8"]);
    let letters = env.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.payload, of_other(message(1, 2, "a")));
    let why = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
    assert_eq!(why.class, ErrorClass::BadInput);
    assert!(why.error.contains("belongs to another organisation"), "{}", why.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn organisation_outside_of_the_allow_list_is_rejected() {
    let mut env = TestEnv::new().await;
    let mut list = tempfile::NamedTempFile::new().unwrap();
    writeln!(list, "OrgID\n8").unwrap();
    env.config.writer.org_allowlist_file = Some(list.path().into());
    env.send(&[message(1, 1, "a"), message(2, 1, "a").replace("\"OrgID\":7", "\"OrgID\":8")]).await;
    let writer = env.start_writer().await;
    env.until_reports(1).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.stop().await;
    assert_eq!(env.rows("SELECT org_id FROM report").await, ["8"]);
    let error = env.rows("SELECT error FROM consumer_error").await;
    assert_eq!(error, ["organization ID is not in allow list"]);
}
