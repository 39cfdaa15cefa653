//! A report with its texts.

use std::{fs, sync::Arc};

use ccx_config::Rules;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::test_env::{CLUSTER, TestEnv, eventually};
use crate::content::follow_rules;

const PATH: &str =
    "/api/v1/organizations/11/clusters/34c3ecc5-624a-49a5-bab8-4fdc5e51a266/users/7/recommendations";

/// A user's rule with texts for a hit of the sample.
const RULE: &str = "\
apiVersion: ccx.rules/v1
id: rules.b
error_key: KEY_B
inputs: {version: {file: config/version.json}}
when: version == null
details: {n: 1.0}
content:
  description: \"{{=pydata.n}} of them\"
  impact: 3
  likelihood: 4
  tags: [security]
  generic: G
  reason: \"It is {{=pydata.error_key}}.\"
  resolution: Repair it.
";

async fn recommendations(env: &TestEnv) -> Value {
    let answer = env.get(PATH).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn rules_of_users_have_their_own_texts() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("b.yaml"), RULE).unwrap();
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let (content, shutdown) = (Arc::clone(&env.api.content), CancellationToken::new());
    let rules = Rules { directories: vec![directory.path().to_owned()], ..Rules::default() };
    let follower = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { follow_rules(&content, &rules, &shutdown).await }
    });
    let selector = "rules.b|KEY_B".parse().unwrap();
    eventually("the texts are there", async || env.api.content.get().find(&selector).is_some()).await;

    let answer = recommendations(&env).await;
    assert_eq!((&answer["status"], &answer["report"]["meta"]["count"]), (&json!("ok"), &json!(2)));
    let data = answer["report"]["data"].as_array().unwrap();
    let of_user = data.iter().find(|hit| hit["rule_id"] == "rules.b.report").unwrap();
    let expected = json!({"rule_id": "rules.b.report", "description": "1 of them", "details": "G", "reason": "It is KEY_B.",
        "resolution": "Repair it.", "more_info": "", "total_risk": 3, "tags": ["security"], "user_vote": 0, "disabled": true,
        "disable_feedback": "too <noisy>", "disabled_at": "2026-01-21T10:11:12Z", "impacted": "2026-01-20T00:00:00Z",
        "extra_data": {"type": "rule", "error_key": "KEY_B", "n": 1.0}});
    assert_eq!(*of_user, expected);
    shutdown.cancel();
    follower.await.unwrap();
}

#[tokio::test]
async fn cluster_without_a_report_is_not_found() {
    let env = TestEnv::trusting().await;
    let answer = env.get(PATH).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains(CLUSTER), "{}", answer.body);
}
