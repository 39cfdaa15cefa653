//! Requests of clusters that gather on demand, from both stores.

use ccx_config::Config;
use ccx_local::{Valkey, ValkeyProtection};
use ccx_messages::OrgId;
use ccx_storage::{NewProcessedRequest, StoredRequest};
use ccx_valkey::{ProcessedRequest, RequestStore};
use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;

use super::test_env::{CLUSTER, ORG, TestEnv, V2};

fn processed(request_id: &str) -> ProcessedRequest {
    ProcessedRequest {
        org_id: OrgId::new(ORG.into()).unwrap(),
        cluster_id: CLUSTER.parse().unwrap(),
        request_id: request_id.into(),
        gathered_at: Some("2026-01-15T11:00:00Z".parse().unwrap()),
        processed_at: "2026-01-15T12:00:00.25Z".parse().unwrap(),
        hits: vec![
            ("ccx_rules.external.node_not_ready.report".into(), "NODE_NOT_READY".into()),
            ("acme.unknown.report".into(), "KEY".into()),
        ],
    }
}

async fn assert_request_is_served(env: &TestEnv) {
    let cluster = format!("{V2}/cluster/{CLUSTER}");
    let known = json!({
        "requestID": "r-1", "valid": true,
        "received": "2026-01-15T11:00:00Z", "processed": "2026-01-15T12:00:00.25Z",
    });
    let unknown = json!({"requestID": "r-2", "valid": false, "received": "", "processed": ""});
    let list = env.json(&format!("{cluster}/requests")).await;
    assert_eq!(list, json!({"cluster": CLUSTER, "requests": [known], "status": "ok"}));
    let some = env.ask(Method::POST, &format!("{cluster}/requests"), Some(r#"["r-2","r-1"]"#)).await;
    assert_eq!((some.status, &some.json()["requests"]), (200, &json!([unknown, known])));
    let status = env.json(&format!("{cluster}/request/r-1/status")).await;
    assert_eq!(status, json!({"cluster": CLUSTER, "requestID": "r-1", "status": "processed"}));
    let report = env.json(&format!("{cluster}/request/r-1/report")).await;
    assert_eq!((&report["requestID"], &report["status"]), (&json!("r-1"), &json!("processed")));
    let hits = report["report"].as_array().unwrap();
    assert_eq!(hits.len(), 1, "a rule without texts is left out: {report}");
    assert_eq!(hits[0]["rule_fqdn"], "ccx_rules.external.node_not_ready");
    assert_eq!((&hits[0]["error_key"], hits[0]["total_risk"].is_u64()), (&json!("NODE_NOT_READY"), true));
    for path in ["request/r-2/status", "request/r-2/report"] {
        assert_eq!(env.get(&format!("{cluster}/{path}")).await.status, 404, "{path}");
    }
    for path in ["requests", "request/r-1/status", "request/r-1/report"] {
        let foreign = env.ask_as(12, Method::GET, &format!("{cluster}/{path}"), None).await;
        assert_eq!(foreign.status, 404, "{path}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn processed_request_in_valkey_is_served() {
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    let env = TestEnv::with(Config { valkey: server.config(), ..Config::default() }).await;
    RequestStore::new(&server.config()).unwrap().write(&[processed("r-1")]).await.unwrap();
    assert_request_is_served(&env).await;
}

#[tokio::test]
async fn processed_request_in_the_database_is_served_until_it_expires() {
    let env = TestEnv::with(Config::default()).await;
    let store = async |request_id: &str, left: TimeDelta| {
        let request = processed(request_id);
        let row = NewProcessedRequest {
            org_id: request.org_id,
            cluster_id: request.cluster_id,
            request: StoredRequest {
                request_id: request.request_id.clone(),
                received: request.received(),
                processed: request.processed(),
                rule_hits: request.rule_hits(),
            },
        };
        let now = Utc::now();
        // A message that is read twice.
        let twice = [row.clone(), row];
        env.public.database.store_processed_requests(&twice, now, now + left).await.unwrap();
    };
    store("r-1", TimeDelta::days(1)).await;
    store("r-2", TimeDelta::seconds(-1)).await;
    assert_request_is_served(&env).await;
    store("r-3", TimeDelta::days(1)).await;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ccx.processed_request").fetch_one(&env.sql).await.unwrap();
    assert_eq!(rows, 2, "expired ones are deleted");
}
