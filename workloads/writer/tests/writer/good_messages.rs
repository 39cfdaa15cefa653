use crate::support::{TestEnv, cluster, message};

#[tokio::test(flavor = "multi_thread")]
async fn message_becomes_rows_and_statuses() {
    let env = TestEnv::new().await;
    env.send(&[message(1, 1, "a"), message(2, 1, "b")]).await;
    let writer = env.start_writer().await;
    env.until_reports(2).await;
    let joined = "SELECT r.cluster, r.org_id, h.rule_fqdn, c.rule_id, i.version_info, h.template_data FROM report r \
        JOIN rule_hit h ON h.cluster_id = r.cluster JOIN recommendation c ON c.cluster_id = r.cluster \
        JOIN report_info i ON i.cluster_id = r.cluster ORDER BY 1";
    let row = |number, rule| {
        let id = cluster(number);
        format!(r#"{id} | 7 | ccx.rules.{rule}.report | ccx.rules.{rule}|KEY | 4.18.1 | {{"minute":1}}"#)
    };
    assert_eq!(env.rows(joined).await, [row(1, "a"), row(2, "b")]);
    writer.until_metric("written_reports", 2.0).await;
    writer.until_metric("consumer_lag", 0.0).await;
    writer.until_ready().await;
    writer.stop().await;
    let statuses = env.statuses().await;
    let of = |request: &str| {
        statuses.iter().filter(|status| status.starts_with(request)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("r1"), ["r1 received", "r1 processed", "r1 success"]);
    assert_eq!(of("r2"), ["r2 received", "r2 processed", "r2 success"]);
    assert!(env.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn older_or_equal_report_is_ignored_and_a_success() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    env.send(&[message(1, 30, "a")]).await;
    env.until_reports(1).await;
    env.send(&[message(1, 29, "b"), message(1, 30, "b")]).await;
    writer.until_metric("ignored_reports", 2.0).await;
    assert_eq!(env.rows("SELECT rule_fqdn FROM recommendation").await, ["ccx.rules.a"]);
    writer.until_metric("successful_messages_processing_time_count", 3.0).await;
    assert!((writer.metric("consuming_errors").await).abs() < f64::EPSILON);
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_report_is_a_success_without_rows() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    let empty = format!(
        r#"{{"OrgID":7,"ClusterName":"{}","LastChecked":"2026-01-15T12:00:00Z","RequestId":"empty",
        "Report":{{"reports":[]}}}}"#,
        cluster(1)
    );
    env.send(&[empty]).await;
    writer.until_metric("messages_with_empty_rule_execution_result", 1.0).await;
    writer.stop().await;
    assert_eq!(env.rows("SELECT count(*) FROM report").await, ["0"]);
    assert_eq!(env.statuses().await, ["empty received", "empty processed", "empty success"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn report_of_a_healthy_cluster_is_a_row_without_hits() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    let healthy = format!(
        r#"{{"OrgID":7,"ClusterName":"{}","LastChecked":"2026-01-15T12:00:00Z","Version":2,
        "Report":{{"system":{{}},"reports":[],"info":[],"fingerprints":[],"analysis_metadata":null}}}}"#,
        cluster(1)
    );
    env.send(&[healthy]).await;
    env.until_reports(1).await;
    writer.stop().await;
    assert_eq!(env.rows("SELECT count(*) FROM rule_hit").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replayed_message_is_stored_as_soon_as_its_topic_exists() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    writer.until_ready().await;
    let retry_topic = env.config.kafka.topics.results_retry();
    env.kafka.create_topic(&retry_topic, 1).unwrap();
    env.send_to(&retry_topic, &[], &message(1, 1, "a")).await;
    env.send(&[message(2, 1, "a")]).await;
    env.until_reports(2).await;
    writer.stop().await;
    // It is committed, so that the next writer does not read it again.
    let writer = env.start_writer().await;
    env.send(&[message(3, 1, "a")]).await;
    env.until_reports(3).await;
    writer.until_metric("consumed_messages", 1.0).await;
    writer.stop().await;
}

/// A name comes with messages of our pipeline only.
#[tokio::test(flavor = "multi_thread")]
async fn cluster_name_of_a_message_is_stored_and_kept_by_a_message_without_one() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    let with_name = message(1, 1, "a").replace(
        r#""gathering_time":"2026-01-15T11:00:00Z""#,
        r#""gathering_time":"2026-01-15T11:00:00Z","cluster_name":"prod.example.com""#,
    );
    env.send(&[with_name]).await;
    env.until_reports(1).await;
    env.send(&[message(2, 1, "a"), message(1, 2, "a")]).await;
    writer.until_metric("successful_messages_processing_time_count", 3.0).await;
    writer.stop().await;
    let names = env.rows("SELECT org_id, cluster_id, name FROM ccx.reported_name").await;
    assert_eq!(names, [format!("7 | {} | prod.example.com", cluster(1))]);
    assert!(env.dead_letters().await.is_empty());
}
