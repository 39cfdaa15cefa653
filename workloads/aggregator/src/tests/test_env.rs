//! A running service with a database of its own.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_config::{Aggregator, Authentication, Config};
use ccx_local::test_postgres;
use ccx_service::{Health, Telemetry};
use ccx_storage::{Database, REPORT_CHANNEL};
pub(crate) use ccx_test_support::eventually_async as eventually;
use reqwest::{Method, RequestBuilder, StatusCode, redirect::Policy};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};
use tokio_util::sync::CancellationToken;

use super::conformance::assert_conforms;
use crate::{Api, Metrics, invalidation::follow_announcements, readiness::watch_database, router};

/// Time limit of a shutdown on a busy machine.
const SHUTDOWN_LIMIT: Duration = Duration::from_mins(1);

/// The cluster that [`TestEnv::store_sample`] stores.
pub(crate) const CLUSTER: &str = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";

/// Its organisation.
pub(crate) const ORG: u32 = 11;

/// A running service with a database of its own.
pub(crate) struct TestEnv {
    pub(crate) api: Arc<Api>,
    pub(crate) sql: PgPool,
    base: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
}

/// The answer to a request.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl TestEnv {
    /// Starts a service without authentication, as behind a gateway.
    pub(crate) async fn trusting() -> Self {
        Self::with(Aggregator { authentication: Authentication::None, ..Aggregator::default() }).await
    }

    pub(crate) async fn with(settings: Aggregator) -> Self {
        let database = test_postgres().await.create_database().await.unwrap();
        Database::connect(&database).unwrap().migrate().await.unwrap();
        Self::over(settings, database)
    }

    pub(crate) fn over(settings: Aggregator, database: ccx_config::Database) -> Self {
        let config = Config { aggregator: settings, database, ..Config::default() };
        let metrics = Metrics::register(&config.aggregator.metrics_namespace, &Telemetry::default()).unwrap();
        let api =
            Arc::new(Api::new(&config.aggregator, Database::connect(&config.database).unwrap(), metrics));
        let health = Health::new();
        let condition = health.condition(ccx_service::Dependency::DATABASE);
        let router = router(&api, health, &config.aggregator.api_prefix);
        let listener = ccx_service::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        tokio::spawn(ccx_service::serve(listener, router, shutdown.clone(), SHUTDOWN_LIMIT));
        let (watched, token) = (Arc::clone(&api), shutdown.clone());
        tokio::spawn(async move {
            tokio::join!(
                watch_database(
                    &watched.database,
                    (&watched.versions.public, &watched.versions.dvo),
                    &condition,
                    &token
                ),
                follow_announcements(&watched, &token)
            );
        });
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let options = PgConnectOptions::new_without_pgpass()
            .host(&config.database.host)
            .port(config.database.port)
            .username(&config.database.user)
            .password(config.database.password.as_ref().map_or("", ccx_config::Secret::expose))
            .database(&config.database.name);
        Self { api, sql: PgPool::connect_lazy_with(options), base, client, shutdown }
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.ask(Method::GET, path, None, None).await
    }

    pub(crate) async fn get_as(&self, identity: &str, path: &str) -> Answered {
        self.ask(Method::GET, path, Some(identity), None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answered {
        self.ask(Method::POST, path, None, Some(body)).await
    }

    /// Returns a request to be completed and sent with [`send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        identity: Option<&str>,
        body: Option<&str>,
    ) -> Answered {
        let mut request = self.request(method.clone(), path);
        if let Some(identity) = identity {
            request = request.header("x-rh-identity", identity);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let answer = send(request).await;
        assert_conforms(&method, path, &answer);
        answer
    }

    /// Runs statements against the database.
    pub(crate) async fn run_sql(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&self.sql).await.unwrap();
    }

    /// Stores a report with two hits, one of them disabled, and a cluster of another organisation.
    pub(crate) async fn store_sample(&self) {
        self.run_sql(include_str!("sample.sql")).await;
    }

    /// Announces a new report, as the writer does in its transaction.
    pub(crate) async fn announce(&self, org_id: u32, cluster: &str) {
        self.run_sql(&format!("SELECT pg_notify('{REPORT_CHANNEL}', '{org_id}:{cluster}')")).await;
    }

    /// Waits until the service receives announcements, or no longer does.
    pub(crate) async fn wait_until_listening(&self, expected: bool) {
        let cache = self.api.cache.as_ref().unwrap();
        eventually("listening", async || cache.is_in_use() == expected).await;
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Sends a request, and reads the whole answer.
pub(crate) async fn send(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let headers = response.headers().clone();
    let content_type =
        headers.get("content-type").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    Answered { status: response.status(), content_type, headers, body: response.text().await.unwrap() }
}

/// Returns the identity of a member of an organisation.
pub(crate) fn member_of(org_id: u32) -> String {
    STANDARD.encode(format!(r#"{{"identity":{{"org_id":"{org_id}","user":{{"user_id":"7"}}}}}}"#))
}

/// Returns the path of the sample's report.
pub(crate) fn report_path(org_id: impl std::fmt::Display, cluster: &str, user: &str) -> String {
    format!("/api/v1/organizations/{org_id}/clusters/{cluster}/users/{user}/report")
}
