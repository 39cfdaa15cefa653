//! The writer of processed requests, with a real server.

use ccx_local::{Valkey, ValkeyProtection};
use ccx_messages::{ClusterId, OrgId};
use ccx_valkey::RequestStore;
use chrono::Utc;

use crate::support::{TestEnv, cluster, message};

/// An environment without a database, and a server.
fn env() -> (TestEnv, Valkey) {
    let mut env = TestEnv::with_database(ccx_config::Database::default());
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    env.config.valkey = server.config();
    (env, server)
}

fn cluster_id(number: usize) -> ClusterId {
    cluster(number).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server"]
async fn results_become_processed_requests() {
    let (env, server) = env();
    let without_request = message(3, 1, "a").replace("\"RequestId\":\"r3\",", "");
    env.send(&[message(1, 1, "a"), "{}".into(), without_request, message(2, 1, "b")]).await;
    let writer = env.start_valkey_writer().await;
    writer.until_metric("written_reports", 3.0).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.until_ready().await;
    writer.stop().await;

    let store = RequestStore::new(&server.config()).unwrap();
    let org = OrgId::new(7).unwrap();
    let [request] = store.requests(org, cluster_id(1)).await.unwrap().try_into().unwrap();
    assert_eq!((request.request_id.as_str(), request.received.as_str()), ("r1", "2026-01-15T11:00:00Z"));
    let hits = store.rule_hits(org, cluster_id(2), "r2").await.unwrap().unwrap();
    assert_eq!(hits.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ccx.rules.b|KEY"]);
    assert!(store.requests(org, cluster_id(3)).await.unwrap().is_empty());
    assert!(env.dead_letters().await.is_empty(), "the writer of reports dead-letters them");
    let statuses = env.statuses().await;
    for status in ["received", "processed", "success"] {
        assert!(statuses.contains(&format!("valkey-writer r1 {status}")), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server"]
async fn outage_of_the_server_is_waited_for_and_nothing_is_lost() {
    let (env, mut server) = env();
    let writer = env.start_valkey_writer().await;
    env.send(&[message(1, 1, "a")]).await;
    writer.until_metric("written_reports", 1.0).await;
    server.stop();
    env.send(&[message(2, 1, "a")]).await;
    writer.until_unready("valkey").await;
    server.resume().unwrap();
    writer.until_metric("written_reports", 2.0).await;
    writer.until_ready().await;
    writer.stop().await;
    let store = RequestStore::new(&server.config()).unwrap();
    assert!(store.is_processed(OrgId::new(7).unwrap(), cluster_id(2), "r2").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_become_rows_where_no_server_is_configured() {
    let env = TestEnv::new().await;
    env.send(&[message(1, 1, "a"), message(1, 1, "a"), message(2, 1, "b")]).await;
    let writer = env.start_valkey_writer().await;
    writer.until_metric("written_reports", 3.0).await;
    writer.until_ready().await;
    writer.stop().await;
    let org = OrgId::new(7).unwrap();
    let request = async |number, id| {
        let stored =
            env.database().processed_requests(org, cluster_id(number), id, Utc::now()).await.unwrap();
        let [request] = stored.try_into().unwrap();
        request
    };
    let first = request(1, None).await;
    assert_eq!((first.request_id.as_str(), first.received.as_str()), ("r1", "2026-01-15T11:00:00Z"));
    assert_eq!(request(2, Some("r2")).await.rule_hits, "ccx.rules.b|KEY");
}
