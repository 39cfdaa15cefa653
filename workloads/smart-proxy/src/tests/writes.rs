//! Every writing operation, good and bad, and its effect on what is read.

use reqwest::Method;
use serde_json::json;

use super::test_env::{CLUSTER, CONTROL_PLANE_RULE, FOREIGN_CLUSTER, NODES_RULE, TestEnv, V1, V2, hit};

const NODES_PATH: &str = "rules/ccx_rules.external.node_not_ready.report/error_key/NODE_NOT_READY";

#[tokio::test]
async fn acknowledged_rule_is_disabled_everywhere_until_it_is_enabled_again() {
    let env = TestEnv::start().await;
    let body = json!({"rule_id": NODES_RULE, "justification": "known"}).to_string();
    let created = env.ask(Method::POST, &format!("{V2}/ack"), Some(&body)).await;
    assert_eq!((created.status, &created.json()["justification"]), (201, &json!("known")));
    assert_eq!(created.json()["updated_at"], "");
    let other = json!({"rule_id": NODES_RULE, "justification": "other"}).to_string();
    let existing = env.ask(Method::POST, &format!("{V2}/ack"), Some(&other)).await;
    assert_eq!((existing.status, &existing.json()["justification"]), (200, &json!("known")));

    let report = env.report().await;
    assert_eq!((report["data"].as_array().unwrap().len(), &report["meta"]["count"]), (2, &json!(3)));
    let all = env.json(&format!("{V2}/cluster/{CLUSTER}/reports?get_disabled=true")).await;
    let disabled = hit(&all["report"], "NODE_NOT_READY");
    assert_eq!((&disabled["disabled"], &disabled["disable_feedback"]), (&json!(true), &json!("known")));
    assert_eq!(
        (&disabled["disabled_by"], &disabled["disabled_at"]),
        (&json!("7"), &created.json()["created_at"])
    );
    let clusters = env.json(&format!("{V2}/clusters")).await;
    assert_eq!(clusters["data"][0]["total_hit_count"], 1);
    let rules = env.json(&format!("{V2}/rule?impacting=true")).await;
    let rule = &rules["recommendations"][0];
    assert_eq!((&rule["disabled"], &rule["impacted_clusters_count"]), (&json!(true), &json!(1)));
    assert_eq!(env.json(&format!("{V2}/rule/{NODES_RULE}")).await["content"]["disabled"], true);

    let list = env.json(&format!("{V2}/ack")).await;
    assert_eq!((&list["data"][0]["created_by"], &created.json()["created_by"]), (&json!("7"), &json!("7")));
    assert_eq!((&list["meta"]["count"], &list["data"][0]["rule"]), (&json!(1), &json!(NODES_RULE)));
    let path = format!("{V2}/ack/{NODES_RULE}");
    let updated = env.ask(Method::PUT, &path, Some(r#"{"justification":"changed"}"#)).await;
    assert_eq!((updated.status, &updated.json()["justification"]), (200, &json!("changed")));
    assert_ne!(updated.json()["updated_at"], "");
    assert_eq!(env.ask(Method::DELETE, &path, None).await.status, 204);
    for (method, body) in
        [(Method::DELETE, None), (Method::GET, None), (Method::PUT, Some(r#"{"justification":"x"}"#))]
    {
        assert_eq!(env.ask(method.clone(), &path, body).await.status, 404, "{method}");
    }
    assert_eq!(env.report().await["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn wrong_acknowledgement_is_rejected() {
    let env = TestEnv::start().await;
    for body in ["", "{", "[]", r#"{"justification":"x"}"#, r#"{"rule_id":"x","justification":""}"#] {
        assert_eq!(env.ask(Method::POST, &format!("{V2}/ack"), Some(body)).await.status, 400, "{body}");
    }
    let long = json!({"rule_id": NODES_RULE, "justification": "x".repeat(256)}).to_string();
    assert_eq!(env.ask(Method::POST, &format!("{V2}/ack"), Some(&long)).await.status, 400);
    assert_eq!(env.get(&format!("{V2}/ack/x")).await.status, 400);
}

#[tokio::test]
async fn rule_disabled_for_a_cluster_is_hidden_with_its_reason_until_it_is_enabled() {
    let env = TestEnv::start().await;
    let path = format!("{V1}/clusters/{CLUSTER}/{NODES_PATH}");
    assert_eq!(
        env.ask(Method::PUT, &format!("{path}/disable"), Some("{}")).await.json(),
        json!({"status": "ok"})
    );
    let feedback =
        env.ask(Method::POST, &format!("{path}/disable_feedback"), Some(r#"{"message":"noisy"}"#)).await;
    assert_eq!(feedback.json(), json!({"message": "noisy", "status": "ok"}));

    assert_eq!(env.report().await["data"].as_array().unwrap().len(), 2);
    let all = env.json(&format!("{V2}/cluster/{CLUSTER}/reports?get_disabled=true")).await;
    let disabled = hit(&all["report"], "NODE_NOT_READY");
    assert_eq!((&disabled["disabled"], &disabled["disable_feedback"]), (&json!(true), &json!("noisy")));
    assert!(disabled["disabled_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(disabled["disabled_by"], "7");
    let detail = env.json(&format!("{V2}/rule/{NODES_RULE}/clusters_detail")).await;
    assert_eq!(detail["data"]["enabled"], json!([]));
    assert_eq!(detail["data"]["disabled"][0]["justification"], "noisy");
    assert_eq!(detail["data"]["disabled"][0]["disabled_by"], "7");
    let rules = env.json(&format!("{V2}/rule?impacting=true")).await;
    assert_eq!(rules["recommendations"][0]["impacted_clusters_count"], 0);
    assert_eq!(env.json(&format!("{V2}/rule/{NODES_RULE}")).await["content"]["hosts_acked_count"], 1);

    assert_eq!(env.ask(Method::PUT, &format!("{path}/enable"), None).await.status, 200);
    assert_eq!(env.report().await["data"].as_array().unwrap().len(), 3);
}

/// The Advisor page sends an empty reason.
#[tokio::test]
async fn empty_reason_is_accepted_and_a_long_one_is_not() {
    let env = TestEnv::start().await;
    let path = format!("{V1}/clusters/{CLUSTER}/{NODES_PATH}/disable_feedback");
    for (body, status) in [(r#"{"message":""}"#, 200), ("{}", 200), ("", 200), ("{", 400), ("[]", 400)] {
        assert_eq!(env.ask(Method::POST, &path, Some(body)).await.status, status, "{body}");
    }
    let long = json!({"message": "x".repeat(256)}).to_string();
    assert_eq!(env.ask(Method::POST, &path, Some(&long)).await.status, 400);
}

#[tokio::test]
async fn vote_is_part_of_the_report() {
    let env = TestEnv::start().await;
    for (vote, expected) in [("like", 1), ("dislike", -1), ("reset_vote", 0)] {
        let path = format!("{V1}/clusters/{CLUSTER}/{NODES_PATH}/{vote}");
        assert_eq!(env.ask(Method::PUT, &path, None).await.status, 200, "{vote}");
        assert_eq!(hit(&env.report().await, "NODE_NOT_READY")["user_vote"], expected, "{vote}");
    }
}

#[tokio::test]
async fn opinion_about_a_foreign_or_unknown_cluster_is_not_found() {
    let env = TestEnv::start().await;
    for cluster in [FOREIGN_CLUSTER, "00000000-0000-4000-8000-000000000000"] {
        for (method, action, body) in [
            (Method::PUT, "like", None),
            (Method::PUT, "disable", None),
            (Method::PUT, "enable", None),
            (Method::POST, "disable_feedback", Some(r#"{"message":""}"#)),
        ] {
            let path = format!("{V1}/clusters/{cluster}/{NODES_PATH}/{action}");
            assert_eq!(env.ask(method, &path, body).await.status, 404, "{path}");
        }
    }
    let path = format!("{V1}/clusters/x/{NODES_PATH}/like");
    assert_eq!(env.ask(Method::PUT, &path, None).await.status, 400);
}

#[tokio::test]
async fn rating_is_part_of_the_rule() {
    let env = TestEnv::start().await;
    let path = format!("{V2}/rating");
    for rating in [1, -1, 0] {
        let body = json!({"rule": CONTROL_PLANE_RULE, "rating": rating}).to_string();
        let answer = env.ask(Method::POST, &path, Some(&body)).await;
        assert_eq!(answer.json()["ratings"], json!({"rule": CONTROL_PLANE_RULE, "rating": rating}));
        let content = env.json(&format!("{V2}/rule/{CONTROL_PLANE_RULE}")).await["content"].take();
        assert_eq!(content["rating"], rating);
    }
    for body in
        [json!({"rule": "x", "rating": 1}), json!({"rule": CONTROL_PLANE_RULE, "rating": 2}), json!({})]
    {
        assert_eq!(env.ask(Method::POST, &path, Some(&body.to_string())).await.status, 400, "{body}");
    }
}
