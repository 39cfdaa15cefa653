//! The process while the database is unavailable or overloaded, and its end.

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
async fn unavailable_database_makes_the_service_unready_until_it_is_back() {
    let postgres = Postgres::start_with(Durability::Lost).await.unwrap();
    let database = postgres.create_database().await.unwrap();
    let database = ccx_config::Database { connect_timeout: Duration::from_secs(1), ..database };
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let env = TestEnv::over(trusting(), database);
    env.store_sample().await;
    let report = report_path(ORG, CLUSTER, "7");
    let is_ready = async || env.get("/readyz").await.status.as_u16() == 200;
    eventually("ready", is_ready).await;
    assert_eq!(env.get(&report).await.status.as_u16(), 200);

    postgres.start_outage().await.unwrap();
    eventually("unready", async || !is_ready().await).await;
    let answer = env.get(&report).await;
    assert_eq!(answer.status.as_u16(), 503, "never 404: {}", answer.body);
    assert_eq!(
        answer.body.trim_end(),
        r#"{"status":"the results are not available at the moment, try again later"}"#
    );
    assert_eq!(env.get("/livez").await.status.as_u16(), 200);
    assert_eq!(env.get("/api/v1/info").await.status.as_u16(), 200);

    postgres.end_outage().await.unwrap();
    eventually("ready again", is_ready).await;
    eventually("the report", async || env.get(&report).await.status.as_u16() == 200).await;
    env.wait_until_listening(true).await;
}

#[tokio::test]
async fn missing_schema_is_named_with_the_command_to_run() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let env = TestEnv::over(trusting(), database.clone());
    eventually("the reason", async || env.get("/readyz").await.body.contains("ccx migrate")).await;
    Database::connect(&database).unwrap().migrate().await.unwrap();
    eventually("ready", async || env.get("/readyz").await.status.as_u16() == 200).await;
}

#[tokio::test]
async fn single_connection_is_enough() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let database = ccx_config::Database { max_connections: 1, ..database };
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let env = TestEnv::over(trusting(), database);
    env.store_sample().await;
    env.wait_until_listening(true).await;
    eventually("ready", async || env.get("/readyz").await.status.as_u16() == 200).await;
    assert_eq!(env.get(&report_path(ORG, CLUSTER, "7")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn requests_that_occupy_all_connections_leave_the_service_ready() {
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let database =
        ccx_config::Database { max_connections: 2, connect_timeout: Duration::from_millis(500), ..database };
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let env = Arc::new(TestEnv::over(trusting(), database));
    eventually("ready", async || env.get("/readyz").await.status.as_u16() == 200).await;
    let mut blocker = env.sql.begin().await.unwrap();
    sqlx::query("LOCK TABLE report").execute(&mut *blocker).await.unwrap();
    let occupying: Vec<_> = (0..2)
        .map(|_| {
            let env = Arc::clone(&env);
            tokio::spawn(async move { env.get(&report_path(ORG, CLUSTER, "7")).await.status })
        })
        .collect();
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'report'::regclass";
    eventually("all connections are occupied", async || {
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&env.sql).await.unwrap() == 2
    })
    .await;
    let overloaded =
        async || env.get(&report_path(ORG, CLUSTER, "7")).await.headers.contains_key("retry-after");
    eventually("requests are refused", overloaded).await;
    let several_checks = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::time::Instant::now() < several_checks {
        let readiness = env.get("/readyz").await;
        assert_eq!(readiness.status.as_u16(), 200, "{}", readiness.body);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    blocker.rollback().await.unwrap();
    for request in occupying {
        assert_eq!(request.await.unwrap().as_u16(), 404);
    }
}

#[tokio::test]
async fn request_in_flight_is_answered_before_the_process_ends() {
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

    let beside = TestEnv::over(trusting(), database);
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
