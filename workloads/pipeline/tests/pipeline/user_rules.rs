use std::{fs, time::Duration};

use ccx_messages::{ClusterId, Results};
use tempfile::TempDir;

use crate::env::{Running, TestEnv};

/// A rule that hits on every sample.
fn rule(key: &str) -> String {
    format!(
        "apiVersion: ccx.rules/v1\nid: acme.external.a\nerror_key: {key}\ninputs: {{version: {{file: config/version.json}}}}\n\
         when: version != null\ndetails: {{version: version.status.desired.version}}\n"
    )
}

/// The keys that the rule of users found in the results, in their order.
async fn keys_found(env: &TestEnv, results: usize) -> Vec<Option<String>> {
    let of_users = |record: &ccx_transport::Record| {
        let results = Results::parse(&record.payload).unwrap();
        let hit = results.report.hits.iter().find(|hit| hit.component == "acme.external.a.report");
        hit.map(|hit| hit.error_key.to_string())
    };
    env.results(results).await.iter().map(of_users).collect()
}

async fn announce(env: &TestEnv, request_id: &str) {
    let link = env.store_sample(ClusterId::random()).await;
    env.announce(request_id, &link).await;
}

async fn status(running: &Running) -> serde_json::Value {
    let answer = running.get("/rules").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn user_rules_are_replaced_while_the_pipeline_runs() {
    let directory = TempDir::new().unwrap();
    let write = |text: &str| fs::write(directory.path().join("a.yaml"), text).unwrap();
    let mut env = TestEnv::new().await;
    env.config.rules.directories = vec![directory.path().to_owned()];
    env.config.rules.reload_interval = Duration::from_millis(50);
    write(&rule("OLD"));
    let running = env.start().await;

    announce(&env, "first").await;
    assert_eq!(keys_found(&env, 1).await, [Some("OLD".into())]);
    let before = status(&running).await;
    assert_eq!((&before["rules"], &before["error"]), (&1.into(), &serde_json::Value::Null));
    let digest = before["digest"].as_str().unwrap();
    let report = String::from_utf8(env.results(1).await[0].payload.to_vec()).unwrap();
    assert!(report.contains(&format!(r#""user_rules":{{"version":"{digest}","commit":null}}"#)), "{report}");

    write(&rule("NEW").replace("when:", "whn:"));
    running.metric_reaches("ccx_pipeline_rule_set_refused", 1).await;
    let refused = status(&running).await;
    assert_eq!((&refused["digest"], &refused["error"]["line"]), (&before["digest"], &1.into()), "{refused}");
    announce(&env, "second").await;
    assert_eq!(keys_found(&env, 2).await[1], Some("OLD".into()));

    write(&rule("NEW"));
    running.metric_reaches("ccx_pipeline_rule_set_loads_total", 2).await;
    announce(&env, "third").await;
    assert_eq!(keys_found(&env, 3).await[2], Some("NEW".into()));
    assert_eq!(status(&running).await["error"], serde_json::Value::Null);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn report_without_user_rules_is_incomplete() {
    let directory = TempDir::new().unwrap();
    let write = |text: &str| fs::write(directory.path().join("a.yaml"), text).unwrap();
    let mut env = TestEnv::new().await;
    env.config.rules.directories = vec![directory.path().to_owned()];
    env.config.rules.reload_interval = Duration::from_millis(50);
    write("- no rule");
    let running = env.start().await;
    let incomplete = async |results: usize| {
        let record = env.results(results).await.pop().unwrap();
        let message: serde_json::Value = serde_json::from_slice(&record.payload).unwrap();
        message["Report"]["analysis_metadata"]["incomplete"].clone()
    };

    announce(&env, "first").await;
    assert_eq!(incomplete(1).await, "the rules of users could not be loaded");

    write(&rule("NEW"));
    running.metric_reaches("ccx_pipeline_rule_set_loads_total", 1).await;
    announce(&env, "second").await;
    assert_eq!(incomplete(2).await, serde_json::Value::Null);
    running.end().await;
}
