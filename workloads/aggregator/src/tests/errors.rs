//! Every error's status and text.

use ccx_config::{Aggregator, Authentication};
use ccx_local::test_postgres;
use serde_json::json;

use super::test_env::{CLUSTER, ORG, TestEnv, report_path};

async fn assert_problem(env: &TestEnv, path: &str, status: u16, text: &str) {
    let answer = env.get(path).await;
    let expected = json!({ "status": text }).to_string();
    assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (status, expected.as_str()), "{path}");
    assert_eq!(answer.content_type, "application/json; charset=utf-8");
}

#[tokio::test]
async fn wrong_parameters_are_named_with_their_value() {
    let env = TestEnv::trusting().await;
    let rule = |rule: &str| format!("/api/v1/organizations/{ORG}/clusters/{CLUSTER}/users/7/rules/{rule}");
    for (path, text) in [
        (
            report_path("x", CLUSTER, "7"),
            "Error during parsing param 'org_id' with value 'x'. Error: 'unsigned integer expected'",
        ),
        (
            report_path("0", CLUSTER, "7"),
            "Error during parsing param 'org_id' with value '0'. Error: 'positive value expected'",
        ),
        (
            "/api/v1/organizations/-1/clusters".into(),
            "Error during parsing param 'organization' with value '-1'. Error: 'unsigned integer expected'",
        ),
        (
            report_path(ORG, "abc", "7"),
            "Error during parsing param 'cluster' with value 'abc'. Error: 'invalid UUID length: 3'",
        ),
        (report_path(ORG, CLUSTER, "%20"), "Missing required param from request: user_id"),
        (report_path(ORG, CLUSTER, "%FF"), "the path of the request is not UTF-8"),
        (
            rule("rules.a"),
            "Error during parsing param 'rule_id' with value 'rules.a'. \
             Error: 'invalid rule ID, it must contain only rule ID and error key separated by |'",
        ),
        (
            "/api/v1/organizations/11/clusters/x,y/reports".into(),
            "invalid cluster ID: 'x'. Error: invalid UUID length: 1",
        ),
    ] {
        assert_problem(&env, &path, 400, text).await;
    }
}

#[tokio::test]
async fn missing_items_are_not_found() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let unknown = "00000000-0000-4000-8000-000000000001";
    let foreign = "a7467445-8d6a-43cc-b82c-7007664bdf69";
    for cluster in [unknown, foreign] {
        let text = format!("Item with ID 11/{cluster} was not found in the storage");
        let report = report_path(ORG, cluster, "7");
        assert_problem(&env, &report, 404, &text).await;
        assert_problem(&env, &format!("{report}/info"), 404, &text).await;
    }
    let rule = format!("/api/v1/organizations/{ORG}/clusters/{CLUSTER}/users/7/rules/rules.a%7CKEY_B");
    let text = format!("Item with ID 11/{CLUSTER}/rules.a/KEY_B was not found in the storage");
    assert_problem(&env, &rule, 404, &text).await;
}

#[tokio::test]
async fn missing_schema_is_unavailable_without_internal_details() {
    let database = test_postgres().await.create_database().await.unwrap();
    let env =
        TestEnv::over(Aggregator { authentication: Authentication::None, ..Aggregator::default() }, database);
    let answer = env.get(&report_path(ORG, CLUSTER, "7")).await;
    assert!(answer.status.is_server_error(), "{}", answer.status);
    assert!(!answer.body.contains("relation"), "{}", answer.body);
}

#[tokio::test]
async fn slow_request_is_unavailable() {
    let settings = Aggregator {
        authentication: Authentication::None,
        request_timeout: std::time::Duration::from_millis(200),
        ..Aggregator::default()
    };
    let env = TestEnv::with(settings).await;
    let mut blocker = env.sql.begin().await.unwrap();
    sqlx::query("LOCK TABLE report").execute(&mut *blocker).await.unwrap();
    let text = "the results are not available at the moment, try again later";
    assert_problem(&env, &report_path(ORG, CLUSTER, "7"), 503, text).await;
}
