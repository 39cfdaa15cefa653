//! Gathering rules over HTTP.

use reqwest::StatusCode;
use serde_json::Value;

use super::test_env::{TestEnv, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gathering_rules_are_served_for_each_version_of_the_api() {
    let env = TestEnv::start().await;
    let get = async |path: &str, expected: u16| -> Value {
        let response = env.request("GET", path).send().await.unwrap();
        json(response, StatusCode::from_u16(expected).unwrap()).await
    };
    let configuration = get("/api/gathering/v2/4.17.3/gathering_rules", 200).await;
    assert!(!configuration["conditional_gathering_rules"].as_array().unwrap().is_empty());
    assert_eq!(configuration["container_logs"], serde_json::json!([]));
    for path in ["/api/gathering/gathering_rules", "/api/gathering/v1/gathering_rules"] {
        assert_eq!(get(path, 200).await["rules"], configuration["conditional_gathering_rules"], "{path}");
    }
    let invalid = get("/api/gathering/v2/latest/gathering_rules", 400).await;
    assert!(invalid["status"].as_str().unwrap().contains("'ocpVersion' with value 'latest'"), "{invalid}");
    get("/api/gathering/v2/3.11.0/gathering_rules", 404).await;
    let metrics = env.metrics().await;
    let served = r#"io_gathering_remote_configuration{channel="stable",version="1.0.0"} 1"#;
    assert!(metrics.lines().any(|line| line == served), "{metrics}");
}
