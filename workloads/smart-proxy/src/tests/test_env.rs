//! A running service with a database of its own.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_config::{Auth, Config};
use ccx_local::test_postgres;
use ccx_service::Telemetry;
use ccx_storage::{Database, REPORT_CHANNEL};
use reqwest::{Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgConnectOptions};
use tokio_util::sync::CancellationToken;

use super::conformance::assert_conforms;
use crate::{PublicApi, Service};

/// Time that a test waits for an event: long, as machines are busy.
const SOON: Duration = Duration::from_mins(1);

/// The cluster of the sample that has hits.
pub(super) const CLUSTER: &str = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";

/// A cluster of the sample without hits, whose report is old.
pub(super) const OLD_CLUSTER: &str = "74ae54aa-6577-4e80-85e7-697cb646ff37";

/// A cluster of another organisation.
pub(super) const FOREIGN_CLUSTER: &str = "a7467445-8d6a-43cc-b82c-7007664bdf69";

/// A namespace of the sample's cluster, with recommendations for its workloads.
pub(super) const NAMESPACE: &str = "fad82c1f-96db-430f-b3ec-503fb9eeb7bb";

/// The organisation of the sample.
pub(super) const ORG: u32 = 11;

/// Two rules that hit the sample's cluster.
pub(super) const NODES_RULE: &str = "ccx_rules.external.node_not_ready|NODE_NOT_READY";
pub(super) const CONTROL_PLANE_RULE: &str =
    "ccx_rules_ocp.external.rules.control_plane_replicas|CONTROL_PLANE_NODE_REPLICAS";

/// The prefixes of both versions.
pub(super) const V1: &str = "/api/insights-results-aggregator/v1";
pub(super) const V2: &str = "/api/insights-results-aggregator/v2";

/// A running service with a database of its own.
pub(super) struct TestEnv {
    pub(super) sql: PgPool,
    pub(super) public: Arc<PublicApi>,
    base: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
}

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answered {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

impl TestEnv {
    /// Starts a service behind a gateway, with the sample.
    pub(super) async fn start() -> Self {
        let env = Self::with(Config::default()).await;
        env.run_sql(include_str!("sample.sql")).await;
        env
    }

    /// Starts a service with an empty database.
    pub(super) async fn with(config: Config) -> Self {
        let database = test_postgres().await.create_database().await.unwrap();
        Database::connect(&database).unwrap().migrate().await.unwrap();
        Self::over(Config { database, ..config })
    }

    pub(super) fn over(config: Config) -> Self {
        let auth = Auth { trust_identity_header: true, ..config.auth.clone() };
        let config = Config { auth, ..config };
        let telemetry = Telemetry::default();
        let service = Service::new(&telemetry, &config).unwrap();
        let router = service.router().merge(telemetry.routes());
        let listener = ccx_service::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        tokio::spawn(ccx_service::serve(listener, router, shutdown.clone(), SOON));
        let public = service.public_api();
        let (watched, token, settings) = (service, shutdown.clone(), config.clone());
        tokio::spawn(async move { watched.work(&settings, &token).await });
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let options = PgConnectOptions::new_without_pgpass()
            .host(&config.database.host)
            .port(config.database.port)
            .username(&config.database.user)
            .password(config.database.password.as_ref().map_or("", ccx_config::Secret::expose))
            .database(&config.database.name);
        Self { sql: PgPool::connect_lazy_with(options), public, base, client, shutdown }
    }

    pub(super) async fn run_sql(&self, statements: &str) {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&self.sql).await.unwrap();
    }

    /// Announces a new report, as the writer does in its transaction.
    pub(super) async fn announce(&self, cluster: &str) {
        self.run_sql(&format!("SELECT pg_notify('{REPORT_CHANNEL}', '{ORG}:{cluster}')")).await;
    }

    /// Returns the address of the service.
    pub(super) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Returns a request without an identity.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request of a member of the sample's organisation.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&str>) -> Answered {
        self.ask_as(ORG, method, path, body).await
    }

    pub(super) async fn ask_as(
        &self,
        org_id: u32,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Answered {
        let mut request = self.request(method.clone(), path).header("x-rh-identity", identity(org_id));
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        let answer = send(request).await;
        assert_conforms(&method, path, &answer);
        answer
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.ask(Method::GET, path, None).await
    }

    /// Returns the JSON of a good answer.
    pub(super) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Returns the report of the sample's cluster.
    pub(super) async fn report(&self) -> Value {
        self.json(&format!("{V2}/cluster/{CLUSTER}/reports")).await["report"].take()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Sends a request, and reads the whole answer.
pub(super) async fn send(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answered { status, headers, body: response.text().await.unwrap() }
}

/// Returns the identity of a member of an organisation.
pub(super) fn identity(org_id: u32) -> String {
    STANDARD
        .encode(format!(r#"{{"identity":{{"org_id":"{org_id}","type":"User","user":{{"user_id":"7"}}}}}}"#))
}

/// Returns the hit of a rule in a report.
pub(super) fn hit<'a>(report: &'a Value, error_key: &str) -> &'a Value {
    let hits = report["data"].as_array().unwrap();
    let hit = hits.iter().find(|hit| hit["extra_data"]["error_key"] == error_key);
    hit.unwrap_or_else(|| panic!("{error_key} is not in {report:#}"))
}
