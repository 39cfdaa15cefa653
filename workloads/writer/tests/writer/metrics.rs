//! The metrics of the services that the writers replace, in each writer.

use ccx_local::{Valkey, ValkeyProtection};
use ccx_test_support::{Buckets, DEFAULT_BUCKETS, ExpectedMetric, assert_metrics};

use crate::support::{RunningWriter, TestEnv, WORKLOADS, message};

const fn counter(name: &'static str) -> ExpectedMetric {
    ExpectedMetric { name, kind: "counter", labels: &[], buckets: Buckets::None }
}

const fn seconds(name: &'static str) -> ExpectedMetric {
    ExpectedMetric { name, kind: "histogram", labels: &[], buckets: Buckets::Exactly(DEFAULT_BUCKETS) }
}

/// The names of the original, whose consumers have the same metrics in every role.
const CONSUMER: &[ExpectedMetric] = &[
    counter("consumed_messages"),
    counter("consuming_errors"),
    counter("messages_with_empty_rule_execution_result"),
    counter("produced_messages"),
    counter("written_reports"),
    counter("sql_queries_counter"),
    seconds("successful_messages_processing_time"),
    seconds("failed_messages_processing_time"),
    seconds("last_checked_timestamp_lag_minutes"),
];

/// Of a writer that has used the database.
const SQL: ExpectedMetric = ExpectedMetric {
    name: "sql_queries_durations",
    kind: "histogram",
    labels: &["query"],
    buckets: Buckets::Exactly(DEFAULT_BUCKETS),
};

/// Waits for an invalid message, and returns what a scrape finds.
async fn scrape(writer: &RunningWriter) -> String {
    writer.until_metric("consuming_errors", 1.0).await;
    writer.get("/metrics").await
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_rows_expose_the_metrics_of_existing_dashboards() {
    let env = TestEnv::new().await;
    env.send(&["{}".into()]).await;
    env.send_to(WORKLOADS, &[], "{}").await;
    let (reports, dvo) = (env.start_writer().await, env.start_dvo_writer().await);
    for (writer, prefix) in [(reports, "insights_results_db_writer_"), (dvo, "dvo_writer_")] {
        let exposition = scrape(&writer).await;
        assert_metrics(&exposition, prefix, CONSUMER);
        assert_metrics(&exposition, prefix, &[SQL]);
        writer.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server"]
async fn writer_of_requests_exposes_the_metrics_of_existing_dashboards() {
    let mut env = TestEnv::with_database(ccx_config::Database::default());
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    env.config.valkey = server.config();
    env.send(&["{}".into(), message(1, 1, "a")]).await;
    let writer = env.start_valkey_writer().await;
    assert_metrics(&scrape(&writer).await, "valkey_writer_", CONSUMER);
    writer.stop().await;
}
