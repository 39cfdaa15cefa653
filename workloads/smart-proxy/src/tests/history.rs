//! Past recommendations of a cluster, by REST.

use super::test_env::{CLUSTER, FOREIGN_CLUSTER, NODES_RULE, OLD_CLUSTER, TestEnv, V2};

#[tokio::test]
async fn rules_that_no_longer_hit_are_listed_with_their_texts() {
    let env = TestEnv::start().await;
    env.run_sql(&format!(
        "INSERT INTO ccx.past_recommendation (org_id, cluster_id, rule_fqdn, error_key, appeared_at, vanished_at) VALUES
            (11, '{CLUSTER}', 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY', '2026-01-02 03:04:05', '2026-01-03 00:00:00'),
            (11, '{CLUSTER}', 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY', NULL, '2026-01-01 00:00:00'),
            (11, '{CLUSTER}', 'acme.unknown', 'KEY', NULL, '2026-01-03 00:00:00'),
            (12, '{FOREIGN_CLUSTER}', 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY', NULL, '2026-01-03 00:00:00')"
    ))
    .await;
    let history = env.json(&format!("{V2}/cluster/{CLUSTER}/history")).await;
    let data = history["data"].as_array().unwrap();
    assert_eq!(data.len(), 2, "{history:#}");
    assert_eq!((&data[0]["rule_id"], &data[1]["rule_id"]), (&NODES_RULE.into(), &NODES_RULE.into()));
    assert_eq!(data[0]["appeared_at"], "2026-01-02T03:04:05Z");
    assert_eq!(data[0]["vanished_at"], "2026-01-03T00:00:00Z");
    assert_eq!(data[1].get("appeared_at"), None);
    assert!(
        data[0]["total_risk"].as_u64().unwrap() >= 1 && !data[0]["description"].as_str().unwrap().is_empty()
    );
    assert_eq!(
        env.json(&format!("{V2}/cluster/{OLD_CLUSTER}/history")).await["data"].as_array().unwrap().len(),
        0
    );
    let foreign = env.get(&format!("{V2}/cluster/{FOREIGN_CLUSTER}/history")).await;
    assert_eq!(foreign.status, 404, "{}", foreign.body);
}
