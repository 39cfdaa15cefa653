//! The program under the name of the original.

use std::{
    os::unix::{fs::symlink, process::CommandExt as _},
    process::{Command, Stdio},
};

use ccx_test_support::{
    Buckets, DEFAULT_BUCKETS, ExpectedMetric, assert_metrics, eventually, free_port, http, send_signal,
};
use ccx_transport::{Outgoing, Producer};

use crate::process::{ChildGuard, Outcome, ccx, reader, run, wait};

/// The program in an empty folder, without variables of the original in its environment.
struct Program {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        symlink(env!("CARGO_BIN_EXE_ccx"), folder.path().join("insights-results-aggregator")).unwrap();
        Self { folder, variables: Vec::new() }
    }

    /// Returns the program with an empty database for both schemas.
    async fn with_database() -> Self {
        let database = ccx_local::test_postgres().await.create_database().await.unwrap();
        let mut program = Self::new();
        for storage in ["OCP_RECOMMENDATIONS_STORAGE", "DVO_RECOMMENDATIONS_STORAGE"] {
            let password = database.password().unwrap().unwrap();
            for (key, value) in [
                ("TYPE", "sql"),
                ("PG_HOST", &database.host),
                ("PG_PORT", &database.port.to_string()),
                ("PG_USERNAME", &database.user),
                ("PG_PASSWORD", password.expose()),
                ("PG_DB_NAME", &database.name),
            ] {
                program = program.with(&format!("{storage}__{key}"), value);
            }
        }
        program.with("STORAGE_BACKEND__USE", "ocp_recommendations")
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.variables.push((format!("INSIGHTS_RESULTS_AGGREGATOR__{key}"), value.to_owned()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let link = self.folder.path().join("insights-results-aggregator");
        let template = ccx(arguments);
        let mut command = Command::new(&link);
        command.args(arguments).arg0("insights-results-aggregator").current_dir(self.folder.path());
        for (name, value) in template.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }
}

#[test]
fn help_is_the_original_text_behind_the_lines_about_clowder() {
    for command in ["help", "print-help", " Print-Help "] {
        let outcome = Program::new().run(&[command]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let expected = "\
Clowder is not enabled, skipping init...
Clowder is disabled

Aggregator service for insights results

Usage:

    insights-results-aggregator [command]

The commands are:

    <EMPTY>             starts aggregator
    start-service       starts aggregator
    help                prints help
    print-help          prints help
    print-config        prints current configuration set by files & env variables
    print-env           prints env variables
    print-version-info  prints version info
    migration           prints information about migrations (current, latest)
    migration <version> migrates database to the specified version
";
        assert_eq!(outcome.stdout, expected);
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn unknown_command_prints_the_help_and_succeeds() {
    let outcome = Program::new().run(&["--help"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("\nCommand '--help' not found\n\nAggregator service"), "{outcome:?}");
}

#[test]
fn configuration_environment_and_versions_are_printed() {
    let program = Program::new().with("BROKER__TOPIC", "results").with("BROKER__SASL_PASSWORD", "secret");
    let configuration = program.run(&["print-config"]).stdout;
    assert!(
        configuration.contains("{\n    \"Broker\": {\n        \"Addresses\": \"\",\n"),
        "{configuration}"
    );
    assert!(configuration.contains("\"Topic\": \"results\""), "{configuration}");
    assert!(!configuration.contains("secret"), "{configuration}");
    let environment = program.run(&["print-env"]).stdout;
    assert!(environment.contains("INSIGHTS_RESULTS_AGGREGATOR__BROKER__TOPIC=results\n"), "{environment}");
    let versions = program.run(&["print-version-info"]);
    assert_eq!(versions.code, Some(0), "{versions:?}");
    assert!(versions.stderr.contains("Version: v"), "{versions:?}");
    let commit = versions.stderr.split("Commit: ").nth(1).and_then(|rest| rest.get(..40)).unwrap_or_default();
    assert!(commit.bytes().all(|digit| digit.is_ascii_hexdigit()), "{versions:?}");
}

#[test]
fn closed_pipe_is_no_error() {
    let program = Program::new();
    let mut child = program.command(&["print-env"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn missing_configuration_file_ends_with_code_2() {
    let mut program = Program::new();
    program
        .variables
        .push(("INSIGHTS_RESULTS_AGGREGATOR_CONFIG_FILE".into(), "./it-does-not-exist.toml".into()));
    let outcome = program.run(&["start-service"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    let expected = "panic: fatal error config file: Config File \"it-does-not-exist\" Not Found in";
    assert!(outcome.stderr.contains(expected), "{outcome:?}");
}

#[tokio::test]
async fn migration_goes_up_and_down_and_reports_invalid_versions() {
    let program = Program::with_database().await;
    let migrated = |arguments: &[&str], code: i32, message: &str| {
        let outcome = program.run(arguments);
        assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:?}");
        assert!(outcome.stderr.contains(message), "{arguments:?}: {outcome:?}");
    };
    migrated(&["migration"], 0, "Current DB version: 0");
    migrated(&["migrations"], 0, "Maximum available version: 32");
    migrated(&["migrate", "latest"], 0, "Database version is now 32");
    migrated(&["migrate", "10"], 0, "Database version is now 10");
    migrated(&["migration"], 0, "Current DB version: 10");
    migrated(&["migrate", "33"], 5, "invalid target version (available version range is 0-32)");
    migrated(&["migrate", "ten"], 5, "Unable to parse target migration version");
    migrated(
        &["migrate", "1", "2"],
        5,
        "Unexpected number of arguments to migrations command (expected 0-1)",
    );
}

#[tokio::test]
async fn migration_without_backend_or_database_is_refused() {
    let program = Program::with_database().await.with("STORAGE_BACKEND__USE", "");
    let outcome = program.run(&["migration"]);
    assert_eq!(outcome.code, Some(5), "{outcome:?}");
    assert!(outcome.stderr.contains("storage backend does not support database migrations"), "{outcome:?}");
    let program = Program::with_database().await.with("OCP_RECOMMENDATIONS_STORAGE__PG_PORT", "1");
    let outcome = program.run(&["migrate", "latest"]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
}

#[tokio::test]
async fn service_refuses_a_database_of_another_version() {
    let program = Program::with_database().await;
    assert_eq!(program.run(&["migrate", "31"]).code, Some(0));
    let outcome = program.run(&[]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    for message in [
        "old DB migration version (current: 31, latest: 32)",
        "database preparation exited with error code 2",
        "Service exited with non-zero code 2",
    ] {
        assert!(outcome.stderr.contains(message), "{message}: {outcome:?}");
    }
}

#[tokio::test]
async fn service_without_broker_serves_the_api_until_sigterm() {
    let program = Program::with_database().await;
    for backend in ["ocp_recommendations", "dvo_recommendations"] {
        let outcome = run(program
            .command(&["migrate", "latest"])
            .env("INSIGHTS_RESULTS_AGGREGATOR__STORAGE_BACKEND__USE", backend));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
    let port = free_port();
    let program = program
        .with("SERVER__ADDRESS", &format!("localhost:{port}"))
        .with("SERVER__API_PREFIX", "api/v1")
        .with("SERVER__AUTH", "true");
    let mut child = program.command(&["start-service"]).spawn().unwrap();
    let stderr = reader(child.stderr.take());
    let mut running = ChildGuard(child);
    let url = format!("http://localhost:{port}/api/v1/");
    let answer = eventually("the API answers", || http::get(&url, &[]));
    assert_eq!((answer.status, answer.body.trim()), (401, r#"{"status":"Missing auth token"}"#));
    let pid = running.0.id().to_string();
    assert!(send_signal("TERM", &pid));
    assert_eq!(wait(&mut running.0).code(), Some(0));
    let log = stderr.join().unwrap();
    assert!(log.contains("Broker is disabled, not starting it"), "{log}");
}

/// The program with a broker and migrated tables, and its port.
async fn with_broker(servers: &str) -> (Program, u16) {
    let program = Program::with_database().await;
    for backend in ["ocp_recommendations", "dvo_recommendations"] {
        let outcome = run(program
            .command(&["migrate", "latest"])
            .env("INSIGHTS_RESULTS_AGGREGATOR__STORAGE_BACKEND__USE", backend));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
    let port = free_port();
    let program = program
        .with("SERVER__ADDRESS", &format!("localhost:{port}"))
        .with("SERVER__API_PREFIX", "/api/v1/")
        .with("METRICS__NAMESPACE", "aggregator")
        .with("BROKER__ADDRESSES", servers)
        .with("BROKER__TOPIC", RESULTS)
        .with("BROKER__GROUP", "aggregator")
        .with("BROKER__ENABLED", "true");
    (program, port)
}

/// A topic that the program consumes.
const RESULTS: &str = "ccx.ocp.results";

#[tokio::test]
async fn service_with_broker_consumes_and_serves_in_one_process() {
    let kafka = ccx_local::Kafka::start(&[(RESULTS, 1)]).unwrap();
    let (program, port) = with_broker(&kafka.config().bootstrap_servers.join(",")).await;
    let mut child = program.command(&["start-service"]).spawn().unwrap();
    let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let mut running = ChildGuard(child);
    let payload = r#"{"OrgID":123,"ClusterName":"01234567-89ab-cdef-0123-456789abcdef","LastChecked":"2024-01-15T11:00:00Z",
        "Version":2,"Report":{"system":{"metadata":{},"hostname":null},"fingerprints":[],"reports":[
        {"rule_id":"tutorial_rule|TUTORIAL_ERROR","component":"ccx.tutorial_rule.report","key":"TUTORIAL_ERROR","type":"rule",
        "details":{},"tags":[],"links":{}}]}}"#;
    let message = Outgoing { topic: RESULTS, key: None, headers: &[], payload: payload.as_bytes() };
    Producer::new(&kafka.config()).unwrap().send(message).await.unwrap();

    eventually("the consumed cluster is served", || {
        let answer = request(port, "/api/v1/organizations/123/clusters")?;
        answer
            .contains(r#"{"clusters":["01234567-89ab-cdef-0123-456789abcdef"],"status":"ok"}"#)
            .then_some(())
    });
    let metrics = request(port, "/api/v1/metrics").unwrap();
    for line in [
        "aggregator_written_reports 1\n",
        "aggregator_api_endpoints_requests{",
        "aggregator_sql_queries_counter ",
    ] {
        assert!(metrics.contains(line), "{line} is missing in {metrics}");
    }
    assert_has_metrics_of_the_original(&metrics);
    let pid = running.0.id().to_string();
    assert!(send_signal("TERM", &pid));
    assert_eq!(wait(&mut running.0).code(), Some(0), "{}", stderr.join().unwrap());
    let stdout = stdout.join().unwrap();
    assert!(stdout.ends_with("SIGINT or SIGTERM was sent, stopping the service...\n"), "{stdout}");
}

const fn metric(
    name: &'static str,
    kind: &'static str,
    labels: &'static [&'static str],
    buckets: Buckets,
) -> ExpectedMetric {
    ExpectedMetric { name, kind, labels, buckets }
}

const fn counter(name: &'static str, labels: &'static [&'static str]) -> ExpectedMetric {
    metric(name, "counter", labels, Buckets::None)
}

const fn seconds(name: &'static str, labels: &'static [&'static str]) -> ExpectedMetric {
    metric(name, "histogram", labels, Buckets::Exactly(DEFAULT_BUCKETS))
}

/// The metrics that the original exports with a namespace.
const METRICS: &[ExpectedMetric] = &[
    counter("consumed_messages", &[]),
    counter("consuming_errors", &[]),
    counter("messages_with_empty_rule_execution_result", &[]),
    counter("produced_messages", &[]),
    counter("written_reports", &[]),
    counter("feedback_on_rules", &[]),
    counter("sql_queries_counter", &[]),
    seconds("successful_messages_processing_time", &[]),
    seconds("failed_messages_processing_time", &[]),
    seconds("last_checked_timestamp_lag_minutes", &[]),
    seconds("sql_queries_durations", &["query"]),
    counter("api_endpoints_requests", &["endpoint"]),
    metric("api_endpoints_response_time", "histogram", &["endpoint"], Buckets::Exactly(RESPONSE_TIMES)),
    counter("api_endpoints_status_codes", &["endpoint", "status_code"]),
];

/// The upper bounds of histograms of requests.
const RESPONSE_TIMES: &[&str] = &[
    "0", "20", "40", "60", "80", "100", "120", "140", "160", "180", "200", "220", "240", "260", "280", "300",
    "320", "340", "360", "380", "+Inf",
];

fn assert_has_metrics_of_the_original(metrics: &str) {
    assert_metrics(metrics, "aggregator_", METRICS);
    // The original forgets its namespace.
    assert_metrics(metrics, "", &[counter("rating_on_rules", &[])]);
}

#[tokio::test]
async fn service_with_the_dvo_backend_writes_workloads() {
    const WORKLOADS: &str = "ccx.dvo.results";
    let kafka = ccx_local::Kafka::start(&[(WORKLOADS, 1)]).unwrap();
    let (program, port) = with_broker(&kafka.config().bootstrap_servers.join(",")).await;
    let program =
        program.with("STORAGE_BACKEND__USE", "dvo_recommendations").with("BROKER__TOPIC", WORKLOADS);
    let mut child = program.command(&["start-service"]).spawn().unwrap();
    let (_stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let mut running = ChildGuard(child);
    let payload = r#"{"OrgID":1,"AccountNumber":1,"ClusterName":"ac91137f-fa4c-455a-b801-e2b3c1a0d82f",
        "LastChecked":"2024-02-06T12:25:07.418761+00:00","RequestId":"b0daf40cdf29/1","Metrics":{"version":1,
        "workload_recommendations":[{"component":"rules.recommendation","key":"KEY","details":{},"workloads":[
        {"namespace":"name-A","namespace_uid":"UID-A","kind":"DaemonSet","name":"n","uid":"U1"},
        {"namespace":"name-B","namespace_uid":"UID-B","kind":"Deployment","name":"m","uid":"U2"}]}]}}"#;
    let producer = Producer::new(&kafka.config()).unwrap();
    for payload in ["{}", payload] {
        let message = Outgoing { topic: WORKLOADS, key: None, headers: &[], payload: payload.as_bytes() };
        producer.send(message).await.unwrap();
    }
    eventually("both namespaces are served", || {
        let answer = request(port, "/api/v1/organization/1/workloads")?;
        (answer.contains("UID-A") && answer.contains("UID-B")).then_some(())
    });
    let pid = running.0.id().to_string();
    assert!(send_signal("TERM", &pid));
    assert_eq!(wait(&mut running.0).code(), Some(0), "{}", stderr.join().unwrap());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn service_with_the_redis_storage_writes_processed_requests() {
    let kafka = ccx_local::Kafka::start(&[(RESULTS, 1)]).unwrap();
    let server = ccx_local::Valkey::start(ccx_local::ValkeyProtection::None).unwrap();
    let (program, _) = with_broker(&kafka.config().bootstrap_servers.join(",")).await;
    let program = program
        .with("OCP_RECOMMENDATIONS_STORAGE__TYPE", "redis")
        .with("REDIS__ENDPOINT", server.config().endpoint.as_deref().unwrap())
        .with("REDIS__TIMEOUT_SECONDS", "30");
    let mut child = program.command(&["start-service"]).spawn().unwrap();
    let (_stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let mut running = ChildGuard(child);
    let payload = r#"{"OrgID":123,"ClusterName":"01234567-89ab-cdef-0123-456789abcdef","LastChecked":"2024-01-15T11:00:00Z",
        "Version":2,"RequestId":"request-1","Report":{"system":{},"fingerprints":[],"reports":[]}}"#;
    let message = Outgoing { topic: RESULTS, key: None, headers: &[], payload: payload.as_bytes() };
    Producer::new(&kafka.config()).unwrap().send(message).await.unwrap();

    let store = ccx_valkey::RequestStore::new(&server.config()).unwrap();
    let (org_id, cluster_id) =
        (ccx_messages::OrgId::new(123).unwrap(), "01234567-89ab-cdef-0123-456789abcdef".parse().unwrap());
    ccx_test_support::eventually_async("the request is processed", async || {
        store.is_processed(org_id, cluster_id, "request-1").await.unwrap()
    })
    .await;
    let pid = running.0.id().to_string();
    assert!(send_signal("TERM", &pid));
    assert_eq!(wait(&mut running.0).code(), Some(0), "{}", stderr.join().unwrap());
}

#[tokio::test]
async fn service_without_a_reachable_broker_ends_with_code_1() {
    let (program, _) = with_broker("localhost:1").await;
    let outcome = program.run(&["start-service"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    for message in [
        "Failed to connect to broker",
        "kafka: client has run out of available brokers to talk to (Is your cluster reachable?)",
        "waiting for consumer to start",
        "Consumer start failure",
    ] {
        assert!(outcome.stderr.contains(message), "{message}: {outcome:?}");
    }
}

#[tokio::test]
async fn service_without_backend_for_the_consumer_ends_with_code_1() {
    let (program, _) = with_broker("localhost:1").await;
    let outcome = program.with("STORAGE_BACKEND__USE", "").run(&[]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("no backend storage selected"), "{outcome:?}");
}

#[tokio::test]
async fn service_with_an_invalid_value_names_the_key_of_the_original() {
    let (program, _) = with_broker("localhost:1").await;
    let outcome = program.with("BROKER__TOPIC", "a b").run(&[]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("configuration key broker.topic is invalid"), "{outcome:?}");
}

/// Returns the body of a response; `None` if the connection is refused.
fn request(port: u16, path: &str) -> Option<String> {
    http::get(&format!("http://localhost:{port}{path}"), &[]).map(|response| response.body)
}
