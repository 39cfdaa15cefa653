//! Votes, disabled rules, reasons, acknowledgements and ratings: every operation, good and bad.

use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, ORG, TestEnv, eventually, report_path};

const FOREIGN: &str = "a7467445-8d6a-43cc-b82c-7007664bdf69";
const OK: &str = r#"{"status":"ok"}"#;

fn cluster_rule(cluster: &str, rest: &str) -> String {
    format!("/api/v1/clusters/{cluster}/rules/rules.a.report/error_key/KEY_A/organizations/{ORG}{rest}")
}

fn rule(rest: &str) -> String {
    format!("/api/v1/rules/rules.x/error_key/KEY_X/organizations/{ORG}{rest}")
}

async fn env() -> TestEnv {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env
}

async fn assert_answer(env: &TestEnv, method: Method, path: &str, body: Option<&str>, expected: (u16, &str)) {
    let answer = env.ask(method, path, None, body).await;
    assert_eq!((answer.status.as_u16(), answer.body.trim_end()), expected, "{path}");
    assert_eq!(answer.content_type, "application/json; charset=utf-8", "{path}");
}

async fn hit_a(env: &TestEnv) -> Value {
    let body = env.get(&report_path(ORG, CLUSTER, "9")).await.body;
    let mut report: Value = serde_json::from_str(&body).unwrap();
    report["report"]["reports"][0].take()
}

#[tokio::test]
async fn votes_are_stored_changed_and_seen_in_the_report_at_once() {
    let env = env().await;
    env.wait_until_listening(true).await;
    for (vote, expected) in [("like", 1), ("dislike", -1), ("reset_vote", 0), ("like", 1)] {
        hit_a(&env).await;
        let path = cluster_rule(CLUSTER, &format!("/users/9/{vote}"));
        assert_answer(&env, Method::PUT, &path, None, (200, OK)).await;
        assert_eq!(hit_a(&env).await["user_vote"], expected, "{vote}");
    }
    let metrics = env.get("/metrics").await.body;
    assert!(metrics.contains("insights_results_aggregator_feedback_on_rules 4\n"), "{metrics}");
    let rows = "SELECT count(*) FROM cluster_rule_user_feedback WHERE user_id = '9' AND org_id = '11' AND message = ''";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(&env.sql).await.unwrap(), 1);
}

#[tokio::test]
async fn toggles_are_stored_changed_and_listed() {
    let env = env().await;
    assert_answer(&env, Method::PUT, &cluster_rule(CLUSTER, "/disable"), None, (200, OK)).await;
    assert_eq!(hit_a(&env).await["disabled"], true);
    let list = env.get("/api/v1/rules/organizations/11/disabled").await.body;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["status"], "ok");
    assert_eq!(list["rules"].as_array().unwrap().len(), 3);
    let (first, second) = (&list["rules"][0], &list["rules"][1]);
    assert_eq!((&first["RuleID"], &first["DisabledAt"]["Valid"]), (&json!("rules.a.report"), &json!(true)));
    let stored = json!({"ClusterID": CLUSTER, "RuleID": "rules.b.report", "ErrorKey": "KEY_B", "Disabled": 1,
        "DisabledAt": {"Time": "2026-01-21T10:11:12.5Z", "Valid": true},
        "EnabledAt": {"Time": "0001-01-01T00:00:00Z", "Valid": false},
        "UpdatedAt": {"Time": "2026-01-21T10:11:12.5Z", "Valid": true}});
    assert_eq!(*second, stored);

    assert_answer(&env, Method::PUT, &cluster_rule(CLUSTER, "/enable"), None, (200, OK)).await;
    assert_eq!(hit_a(&env).await["disabled"], false);
    let times =
        "SELECT disabled = 0 AND disabled_at IS NULL AND enabled_at = updated_at FROM cluster_rule_toggle
        WHERE rule_id = 'rules.a.report'";
    assert!(sqlx::query_scalar::<_, bool>(times).fetch_one(&env.sql).await.unwrap());

    let path = "/api/v1/rules/organizations/11/disabled_for_clusters";
    let of_clusters = env.post(path, &json!([CLUSTER]).to_string()).await.body;
    assert_eq!(serde_json::from_str::<Value>(&of_clusters).unwrap()["rules"].as_array().unwrap().len(), 2);
    assert_answer(&env, Method::POST, path, Some("[]"), (200, r#"{"rules":[],"status":"ok"}"#)).await;
    let no_body = r#"{"status":"client didn't provide request body"}"#;
    assert_answer(&env, Method::POST, path, Some(""), (400, no_body)).await;
    let bad_type = r#"{"status":"bad type in json data"}"#;
    assert_answer(&env, Method::POST, path, Some(r#"{"clusters":[]}"#), (400, bad_type)).await;
}

#[tokio::test]
async fn disabled_clusters_have_the_latest_reason() {
    let env = env().await;
    let path =
        |rule: &str| format!("/api/v1/clusters/rules/{rule}/error_key/KEY_B/organizations/{ORG}/disabled");
    let expected = format!(
        r#"{{"clusters":[{{"cluster_id":"{CLUSTER}","cluster_name":"","disabled_at":"2026-01-21T10:11:12.5Z","justification":"too <noisy>"}}],"status":"ok"}}"#
    );
    assert_answer(&env, Method::GET, &path("rules.b.report"), None, (200, &expected)).await;
    let none = r#"{"clusters":null,"status":"ok"}"#;
    assert_answer(&env, Method::GET, &path("rules.c.report"), None, (200, none)).await;
}

#[tokio::test]
async fn reasons_are_stored_bounded_and_listed() {
    let env = env().await;
    let path = cluster_rule(CLUSTER, "/users/9/disable_feedback");
    let stored = r#"{"message":"not <for> us","status":"ok"}"#;
    assert_answer(&env, Method::POST, &path, Some(r#"{"message":"not <for> us"}"#), (200, stored)).await;
    assert_eq!(hit_a(&env).await["disable_feedback"], "not <for> us");
    let list = env.get("/api/v1/rules/users/9/disabled/feedback").await.body;
    let list: Value = serde_json::from_str(&list).unwrap();
    let reason = &list["reasons"][0];
    assert_eq!(
        [&reason["ClusterID"], &reason["RuleID"], &reason["ErrorKey"], &reason["Message"]],
        [&json!(CLUSTER), &json!("rules.a.report"), &json!("KEY_A"), &json!("not <for> us")]
    );
    assert_eq!(reason["AddedAt"]["Valid"], true);
    let none = r#"{"reasons":[],"status":"ok"}"#;
    assert_answer(&env, Method::GET, "/api/v1/rules/users/unknown/disabled/feedback", None, (200, none))
        .await;

    let long = "x".repeat(256);
    let too_long = env.post(&path, &json!({ "message": long }).to_string()).await;
    assert_eq!(too_long.status.as_u16(), 400);
    assert!(
        too_long.body.starts_with(r#"{"status":"Error during validating param 'message' with value 'xxx"#)
    );
    assert!(
        too_long.body.contains("Error: 'feedback message is longer than 255 bytes'"),
        "{}",
        too_long.body
    );
    let no_body = r#"{"status":"client didn't provide request body"}"#;
    assert_answer(&env, Method::POST, &path, Some(""), (400, no_body)).await;
    let bad_type = r#"{"status":"bad type in json data"}"#;
    assert_answer(&env, Method::POST, &path, Some(r#"{"message":5}"#), (400, bad_type)).await;
}

#[tokio::test]
async fn cluster_without_a_report_in_the_organisation_is_not_found_and_not_changed() {
    let env = env().await;
    for cluster in ["00000000-0000-4000-8000-000000000001", FOREIGN] {
        let expected = format!(r#"{{"status":"Item with ID {cluster} was not found in the storage"}}"#);
        for rest in ["/users/9/like", "/disable", "/enable"] {
            let path = cluster_rule(cluster, rest);
            assert_answer(&env, Method::PUT, &path, None, (404, &expected)).await;
        }
        let path = cluster_rule(cluster, "/users/9/disable_feedback");
        assert_answer(&env, Method::POST, &path, Some(r#"{"message":"m"}"#), (404, &expected)).await;
    }
}

#[tokio::test]
async fn wrong_rule_and_key_are_named() {
    let env = env().await;
    let rule = "Error during parsing param 'rule_id' with value 'a-b'. Error: 'invalid rule ID, it must contain only from \
                latin characters, number, underscores or dots'";
    let path = format!("/api/v1/clusters/{CLUSTER}/rules/a-b/error_key/K/organizations/11/disable");
    let expected = json!({ "status": rule }).to_string();
    assert_answer(&env, Method::PUT, &path, None, (400, &expected)).await;
    let path = "/api/v1/rules/rules.a/error_key/K-Y/organizations/11/enable";
    let answer = env.ask(Method::PUT, path, None, None).await;
    assert_eq!(answer.status.as_u16(), 400);
    assert!(
        answer.body.contains("Error during parsing param 'error_key' with value 'K-Y'"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn acknowledgement_is_created_read_changed_and_deleted() {
    let env = env().await;
    let not_disabled = r#"{"status":"Rule was not disabled"}"#;
    assert_answer(&env, Method::GET, &rule("/"), None, (404, not_disabled)).await;
    let stored = r#"{"justification":"known","status":"ok"}"#;
    assert_answer(&env, Method::PUT, &rule("/disable"), Some(r#"{"justification":"known"}"#), (200, stored))
        .await;
    let read = env.get(&rule("/")).await.body;
    let disabled = &serde_json::from_str::<Value>(&read).unwrap()["disabledRule"];
    assert_eq!(
        [&disabled["org_id"], &disabled["user_id"], &disabled["rule_id"], &disabled["error_key"]],
        [&json!(11), &json!(""), &json!("rules.x"), &json!("KEY_X")]
    );
    assert_eq!(disabled["updated_at"], json!({"Time": "0001-01-01T00:00:00Z", "Valid": false}));

    let changed = r#"{"justification":"fixed soon","status":"ok"}"#;
    let body = r#"{"justification":"fixed soon"}"#;
    assert_answer(&env, Method::POST, &rule("/update"), Some(body), (200, changed)).await;
    let read: Value = serde_json::from_str(&env.get(&rule("/")).await.body).unwrap();
    assert_eq!(read["disabledRule"]["justification"], "fixed soon");
    assert_eq!(read["disabledRule"]["updated_at"]["Valid"], true);

    let enabled = r#"{"status":"rule enabled"}"#;
    for _ in 0..2 {
        assert_answer(&env, Method::PUT, &rule("/enable"), None, (200, enabled)).await;
    }
    assert_answer(&env, Method::GET, &rule("/"), None, (404, not_disabled)).await;
    let no_body = r#"{"status":"client didn't provide request body"}"#;
    assert_answer(&env, Method::PUT, &rule("/disable"), Some(""), (400, no_body)).await;
}

#[tokio::test]
async fn acknowledgements_of_an_organisation_are_listed() {
    let env = env().await;
    let expected = r#"{"disabledRules":[{"org_id":11,"user_id":"","rule_id":"rules.a","error_key":"KEY_A","justification":"known","created_at":{"Time":"2026-01-21T10:11:12.5Z","Valid":true},"updated_at":{"Time":"0001-01-01T00:00:00Z","Valid":false}}],"status":"ok"}"#;
    let path = "/api/v1/rules/organizations/11/disabled_system_wide";
    assert_answer(&env, Method::GET, path, None, (200, expected)).await;
    let redirected = env.get(&rule("")).await;
    assert_eq!(
        (redirected.status.as_u16(), redirected.headers["location"].as_bytes()),
        (301, rule("/").as_bytes())
    );
}

#[tokio::test]
async fn rating_is_stored_changed_and_read() {
    let env = env().await;
    let path = "/api/v1/rules/organizations/11/rating";
    for rating in [1, -1, 0] {
        let body = format!(r#"{{"rule":"rules.r.report|KEY","rating":{rating}}}"#);
        let rated = format!(r#"{{"ratings":{body},"status":"ok"}}"#);
        assert_answer(&env, Method::POST, path, Some(&body), (200, &rated)).await;
        let read = format!(r#"{{"rating":{{"rule":"rules.r|KEY","rating":{rating}}},"status":"ok"}}"#);
        for selector in ["rules.r%7CKEY", "rules.r.report|KEY"] {
            let path = format!("/api/v1/rules/{selector}/organizations/11/rating");
            assert_answer(&env, Method::GET, &path, None, (200, &read)).await;
        }
    }
    assert!(env.get("/metrics").await.body.contains("\nrating_on_rules 3\n"));
    let not_found = r#"{"status":"Item with ID 11/rules.z|KEY was not found in the storage"}"#;
    let unrated = "/api/v1/rules/rules.z%7CKEY/organizations/11/rating";
    assert_answer(&env, Method::GET, unrated, None, (404, not_found)).await;
    let wrong = "/api/v1/rules/rules.z/organizations/11/rating";
    let text = "Error during parsing param 'rule_selector' with value 'rules.z'. \
                Error: 'Param rule_selector is not a valid rule selector (plugin_name|error_key)'";
    let expected = json!({ "status": text }).to_string();
    assert_answer(&env, Method::GET, wrong, None, (400, &expected)).await;
    for (body, part) in [
        (r#"{"rule":"rules.r","rating":1}"#, "it must contain only rule ID and error key separated by |"),
        (r#"{"rule":"rules.r|K","rating":2}"#, "param 'rating' with value '2'. Error: '-1, 0 or 1 expected'"),
        (r#"{"rule":"rules.r|K","rating":"x"}"#, "bad type in json data"),
        ("", "client didn't provide request body"),
    ] {
        let answer = env.post(path, body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        assert!(answer.body.contains(part), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn change_by_another_aggregator_invalidates_the_cached_report() {
    let env = env().await;
    env.wait_until_listening(true).await;
    hit_a(&env).await;
    let database = env.api.database.clone();
    let changed = ccx_storage::feedback::ClusterRule {
        org_id: ORG.to_string().parse().unwrap(),
        cluster_id: CLUSTER.parse().unwrap(),
        rule: "rules.a.report".parse().unwrap(),
        error_key: "KEY_A".parse().unwrap(),
    };
    let ticket = || env.api.cache.as_ref().unwrap().ticket(changed.cluster_id);
    let before = ticket();
    database.toggle_rule(&changed, true, chrono::Utc::now()).await.unwrap();
    eventually("the announcement", async || ticket() != before).await;
    assert_eq!(hit_a(&env).await["disabled"], true);
}
