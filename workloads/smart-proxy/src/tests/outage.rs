//! The database is unavailable.

use std::time::{Duration, Instant};

use ccx_config::Config;
use ccx_local::{Durability, Postgres, test_postgres};
use ccx_storage::Database;
use ccx_test_support::eventually_async as eventually;
use reqwest::Method;
use serde_json::json;

use super::{
    access::operations,
    test_env::{CLUSTER, NODES_RULE, OLD_CLUSTER, ORG, TestEnv, V1, V2},
};

/// The mark of an earlier answer.
const STALE: &str = "110 - \"Response is Stale\"";

/// The default of `database.connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn earlier_answer_is_sent_while_the_database_is_unavailable() {
    let database = test_postgres().await.create_database().await.unwrap();
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let mut config = Config { database, ..Config::default() };
    // Every answer is read from the database.
    config.smart_proxy.max_cache = bytesize::ByteSize::b(0);
    config.smart_proxy.max_snapshots = bytesize::ByteSize::b(0);
    let env = TestEnv::over(config);
    env.run_sql(include_str!("sample.sql")).await;
    let paths = [
        format!("{V2}/cluster/{CLUSTER}/reports"),
        format!("{V2}/clusters"),
        format!("{V2}/rule?impacting=true"),
        format!("{V2}/cluster/{CLUSTER}/info"),
        format!("{V1}/org_overview"),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(env.json(path).await);
    }
    env.run_sql("ALTER TABLE report RENAME TO hidden").await;
    for (path, before) in paths.iter().zip(before) {
        let answer = env.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, before), "{path}");
        assert_eq!(answer.headers["warning"], "110 - \"Response is Stale\"", "{path}");
        assert!(answer.headers.contains_key("age"), "{path}");
    }
    let unknown = env.get(&format!("{V2}/clusters?limit=1")).await;
    assert_eq!((unknown.status, unknown.headers["retry-after"].to_str().unwrap()), (503, "5"));
    env.run_sql("ALTER TABLE hidden RENAME TO report").await;
    let again = env.get(&paths[1]).await;
    assert_eq!((again.status, again.headers.get("warning")), (200, None));
}

/// A real server is stopped and started: connections are closed, and new ones refused.
#[tokio::test]
async fn every_operation_answers_during_a_stop_of_the_database_and_afresh_after_it() {
    // As the insights operator, Advanced Cluster Management and OpenShift Cluster Manager ask.
    const STALE_WITHIN: Duration = Duration::from_secs(2);
    let server = Postgres::start_with(Durability::Lost).await.unwrap();
    let database = server.create_database().await.unwrap();
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let env = TestEnv::over(Config { database, ..Config::default() });
    env.run_sql(include_str!("sample.sql")).await;
    let ack = json!({"rule_id": NODES_RULE, "justification": "-"}).to_string();
    env.ask(Method::POST, &format!("{V2}/ack"), Some(&ack)).await;
    let mut paths = Vec::new();
    for asked in operations().into_iter().filter(|asked| asked.method == Method::GET) {
        if env.get(&asked.path).await.status == 200 {
            paths.push(asked.path);
        }
    }
    let read_by_clients = ["reports", "org_overview", "clusters", "info", "rule", "clusters_detail", "dvo"];
    for end in read_by_clients {
        assert!(paths.iter().any(|path| path.ends_with(end)), "{end} in {paths:?}");
    }

    server.start_outage().await.unwrap();
    // The first request finds out.
    let first = env.get(&format!("{V2}/clusters")).await;
    assert_eq!(first.headers["warning"], STALE, "{first:?}");
    let mut stale = 0;
    // Reports as they were received may be of any size: they are streamed, and not kept.
    let streamed = format!("{V1}/clusters/{CLUSTER}/reports");
    for path in &paths {
        let begun = Instant::now();
        let answer = env.get(path).await;
        if *path == streamed {
            assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (503, "5"));
            continue;
        }
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        if let Some(warning) = answer.headers.get("warning") {
            assert_eq!((warning.to_str().unwrap(), answer.headers.contains_key("age")), (STALE, true));
            stale += 1;
        }
        let took = begun.elapsed();
        // One request per second tries to connect.
        assert!(took < STALE_WITHIN || took >= CONNECT_TIMEOUT, "{path} took {took:?}");
    }
    assert!(stale >= 15, "{stale} of {}", paths.len());
    for unknown in [format!("{V2}/clusters?limit=1"), format!("{V2}/cluster/{OLD_CLUSTER}/reports")] {
        let answer = env.get(&unknown).await;
        assert_eq!(answer.status, 503, "{unknown}");
        assert_eq!(answer.headers["retry-after"], "5", "{unknown}");
        assert!(answer.json()["status"].is_string(), "{}", answer.body);
    }
    let foreign = env.ask_as(ORG + 1, Method::GET, &format!("{V2}/clusters"), None).await;
    assert_eq!(foreign.status, 503, "earlier answers of another organisation are not sent");

    server.end_outage().await.unwrap();
    for path in &paths {
        eventually(&format!("a current answer from {path}"), async || {
            let answer = env.get(path).await;
            answer.status == 200 && !answer.headers.contains_key("warning")
        })
        .await;
    }
    env.run_sql("UPDATE report SET last_checked_at = '2026-02-01 00:00:00'").await;
    env.announce(CLUSTER).await;
    eventually("the new report", async || {
        env.report().await["meta"]["last_checked_at"] == "2026-02-01T00:00:00Z"
    })
    .await;
    server.stop().await.unwrap();
}
