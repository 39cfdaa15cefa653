//! The writer of checked workloads.

use std::io::Write as _;

use ccx_messages::{DeadLetter, ErrorClass};

use crate::support::{TestEnv, WORKLOADS, cluster};

/// A message of cluster `number`, announced `minute` minutes after noon, with a failing workload in each namespace.
pub(crate) fn workloads(number: usize, minute: u32, namespaces: &[&str]) -> String {
    let objects: Vec<String> = namespaces
        .iter()
        .map(|id| format!(r#"{{"namespace":"name of {id}","namespace_uid":"{id}","kind":"Pod","name":"","uid":"{id}-1"}}"#))
        .collect();
    format!(
        r#"{{"OrgID":7,"AccountNumber":11,"ClusterName":"{}","LastChecked":"2026-01-15T12:{minute:02}:00.418761+00:00","Version":1,
        "RequestId":"r{number}","Metrics":{{"system":{{"hostname":null}},"workload_recommendations":[
        {{"component":"ccx.dvo.a.recommendation","key":"A","details":{{}},"workloads":[{}]}}]}}}}"#,
        cluster(number),
        objects.join(",")
    )
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

const NAMESPACES: &str = "SELECT right(cluster_id, 1) AS cluster, namespace_id, namespace_name, recommendations, objects, \
    last_checked_at, rule_hits_count FROM dvo.dvo_report ORDER BY 1, 2";

#[tokio::test(flavor = "multi_thread")]
async fn workloads_become_rows_and_newer_ones_replace_them() {
    let env = TestEnv::new().await;
    env.send_to(WORKLOADS, &[], gzip(&workloads(1, 1, &["n1", "n2"]))).await;
    env.send_to(WORKLOADS, &[], workloads(2, 1, &["n1"])).await;
    let writer = env.start_dvo_writer().await;
    env.until("SELECT count(*) FROM dvo.dvo_report", "3").await;
    writer.until_ready().await;
    env.send_to(WORKLOADS, &[], workloads(1, 2, &["n1"])).await;
    env.send_to(WORKLOADS, &[], workloads(2, 2, &[])).await;
    env.until("SELECT count(*) FROM dvo.dvo_report", "1").await;
    writer.until_metric("written_reports", 4.0).await;
    writer.stop().await;

    let row = "1 | n1 | name of n1 | 1 | 1 | 2026-01-15T12:02:00.418761 | {\"ccx.dvo.a|A\": 1}";
    assert_eq!(env.rows(NAMESPACES).await, [row]);
    let statuses = env.statuses().await;
    for status in ["received", "processed", "success"] {
        assert!(statuses.contains(&format!("dvo-writer r1 {status}")), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_workloads_are_dead_lettered_and_not_recorded() {
    let env = TestEnv::new().await;
    let good = workloads(1, 1, &["n1"]);
    let broken: Vec<(Vec<u8>, &str)> = vec![
        (b"{}".to_vec(), "missing required attribute 'OrgID'"),
        (gzip(&good)[..50].to_vec(), "failed to decompress the message"),
        (good.replace("Metrics", "Report").into(), "missing required attribute 'Metrics'"),
        (
            good.replace("workload_recommendations", "workloads").into(),
            "improper report structure, missing key with name 'workload_recommendations'",
        ),
    ];
    for (message, _) in &broken {
        env.send_to(WORKLOADS, &[], message).await;
    }
    let empty = r#"{"OrgID":7,"ClusterName":"00000000-0000-4000-8000-000000000009","Metrics":{},"RequestId":"empty"}"#;
    env.send_to(WORKLOADS, &[], empty).await;
    env.send_to(WORKLOADS, &[], &good).await;
    let writer = env.start_dvo_writer().await;
    env.until("SELECT count(*) FROM dvo.dvo_report", "1").await;
    writer.until_metric("consuming_errors", 4.0).await;
    writer.until_metric("messages_with_empty_rule_execution_result", 1.0).await;
    writer.stop().await;

    let letters = env.dvo_dead_letters().await;
    for (letter, (message, reason)) in letters.iter().zip(&broken) {
        let why = DeadLetter::from_headers(&letter.headers.iter()).unwrap();
        assert_eq!((letter.payload.as_ref(), why.class), (message.as_slice(), ErrorClass::BadInput));
        assert_eq!(why.failed_by, "dvo-writer");
        assert!(why.error.starts_with(reason), "{}", why.error);
    }
    assert_eq!(letters.len(), broken.len());
    assert!(env.rows("SELECT 1 FROM consumer_error").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_reports_and_of_workloads_run_beside_each_other() {
    let env = TestEnv::new().await;
    let (reports, dvo) = (env.start_writer().await, env.start_dvo_writer().await);
    env.send(&[crate::support::message(1, 1, "a")]).await;
    env.send_to(WORKLOADS, &[], workloads(1, 1, &["n1"])).await;
    env.until_reports(1).await;
    env.until("SELECT count(*) FROM dvo.dvo_report", "1").await;
    reports.stop().await;
    dvo.stop().await;
}
