//! Another `insights-results-aggregator` beside ours: the same messages and requests, on two databases, have the same effects.
//!
//! `make diff PEER=/path/to/insights-results-aggregator` compares any other one; `KAFKA=host:port` has it read from brokers of
//! yours instead of the embedded ones. Plain `cargo test` compares ours with itself.

use std::{
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use ccx_config::Kafka;
use ccx_test_support::{eventually_async, eventually_within, free_port, http};
use ccx_transport::{Outgoing, Producer};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use sqlx::{PgPool, postgres::PgConnectOptions};

use crate::process::{ChildGuard, ccx, reader};

/// The topic of results.
const TOPIC: &str = "ccx.ocp.results";

/// The longest time for a program to begin and to end its work.
const TIMEOUT: Duration = Duration::from_mins(2);

const FIRST: &str = "00000001-624a-49a5-bab8-4fdc5e51a266";
const SECOND: &str = "00000002-624a-49a5-bab8-4fdc5e51a266";
const OTHER: &str = "00000003-624a-49a5-bab8-4fdc5e51a266";
const HEALTHY: &str = "00000004-624a-49a5-bab8-4fdc5e51a266";
/// The cluster whose report shows that the program consumes, and the one whose report comes last.
const BEGIN: &str = "0000000a-624a-49a5-bab8-4fdc5e51a266";
const END: &str = "0000000e-624a-49a5-bab8-4fdc5e51a266";

/// Columns that tell where or when a row was written.
const MASKED_COLUMNS: [&str; 5] = ["kafka_offset", "topic", "partition", "topic_offset", "consumed_at"];

#[tokio::test]
async fn tables_and_answers_equal_those_of_the_peer() {
    let ours = PathBuf::from(env!("CARGO_BIN_EXE_ccx"));
    let peer = std::env::var_os("CCX_TEST_PEER").map_or_else(|| ours.clone(), PathBuf::from);
    let (ours, peers) = (effects(&ours, "ours").await, effects(&peer, "peer").await);
    let differences: Vec<String> = ours
        .iter()
        .zip(&peers)
        .filter(|(ours, peers)| ours != peers)
        .map(|((what, ours), (_, peers))| format!("{what}\n  peer: {peers}\n  ours: {ours}"))
        .collect();
    assert_eq!(ours.len(), peers.len());
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// Runs a program on a database of its own, and returns its answers and then its tables, without times.
async fn effects(program: &PathBuf, side: &str) -> Vec<(String, Value)> {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("insights-results-aggregator");
    symlink(program, &link).unwrap();
    let database = ccx_local::test_postgres().await.create_database().await.unwrap();
    let embedded;
    let (kafka, topic) = if let Ok(brokers) = std::env::var("CCX_TEST_PEER_KAFKA") {
        (Kafka { bootstrap_servers: vec![brokers], ..Kafka::default() }, format!("{TOPIC}.{side}"))
    } else {
        embedded = ccx_local::Kafka::start(&[(TOPIC, 1)]).unwrap();
        (embedded.config(), TOPIC.to_owned())
    };
    let port = free_port();
    let password = database.password().unwrap().unwrap();
    let database_port = database.port.to_string();
    let mut variables = vec![
        ("BROKER__ADDRESSES", kafka.bootstrap_servers.join(",")),
        ("BROKER__TOPIC", topic.clone()),
        ("BROKER__GROUP", format!("aggregator.{side}")),
        ("BROKER__ENABLED", "true".into()),
        ("SERVER__ADDRESS", format!("localhost:{port}")),
        ("SERVER__API_PREFIX", "/api/v1/".into()),
        ("SERVER__DEBUG", "true".into()),
        ("METRICS__NAMESPACE", "aggregator".into()),
        ("STORAGE_BACKEND__USE", "ocp_recommendations".into()),
    ];
    for (keys, value) in [
        (["OCP_RECOMMENDATIONS_STORAGE__TYPE", "DVO_RECOMMENDATIONS_STORAGE__TYPE"], "sql"),
        (["OCP_RECOMMENDATIONS_STORAGE__DB_DRIVER", "DVO_RECOMMENDATIONS_STORAGE__DB_DRIVER"], "postgres"),
        (["OCP_RECOMMENDATIONS_STORAGE__PG_HOST", "DVO_RECOMMENDATIONS_STORAGE__PG_HOST"], &database.host),
        (["OCP_RECOMMENDATIONS_STORAGE__PG_PORT", "DVO_RECOMMENDATIONS_STORAGE__PG_PORT"], &database_port),
        (
            ["OCP_RECOMMENDATIONS_STORAGE__PG_USERNAME", "DVO_RECOMMENDATIONS_STORAGE__PG_USERNAME"],
            &database.user,
        ),
        (
            ["OCP_RECOMMENDATIONS_STORAGE__PG_PASSWORD", "DVO_RECOMMENDATIONS_STORAGE__PG_PASSWORD"],
            password.expose(),
        ),
        (
            ["OCP_RECOMMENDATIONS_STORAGE__PG_DB_NAME", "DVO_RECOMMENDATIONS_STORAGE__PG_DB_NAME"],
            &database.name,
        ),
        (
            ["OCP_RECOMMENDATIONS_STORAGE__PG_PARAMS", "DVO_RECOMMENDATIONS_STORAGE__PG_PARAMS"],
            "sslmode=disable",
        ),
    ] {
        variables.extend(keys.map(|key| (key, value.to_owned())));
    }
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
        for (name, _) in ccx(arguments).get_envs().filter(|(_, value)| value.is_none()) {
            command.env_remove(name);
        }
        let name = |key: &str| format!("INSIGHTS_RESULTS_AGGREGATOR__{key}");
        command.envs(variables.iter().map(|(key, value)| (name(key), value)));
        command
    };
    for backend in ["dvo_recommendations", "ocp_recommendations"] {
        let mut migration = command(&["migrate", "latest"]);
        migration.env("INSIGHTS_RESULTS_AGGREGATOR__STORAGE_BACKEND__USE", backend);
        assert!(
            migration.stdout(Stdio::null()).status().unwrap().success(),
            "{side}: migration of {backend}"
        );
    }
    let mut child = command(&["start-service"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = reader(child.stderr.take());
    let running = ChildGuard(child);

    let base = format!("http://localhost:{port}/api/v1");
    consume(&kafka, &topic, &base).await;
    let client = Client::new();
    let mut effects = Vec::new();
    for (method, path, body) in requests() {
        let answer = ask(&client, &method, &format!("{base}{path}"), &body).await;
        effects.push((format!("{method} {path} {body}"), answer));
    }
    drop(running);
    drop(log);
    effects.extend(tables(&database).await);
    effects
}

/// Sends all messages, and waits until the last one is served.
async fn consume(kafka: &Kafka, topic: &str, base: &str) {
    let producer = Producer::new(kafka).unwrap();
    let send = async |payload: &str| {
        let message = Outgoing { topic, key: None, headers: &[], payload: payload.as_bytes() };
        producer.send(message).await.unwrap();
    };
    let is_served = |org: u32, cluster: &str| {
        let clusters = http::get(&format!("{base}/organizations/{org}/clusters"), &[]);
        clusters.is_some_and(|answer| answer.body.contains(cluster)).then_some(())
    };
    eventually_within(TIMEOUT, "the API answers", || http::get(&format!("{base}/"), &[]));
    // A new consumer group may begin behind messages that were sent before.
    eventually_async("the program consumes", async || {
        send(&report(9, BEGIN, "2024-01-01T00:00:00Z", &[])).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_served(9, BEGIN)
    })
    .await;
    for message in messages() {
        send(&message).await;
    }
    eventually_within(TIMEOUT, "the last message is stored", || is_served(9, END));
}

/// A message about a cluster with hits of these rules.
fn report(org: u32, cluster: &str, last_checked: &str, rules: &[&str]) -> String {
    let hits: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "rule_id": format!("{rule}|KEY_OF_{rule}"),
                "component": format!("ccx_rules_ocp.external.rules.{rule}.report"),
                "type": "rule",
                "key": format!("KEY_OF_{rule}"),
                "details": {"type": "rule", "error_key": format!("KEY_OF_{rule}"), "nodes": [{"name": "worker-0"}]},
                "tags": [],
                "links": {},
            })
        })
        .collect();
    json!({
        "OrgID": org,
        "AccountNumber": 1,
        "ClusterName": cluster,
        "LastChecked": last_checked,
        "Version": 2,
        "RequestId": "3nl2vda87ld6e3s25jlk7n2dna",
        "Metadata": {"gathering_time": "2024-01-01T00:00:00Z"},
        "Report": {
            "system": {"metadata": {}, "hostname": null},
            "fingerprints": [],
            "skips": [],
            "info": [],
            "reports": hits,
        },
    })
    .to_string()
}

fn messages() -> Vec<String> {
    let without = |key: &str| {
        let mut message: Value =
            serde_json::from_str(&report(1, SECOND, "2024-01-09T00:00:00Z", &["a"])).unwrap();
        message.as_object_mut().unwrap().remove(key);
        message.to_string()
    };
    vec![
        report(1, FIRST, "2024-01-02T00:00:00Z", &["a", "b"]),
        report(1, FIRST, "2024-01-03T00:00:00Z", &["b", "c"]),
        report(1, SECOND, "2024-01-02T00:00:00Z", &["a", "b", "c", "d"]),
        report(2, OTHER, "2024-01-02T00:00:00Z", &["a"]),
        report(1, HEALTHY, "2024-01-02T00:00:00Z", &[]),
        "this is not JSON".into(),
        "{}".into(),
        without("OrgID"),
        without("ClusterName"),
        without("LastChecked"),
        without("Report"),
        report(1, "not-a-uuid", "2024-01-09T00:00:00Z", &["a"]),
        report(1, FIRST, "yesterday", &["a"]),
        report(9, END, "2024-01-02T00:00:00Z", &["a"]),
    ]
}

/// Reads and writes of every kind, in an order in which each finds what earlier ones have written.
fn requests() -> Vec<(Method, String, String)> {
    let selector = "ccx_rules_ocp.external.rules.b|KEY_OF_b";
    let rule = "rules/ccx_rules_ocp.external.rules.b.report/error_key/KEY_OF_b";
    let clusters = json!([FIRST, SECOND, HEALTHY]).to_string();
    let get = |path: String| (Method::GET, format!("/{path}"), String::new());
    let put = |path: String| (Method::PUT, format!("/{path}"), String::new());
    let send = |method: Method, path: String, body: &str| (method, format!("/{path}"), body.to_owned());
    let reads = || {
        vec![
            get(String::new()),
            get("organizations".into()),
            get("organizations/1/clusters".into()),
            get("organizations/3/clusters".into()),
            get("organizations/x/clusters".into()),
            get(format!("organizations/1/clusters/{FIRST}/users/1/report")),
            get(format!("organizations/1/clusters/{HEALTHY}/users/1/report")),
            get(format!("organizations/1/clusters/{OTHER}/users/1/report")),
            get("organizations/1/clusters/not-a-uuid/users/1/report".into()),
            get(format!("organizations/1/clusters/{FIRST}/users/1/report/info")),
            get(format!("organizations/1/clusters/{FIRST}/users/1/rules/{selector}")),
            get(format!("organizations/1/clusters/{FIRST}/users/1/rules/not-a-rule")),
            get(format!("organizations/1/clusters/{FIRST},{SECOND}/reports")),
            send(
                Method::POST,
                "organizations/1/clusters/reports".into(),
                &json!({"clusters": [FIRST, SECOND]}).to_string(),
            ),
            send(Method::POST, "organizations/1/clusters/reports".into(), "no JSON"),
            send(Method::POST, "recommendations/organizations/1/users/1/list".into(), &clusters),
            send(Method::POST, "clusters/organizations/1/users/1/recommendations".into(), &clusters),
            get(format!("rules/{selector}/organizations/1/users/1/clusters_detail")),
            get("rules/organizations/1/disabled".into()),
            get("rules/organizations/1/disabled_system_wide".into()),
            get("rules/organizations/1/rating".into()),
            get(format!("{rule}/organizations/1")),
            get(format!("clusters/{FIRST}/{rule}/users/1/get_vote")),
            get("organization/1/workloads".into()),
            get("no/such/path".into()),
        ]
    };
    let mut requests = reads();
    requests.extend([
        put(format!("clusters/{FIRST}/{rule}/organizations/1/users/1/like")),
        put(format!("clusters/{FIRST}/{rule}/organizations/1/disable")),
        send(
            Method::POST,
            format!("clusters/{FIRST}/{rule}/organizations/1/users/1/disable_feedback"),
            r#"{"message": "known"}"#,
        ),
        send(Method::PUT, format!("{rule}/organizations/1/disable"), r#"{"justification": "accepted"}"#),
        send(
            Method::POST,
            "rules/organizations/1/rating".into(),
            &json!({"rule": selector, "rating": 1}).to_string(),
        ),
    ]);
    requests.extend(reads());
    requests.extend([
        put(format!("clusters/{FIRST}/{rule}/organizations/1/users/1/reset_vote")),
        put(format!("clusters/{FIRST}/{rule}/organizations/1/enable")),
        send(
            Method::POST,
            format!("{rule}/organizations/1/update"),
            r#"{"justification": "still accepted"}"#,
        ),
        put(format!("{rule}/organizations/1/enable")),
    ]);
    requests
}

/// Sends a request, and returns the status, the type and the content of the answer.
async fn ask(client: &Client, method: &Method, url: &str, body: &str) -> Value {
    let response = client.request(method.clone(), url).body(body.to_owned()).send().await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let content = serde_json::from_str(&text).unwrap_or(Value::String(text));
    json!({"status": status, "content-type": kind, "content": comparable(content)})
}

/// Returns the rows of every table, by name.
async fn tables(database: &ccx_config::Database) -> Vec<(String, Value)> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&database.host)
        .port(database.port)
        .username(&database.user)
        .password(database.password.as_ref().map_or("", ccx_config::Secret::expose))
        .database(&database.name);
    let sql = PgPool::connect_with(options).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname IN ('public', 'dvo') AND tablename !~ '^ccx' ORDER BY 1",
    )
    .fetch_all(&sql)
    .await
    .unwrap();
    let mut tables = Vec::new();
    for name in names {
        let query = format!("SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text FROM {name} AS t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&sql).await.unwrap();
        tables.push((format!("table {name}"), comparable(serde_json::from_str(&rows).unwrap())));
    }
    tables
}

/// Returns a value without the order of lists, and without times other than those in the messages.
fn comparable(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(comparable).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !MASKED_COLUMNS.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name, comparable(value))).collect::<Map<_, _>>())
        }
        Value::String(text) if is_time(&text) && !text.starts_with("2024-01-0") => {
            Value::String("TIME".into())
        }
        other => other,
    }
}

fn is_time(text: &str) -> bool {
    matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', _, _, b':', ..])
}
