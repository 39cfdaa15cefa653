//! Lists of rules, clusters and namespaces: every operation, good and bad.

use reqwest::Method;
use serde_json::json;

use super::test_env::{CLUSTER, TestEnv, send};

const EMPTY: &str = "74ae54aa-6577-4e80-85e7-697cb646ff37";
const FOREIGN: &str = "a7467445-8d6a-43cc-b82c-7007664bdf69";

async fn env() -> TestEnv {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env
}

async fn assert_post(env: &TestEnv, path: &str, clusters: &[&str], expected: &str) {
    let answer = env.post(path, &json!(clusters).to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (200, expected), "{path}");
}

#[tokio::test]
async fn rules_of_clusters_are_grouped_by_rule() {
    let env = env().await;
    let path = "/api/v1/recommendations/organizations/11/users/7/list";
    let expected = format!(
        r#"{{"recommendations":{{"rules.a|KEY_A":["{CLUSTER}"],"rules.b|KEY_B":["{CLUSTER}"]}},"status":"ok"}}"#
    );
    assert_post(&env, path, &[CLUSTER, EMPTY, FOREIGN], &expected).await;
    assert_post(&env, path, &[], r#"{"recommendations":{},"status":"ok"}"#).await;
    let wrong = env.post(path, r#"["x"]"#).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.body.trim_end()),
        (400, r#"{"status":"invalid cluster ID: 'x'. Error: invalid UUID length: 1"}"#)
    );
}

#[tokio::test]
async fn clusters_with_rules_include_those_without_hits() {
    let env = env().await;
    let path = "/api/v1/clusters/organizations/11/users/7/recommendations";
    let hit = format!(
        r#""{CLUSTER}":{{"created_at":"2026-01-23T16:15:59.478901Z","meta":{{"cluster_version":"4.18.3"}},"recommendations":["rules.a|KEY_A","rules.b|KEY_B"]}}"#
    );
    let empty = format!(
        r#""{EMPTY}":{{"created_at":"2026-01-02T03:04:04Z","meta":{{"cluster_version":""}},"recommendations":[]}}"#
    );
    let expected = format!(r#"{{"clusters":{{{hit},{empty}}},"status":"ok"}}"#);
    assert_post(&env, path, &[EMPTY, CLUSTER, FOREIGN], &expected).await;
    assert_post(&env, path, &[], r#"{"clusters":{},"status":"ok"}"#).await;
}

#[tokio::test]
async fn clusters_of_a_rule_are_detailed_or_not_found() {
    let env = env().await;
    let path = |selector: &str| format!("/api/v1/rules/{selector}/organizations/11/users/7/clusters_detail");
    let detail = |impacted: &str| {
        format!(
            r#"{{"clusters":[{{"cluster":"{CLUSTER}","cluster_name":"","last_checked_at":"2026-01-23T16:16:00.25Z","impacted":"{impacted}","meta":{{"cluster_version":"4.18.3"}}}}],"status":"ok"}}"#
        )
    };
    for selector in ["rules.a|KEY_A", "rules.a.report%7CKEY_A"] {
        let answer = env.get(&path(selector)).await;
        assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (200, &*detail("2026-01-20T00:00:00Z")));
    }
    let without_time = env.get(&path("rules.b|KEY_B")).await;
    assert_eq!(without_time.body.trim_end(), detail(""));
    let with_body =
        async |body: &str| send(env.request(Method::GET, &path("rules.a|KEY_A")).body(body.to_owned())).await;
    assert_eq!(with_body(&json!({"clusters": [CLUSTER, EMPTY]}).to_string()).await.status.as_u16(), 200);
    assert_eq!(with_body(r#"{"clusters":[]}"#).await.status.as_u16(), 200);
    let not_found = r#"{"status":"Item with ID rules.a|KEY_A was not found in the storage"}"#;
    let other = with_body(&json!({"clusters": [EMPTY]}).to_string()).await;
    assert_eq!((other.status.as_u16(), other.body.trim_end()), (404, not_found));
    assert_eq!(with_body("[]").await.status.as_u16(), 400);
    assert_eq!(env.get(&path("rules.a")).await.status.as_u16(), 400);
}

const SUMMARY: &str = r#"{"cluster":{"uuid":"34c3ecc5-624a-49a5-bab8-4fdc5e51a266","display_name":""},"namespace":{"uuid":"ns-1","name":"shop"},"metadata":{"recommendations":1,"objects":1,"reported_at":"2026-01-20T01:02:03Z","last_checked_at":"2026-01-23T16:15:59Z","highest_severity":0,"hits_by_severity":null}"#;

#[tokio::test]
async fn workloads_are_listed_by_organisation_and_by_cluster() {
    let env = env().await;
    let path = "/api/v1/organization/11/workloads";
    let expected =
        format!(r#"{{"status":"ok","workloads":[{SUMMARY},"recommendations_hit_count":{{"dvo.a|A":1}}}}]}}"#);
    assert_eq!(env.get(path).await.body.trim_end(), expected);
    assert_post(&env, path, &[CLUSTER, FOREIGN], &expected).await;
    let none = r#"{"status":"ok","workloads":[]}"#;
    assert_post(&env, path, &[], none).await;
    assert_eq!(env.get("/api/v1/organization/13/workloads").await.body.trim_end(), none);
}

#[tokio::test]
async fn workloads_of_a_namespace_have_its_recommendations() {
    let env = env().await;
    let path = |namespace: &str| {
        format!("/api/v1/organization/11/namespace/{namespace}/cluster/{CLUSTER}/workloads")
    };
    let summary = SUMMARY.strip_prefix('{').unwrap();
    let recommendation = r#"{"check":"dvo.a|A","details":"","resolution":"","modified":"","more_info":"","extra_data":{"n":1},"objects":[{"kind":"Pod","uid":"u-1","display_name":""}]}"#;
    let expected = format!(
        r#"{{"status":"ok","workloads":{{"status":"",{summary},"recommendations":[{recommendation}]}}}}"#
    );
    assert_eq!(env.get(&path("ns-1")).await.body.trim_end(), expected);
    let missing = env.get(&path("ns-2")).await;
    let not_found = format!(r#"{{"status":"Item with ID 11/{CLUSTER}/ns-2 was not found in the storage"}}"#);
    assert_eq!((missing.status.as_u16(), missing.body.trim_end()), (404, &*not_found));
    let long = env.get(&path(&"n".repeat(257))).await;
    assert_eq!(long.status.as_u16(), 400);
    assert!(long.body.contains("Error during parsing param 'namespace'"), "{}", long.body);
}
