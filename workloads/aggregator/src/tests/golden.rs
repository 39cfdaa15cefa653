//! Every endpoint's exact answer.

use super::test_env::{CLUSTER, ORG, TestEnv, report_path};

const JSON: &str = "application/json; charset=utf-8";

async fn assert_json(env: &TestEnv, path: &str, expected: &str) {
    let answer = env.get(path).await;
    assert_eq!(answer.body.trim_end(), expected, "{path}");
    assert_eq!((answer.status.as_u16(), answer.content_type.as_str()), (200, JSON), "{path}");
}

#[tokio::test]
async fn report_has_hits_with_toggles_and_the_users_vote() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let hit_a = r#"{"component":"rules.a.report","key":"KEY_A","user_vote":1,"disabled":false,"disable_feedback":"","disabled_at":"","details":{"type":"rule","error_key":"KEY_A"}}"#;
    let hit_b = r#"{"component":"rules.b.report","key":"KEY_B","user_vote":0,"disabled":true,"disable_feedback":"too <noisy>","disabled_at":"2026-01-21T10:11:12Z","details":{"type": "rule","error_key":"KEY_B","n":1.0},"impacted":"2026-01-20T00:00:00Z"}"#;
    let meta = r#"{"cluster_name":"","count":2,"last_checked_at":"2026-01-23T16:15:59Z","gathered_at":"2026-01-23T16:15:30Z"}"#;
    let expected = format!(r#"{{"report":{{"meta":{meta},"reports":[{hit_a},{hit_b}]}},"status":"ok"}}"#);
    assert_json(&env, &report_path(ORG, CLUSTER, "7"), &expected).await;

    let as_user_8 = env.get(&report_path(ORG, &CLUSTER.to_uppercase(), "8")).await.body;
    assert!(as_user_8.contains(r#""key":"KEY_A","user_vote":0"#), "{as_user_8}");
    assert!(
        as_user_8.contains(r#""key":"KEY_B","user_vote":-1,"disabled":true,"disable_feedback":"""#),
        "{as_user_8}"
    );
}

#[tokio::test]
async fn report_without_hits_is_an_empty_list() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let path = report_path(ORG, "74ae54aa-6577-4e80-85e7-697cb646ff37", "7");
    let expected = r#"{"report":{"meta":{"cluster_name":"","count":0,"last_checked_at":"2026-01-02T03:04:04Z"},"reports":[]},"status":"ok"}"#;
    assert_json(&env, &path, expected).await;
}

#[tokio::test]
async fn report_info_has_count_and_times() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env.run_sql(
        "UPDATE report SET last_checked_at = NULL, reported_at = '2026-01-24 00:00:01.9' WHERE org_id = 11",
    )
    .await;
    let path = format!("{}/info", report_path(ORG, CLUSTER, "7"));
    let expected =
        r#"{"metainfo":{"count":2,"last_checked_at":"","stored_at":"2026-01-24T00:00:01Z"},"status":"ok"}"#;
    assert_json(&env, &path, expected).await;
}

#[tokio::test]
async fn rule_is_found_with_and_without_its_suffix() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let expected = r#"{"report":{"component":"rules.b.report","key":"KEY_B","user_vote":-1,"disabled":true,"disable_feedback":"","disabled_at":"2026-01-21T10:11:12Z","details":{"type": "rule","error_key":"KEY_B","n":1.0},"impacted":"2026-01-20T00:00:00Z"},"status":"ok"}"#;
    for selector in ["rules.b.report|KEY_B", "rules.b|KEY_B", "rules.b%7CKEY_B"] {
        let path = format!("/api/v1/organizations/{ORG}/clusters/{CLUSTER}/users/8/rules/{selector}");
        assert_json(&env, &path, expected).await;
    }
}

#[tokio::test]
async fn clusters_of_an_organisation_have_a_recent_report() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let later = "ffffffff-0000-4000-8000-000000000000";
    env
        .run_sql(&format!("INSERT INTO report (org_id, cluster, report, reported_at) SELECT 11, '{later}', '{{}}', reported_at FROM report WHERE org_id = 12"))
        .await;
    let expected = format!(r#"{{"clusters":["{CLUSTER}","{later}"],"status":"ok"}}"#);
    assert_json(&env, "/api/v1/organizations/11/clusters", &expected).await;
    assert_json(&env, "/api/v1/organizations/13/clusters", r#"{"clusters":[],"status":"ok"}"#).await;
}

#[tokio::test]
async fn root_is_ok() {
    let env = TestEnv::trusting().await;
    assert_json(&env, "/api/v1/", r#"{"status":"ok"}"#).await;
}

#[tokio::test]
async fn info_has_versions_as_texts() {
    let env = TestEnv::trusting().await;
    super::test_env::eventually("schema versions", async || {
        env.get("/api/v1/info").await.body.contains("\"4\"")
    })
    .await;
    let body = env.get("/api/v1/info").await.body;
    let info: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(info["status"], "ok");
    assert_eq!(info["info"]["OCP_DB_version"], "32");
    assert_eq!(info["info"]["DVO_DB_version"], "4");
    assert_eq!(info["info"]["BuildVersion"], env!("CARGO_PKG_VERSION"));
    let keys: Vec<&String> = info["info"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "BuildBranch",
            "BuildCommit",
            "BuildTime",
            "BuildVersion",
            "DB_version",
            "DVO_DB_version",
            "OCP_DB_version",
            "UtilsVersion"
        ]
    );
}

#[tokio::test]
async fn metrics_and_the_openapi_document_are_served() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env.get(&report_path(ORG, CLUSTER, "7")).await;
    let openapi = env.get("/api/v1/openapi.json").await;
    assert_eq!(
        (openapi.content_type.as_str(), openapi.body),
        (
            JSON,
            crate::openapi::openapi(
                "/api/v1/",
                crate::endpoints::Operations::Production,
                ccx_config::Authentication::None
            )
        )
    );
    for path in ["/api/v1/metrics", "/metrics"] {
        let metrics = env.get(path).await;
        assert_eq!(metrics.content_type, "text/plain; version=0.0.4");
        let endpoint = "/api/v1/organizations/{org_id}/clusters/{cluster}/users/{user_id}/report";
        for line in [
            format!("insights_results_aggregator_api_endpoints_requests{{endpoint=\"{endpoint}\"}} 1\n"),
            format!(
                "insights_results_aggregator_api_endpoints_status_codes{{endpoint=\"{endpoint}\",status_code=\"200\"}} 1\n"
            ),
            "insights_results_aggregator_sql_queries_durations_count{query=\"read a report\"} 1\n".into(),
        ] {
            assert!(metrics.body.contains(&line), "{line} is missing in\n{}", metrics.body);
        }
    }
}
