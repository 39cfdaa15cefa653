//! The database goes away and comes back; the process stays, and ends in order.

use std::{sync::Arc, time::Duration};

use ccx_config::{Aggregator, Authentication, Config};
use ccx_local::{Durability, Postgres};
use ccx_storage::Database;
use tokio_util::sync::CancellationToken;

use super::test_env::{CLUSTER, ORG, TestEnv, eventually, report_path};

fn trusting() -> Aggregator {
    Aggregator { authentication: Authentication::None, ..Aggregator::default() }
}

#[tokio::test]
async fn without_the_database_the_service_is_unready_alive_and_recovers() {
    let postgres = Postgres::start_with(Durability::Lost).await.unwrap();
    let database = postgres.create_database().await.unwrap();
    let database = ccx_config::Database { connect_timeout: Duration::from_secs(1), ..database };
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let env = TestEnv::over(trusting(), database).await;
    env.store_sample().await;
    let report = report_path(ORG, CLUSTER, "7");
    let is_ready = async || env.get("/readyz").await.status.as_u16() == 200;
    eventually("ready", is_ready).await;
    assert_eq!(env.get(&report).await.status.as_u16(), 200);

    postgres.go_away().await.unwrap();
    eventually("unready", async || !is_ready().await).await;
    let answer = env.get(&report).await;
    assert_eq!(answer.status.as_u16(), 503, "never 404: {}", answer.body);
    assert_eq!(
        answer.body.trim_end(),
        r#"{"status":"the results are not available at the moment, try again later"}"#
    );
    assert_eq!(env.get("/livez").await.status.as_u16(), 200);
    assert_eq!(env.get("/api/v1/info").await.status.as_u16(), 200);

    postgres.come_back().await.unwrap();
    eventually("ready again", is_ready).await;
    eventually("the report", async || env.get(&report).await.status.as_u16() == 200).await;
    env.wait_until_listening(true).await;
}

#[tokio::test]
async fn without_a_schema_the_service_says_what_to_run() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let env = TestEnv::over(trusting(), database.clone()).await;
    eventually("the reason", async || env.get("/readyz").await.body.contains("ccx migrate")).await;
    Database::connect(&database).unwrap().migrate().await.unwrap();
    eventually("ready", async || env.get("/readyz").await.status.as_u16() == 200).await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_process_ends() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config {
        aggregator: Aggregator { listen, ..trusting() },
        database: database.clone(),
        ..Config::default()
    };
    let shutdown = CancellationToken::new();
    let (config, token) = (Arc::new(config), shutdown.clone());
    let running = tokio::spawn(async move { crate::run(&config, token).await });
    let url = format!("http://{listen}{}", report_path(ORG, CLUSTER, "7"));
    eventually("serving", async || reqwest::get(&url).await.is_ok()).await;

    let beside = TestEnv::over(trusting(), database).await;
    let mut blocker = beside.sql.begin().await.unwrap();
    sqlx::query("LOCK TABLE report").execute(&mut *blocker).await.unwrap();
    let request = tokio::spawn(reqwest::get(url));
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'report'::regclass";
    eventually("the request waits", async || {
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&beside.sql).await.unwrap() > 0
    })
    .await;
    shutdown.cancel();
    blocker.rollback().await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().status().as_u16(), 404);
    running.await.unwrap().unwrap();
}
