//! Brokers, a database, writers, and queries of their results.

use std::{net::SocketAddr, time::Duration};

use ccx_config::Config;
use ccx_storage::Database;
use ccx_test_support::{eventually_async as eventually, http};
use ccx_transport::{Outgoing, Producer, Record, TopicReader};
use ccx_writer::{Writer, WriterError};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row, postgres::PgConnectOptions};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The time limit of a shutdown on a busy machine.
const SHUTDOWN_LIMIT: Duration = Duration::from_mins(2);

/// The topic of checked workloads.
pub(crate) const WORKLOADS: &str = "ccx.dvo.results";

/// The servers of a test.
pub(crate) struct TestEnv {
    pub(crate) kafka: ccx_local::Kafka,
    pub(crate) config: Config,
    producer: Producer,
}

impl TestEnv {
    /// With a migrated database of its own.
    pub(crate) async fn new() -> Self {
        let env = Self::with_database(ccx_local::test_postgres().await.create_database().await.unwrap());
        env.database().migrate().await.unwrap();
        env
    }

    pub(crate) fn with_database(database: ccx_config::Database) -> Self {
        let topics = ccx_config::Topics::default();
        let names = [
            &topics.results,
            &topics.results_dead_letters,
            &topics.payload_status,
            &WORKLOADS.to_owned(),
            &topics.workloads_dead_letters,
        ];
        let kafka = ccx_local::Kafka::start(&names.map(|name| (name.as_str(), 1))).unwrap();
        let mut config = Config { kafka: kafka.config(), database, ..Config::default() };
        config.kafka.topics.workloads = WORKLOADS.into();
        config.database.connect_timeout = Duration::from_secs(30);
        config.retry.initial_delay = Duration::from_millis(20);
        config.retry.max_delay = Duration::from_millis(200);
        let producer = Producer::new(&config.kafka).unwrap();
        Self { kafka, config, producer }
    }

    pub(crate) fn database(&self) -> Database {
        Database::connect(&self.config.database).unwrap()
    }

    pub(crate) async fn start_writer(&self) -> RunningWriter {
        self.start("insights_results_db_writer", async |listener, config, stop| {
            Writer::Reports.run_on(listener, &config, stop).await
        })
        .await
    }

    pub(crate) async fn start_dvo_writer(&self) -> RunningWriter {
        self.start("dvo_writer", async |listener, config, stop| {
            Writer::Workloads.run_on(listener, &config, stop).await
        })
        .await
    }

    pub(crate) async fn start_valkey_writer(&self) -> RunningWriter {
        self.start("valkey_writer", async |listener, config, stop| {
            Writer::Requests.run_on(listener, &config, stop).await
        })
        .await
    }

    async fn start<F, W>(&self, metrics_namespace: &'static str, run: F) -> RunningWriter
    where
        F: FnOnce(TcpListener, Config, CancellationToken) -> W,
        W: Future<Output = Result<(), WriterError>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(Box::pin(run(listener, self.config.clone(), shutdown.clone())));
        RunningWriter { address, metrics_namespace, shutdown, task }
    }

    /// Sends results messages in order.
    pub(crate) async fn send(&self, messages: &[String]) {
        let topic = &self.config.kafka.topics.results;
        let send = |message| {
            self.producer.send(Outgoing { topic, key: Some(b"key"), headers: &[], payload: message })
        };
        futures::future::try_join_all(messages.iter().map(|message| send(message.as_bytes()))).await.unwrap();
    }

    pub(crate) async fn dead_letters(&self) -> Vec<Record> {
        self.read(&self.config.kafka.topics.results_dead_letters).await
    }

    pub(crate) async fn dvo_dead_letters(&self) -> Vec<Record> {
        self.read(&self.config.kafka.topics.workloads_dead_letters).await
    }

    /// `<request> <status>` of each status, in order; with the service if it is not the writer of reports.
    pub(crate) async fn statuses(&self) -> Vec<String> {
        let records = self.read(&self.config.kafka.topics.payload_status).await;
        let status = |record: Record| {
            let json: serde_json::Value = serde_json::from_slice(&record.payload).unwrap();
            let service = json["service"].as_str().unwrap();
            let prefix = if service == ccx_writer::SERVICE { String::new() } else { format!("{service} ") };
            format!("{prefix}{} {}", json["request_id"].as_str().unwrap(), json["status"].as_str().unwrap())
        };
        records.into_iter().map(status).collect()
    }

    async fn read(&self, topic: &str) -> Vec<Record> {
        TopicReader::open(&self.config.kafka, topic).await.unwrap().read_to_end().await.unwrap()
    }

    /// The rows of a query, columns joined by ` | `.
    pub(crate) async fn rows(&self, query: &str) -> Vec<String> {
        let mut connection = self.connect().await;
        let as_text = format!(
            "SELECT concat_ws(' | ', VARIADIC ARRAY(SELECT coalesce(value, 'NULL') FROM json_each_text(to_json(q)))) FROM ({query}) q"
        );
        let rows = sqlx::query(AssertSqlSafe(as_text)).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn execute(&self, statement: &'static str) {
        sqlx::query(statement).execute(&mut self.connect().await).await.unwrap();
    }

    /// Sends a message with headers.
    pub(crate) async fn send_to(&self, topic: &str, headers: &[(&str, &[u8])], message: impl AsRef<[u8]>) {
        let message = Outgoing { topic, key: Some(b"key"), headers, payload: message.as_ref() };
        self.producer.send(message).await.unwrap();
    }

    /// Waits until the query gives this one value.
    pub(crate) async fn until(&self, query: &str, value: &str) {
        eventually(&format!("{query} is {value}"), async || self.rows(query).await == [value]).await;
    }

    pub(crate) async fn until_reports(&self, count: usize) {
        self.until("SELECT count(*) FROM report", &count.to_string()).await;
    }

    async fn connect(&self) -> PgConnection {
        let settings = &self.config.database;
        let password = settings.password().unwrap().unwrap();
        let options = PgConnectOptions::new_without_pgpass()
            .host(&settings.host)
            .port(settings.port)
            .database(&settings.name)
            .username(&settings.user)
            .password(password.expose());
        PgConnection::connect_with(&options).await.unwrap()
    }
}

/// A writer, and how to stop it. It is killed when the value is dropped.
pub(crate) struct RunningWriter {
    address: SocketAddr,
    metrics_namespace: &'static str,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), WriterError>>,
}

impl RunningWriter {
    /// Asks it to end, and waits.
    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(SHUTDOWN_LIMIT, &mut self.task).await.expect("the writer ends");
        ended.unwrap().unwrap();
    }

    /// Ends it without a chance to tidy up.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await;
        let name = format!("{}_{name} ", self.metrics_namespace);
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().unwrap()
    }

    pub(crate) async fn until_metric(&self, name: &str, value: f64) {
        let reached = async || (self.metric(name).await - value).abs() < f64::EPSILON;
        eventually(&format!("{name} is {value}"), reached).await;
    }

    /// Status line, headers and body.
    pub(crate) async fn get(&self, path: &str) -> String {
        http::get_raw(self.address, path).await
    }

    pub(crate) async fn until_ready(&self) {
        eventually("the writer is ready", async || self.get("/readyz").await.starts_with("HTTP/1.1 200"))
            .await;
    }

    /// Waits until it is not ready, for a reason that contains `reason`.
    pub(crate) async fn until_unready(&self, reason: &str) {
        let is_unready = async || {
            let answer = self.get("/readyz").await;
            answer.starts_with("HTTP/1.1 503") && answer.contains(reason)
        };
        eventually(&format!("the writer is not ready: {reason}"), is_unready).await;
        assert!(self.get("/livez").await.starts_with("HTTP/1.1 200"), "alive while unready");
    }
}

impl Drop for RunningWriter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A results message of cluster `number`, announced `minute` minutes after noon, with the hit `ccx.rules.<rule>|KEY`.
pub(crate) fn message(number: usize, minute: u32, rule: &str) -> String {
    format!(
        r#"{{"OrgID":7,"AccountNumber":11,"ClusterName":"{}","LastChecked":"2026-01-15T12:{minute:02}:00Z","Version":2,
        "RequestId":"r{number}","Metadata":{{"gathering_time":"2026-01-15T11:00:00Z"}},
        "Report":{{"system":{{"hostname":null}},"fingerprints":[],
        "reports":[{{"component":"ccx.rules.{rule}.report","key":"KEY","details":{{"minute":{minute}}}}}],
        "info":[{{"info_id":"version_info|CLUSTER_VERSION_INFO","details":{{"version":"4.18.1"}}}}]}}}}"#,
        cluster(number)
    )
}

pub(crate) fn cluster(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}
