//! Every reading operation, good and bad.

use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{
    CLUSTER, CONTROL_PLANE_RULE, FOREIGN_CLUSTER, NAMESPACE, NODES_RULE, OLD_CLUSTER, ORG, TestEnv, V1, V2,
    send,
};

#[tokio::test]
async fn clusters_have_their_hits_by_severity_and_version() {
    let env = TestEnv::start().await;
    let clusters = env.json(&format!("{V2}/clusters")).await;
    let first = &clusters["data"][0];
    assert_eq!((&first["cluster_id"], &first["cluster_version"]), (&json!(CLUSTER), &json!("4.18.3")));
    assert_eq!(first["hits_by_total_risk"], json!({"1": 0, "2": 1, "3": 1, "4": 0}), "{first}");
    assert_eq!(clusters["data"][1].get("cluster_version"), None);
}

#[tokio::test]
async fn clusters_are_filtered_sorted_and_sent_in_parts() {
    let env = TestEnv::start().await;
    let ids = async |query: &str| {
        let answer = env.json(&format!("{V2}/clusters?{query}")).await;
        let ids = answer["data"].as_array().unwrap().iter();
        let ids: Vec<String> =
            ids.map(|cluster| cluster["cluster_id"].as_str().unwrap()[..1].to_owned()).collect();
        (ids.join(""), answer["meta"]["count"].as_u64().unwrap())
    };
    assert_eq!(ids("").await, ("37b".into(), 3));
    assert_eq!(ids("limit=1&offset=1").await, ("7".into(), 3));
    assert_eq!(ids("total_risk=3,4").await, ("3".into(), 1));
    assert_eq!(ids("name=74AE").await, ("7".into(), 1));
    assert_eq!(ids("stale=true").await, ("7".into(), 1));
    assert_eq!(ids("sort=-total_hit_count").await.0.chars().next(), Some('3'));
    assert_eq!(ids("sort=last_checked_at").await, ("b73".into(), 3));
    for bad in ["limit=x", "sort=color", "stale=perhaps", "total_risk=9"] {
        let answer = env.get(&format!("{V2}/clusters?{bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.body.contains("Error during parsing param"), "{}", answer.body);
    }
}

#[tokio::test]
async fn recommendations_are_all_or_those_that_hit_or_not() {
    let env = TestEnv::start().await;
    let ids = async |query: &str| {
        let answer = env.json(&format!("{V2}/rule{query}")).await;
        let rules = answer["recommendations"].as_array().unwrap().iter();
        rules.map(|rule| rule["rule_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (all, hit, others) = (ids("").await, ids("?impacting=true").await, ids("?impacting=false").await);
    assert_eq!(hit, [NODES_RULE, CONTROL_PLANE_RULE]);
    assert_eq!(all.len(), hit.len() + others.len());
    assert!(!others.contains(&hit[0]));
    assert_eq!(ids("?limit=1&offset=1").await, all[1..2]);
    assert_eq!(ids("?text=NODES%20ARE%20NOT%20READY").await, [NODES_RULE]);
    assert_eq!(env.get(&format!("{V2}/rule?impacting=perhaps")).await.status, 400);
    let answer = env.json(&format!("{V2}/rule?impacting=true")).await;
    let rule = &answer["recommendations"][0];
    assert_eq!((&rule["impacted_clusters_count"], &rule["disabled"]), (&json!(1), &json!(false)));
    assert_eq!(rule["publish_date"], "2026-11-24T00:00:00Z");
}

#[tokio::test]
async fn recommendation_has_its_texts_and_groups() {
    let env = TestEnv::start().await;
    let answer = env.json(&format!("{V2}/rule/{NODES_RULE}")).await;
    let content = &answer["content"];
    assert_eq!((&content["rule_id"], &content["total_risk"]), (&json!(NODES_RULE), &json!(3)));
    assert_eq!(
        (&content["rating"], &content["disabled"], &content["hosts_acked_count"]),
        (&json!(0), &json!(false), &json!(0))
    );
    assert!(answer["groups"].as_array().is_some_and(|groups| groups.len() > 3));
    let texts = env.json(&format!("{V2}/rule/{NODES_RULE}/content")).await;
    assert_eq!((&texts["content"]["reason"], texts["content"].get("rating")), (&content["reason"], None));
    for (path, status) in
        [("rule/acme.unknown|KEY", 404), ("rule/acme.unknown|KEY/content", 404), ("rule/x", 400)]
    {
        assert_eq!(env.get(&format!("{V2}/{path}")).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn clusters_detail_has_hit_clusters_with_their_version() {
    let env = TestEnv::start().await;
    let answer = env.json(&format!("{V2}/rule/{NODES_RULE}/clusters_detail")).await;
    let expected = json!([{"cluster": CLUSTER, "cluster_name": CLUSTER, "last_checked_at": "2026-01-23T16:16:00Z",
        "impacted": "2026-01-20T00:00:00Z", "meta": {"cluster_version": "4.18.3"}}]);
    assert_eq!(answer["data"]["enabled"], expected);
    assert_eq!(env.get(&format!("{V2}/rule/acme.unknown|KEY/clusters_detail")).await.status, 404);
}

#[tokio::test]
async fn report_of_version_1_has_no_name() {
    let env = TestEnv::start().await;
    let answer = env.json(&format!("{V1}/clusters/{CLUSTER}/report")).await;
    assert_eq!(
        answer["report"]["meta"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["count", "last_checked_at"]
    );
    assert_eq!(answer, env.json(&format!("{V1}/report/{ORG}/{CLUSTER}")).await);
    assert_eq!(env.get(&format!("{V1}/report/12/{CLUSTER}")).await.status, 403);
    let managed = env.json(&format!("{V1}/clusters/{CLUSTER}/report?osd_eligible=true")).await;
    assert_eq!(managed["report"]["data"], json!([]));
    let info = env.json(&format!("{V1}/clusters/{CLUSTER}/report/info")).await;
    assert_eq!(info["metainfo"]["count"], 5);
    assert_eq!(env.get(&format!("{V1}/clusters/{FOREIGN_CLUSTER}/report/info")).await.status, 404);
}

#[tokio::test]
async fn single_rule_of_a_report_is_found() {
    let env = TestEnv::start().await;
    let path = |rule: &str| format!("{V1}/clusters/{CLUSTER}/rules/{rule}/report");
    let answer = env.json(&path(NODES_RULE)).await;
    assert_eq!(answer["report"]["rule_id"], "ccx_rules.external.node_not_ready.report");
    assert_eq!(env.get(&path("acme.unknown|KEY")).await.status, 404);
    assert_eq!(env.get(&path("acme.none|KEY")).await.status, 404);
}

#[tokio::test]
async fn reports_of_several_clusters_are_raw() {
    let env = TestEnv::start().await;
    let missing = "00000000-0000-4000-8000-000000000000";
    let expected = json!({"clusters": [CLUSTER, OLD_CLUSTER], "errors": [missing], "generated_at": "",
        "reports": {CLUSTER: {"reports": [], "system": {}}, OLD_CLUSTER: {"reports": []}}, "status": "ok"});
    let by_path = env.json(&format!("{V1}/clusters/{CLUSTER},{OLD_CLUSTER},{missing}/reports")).await;
    assert_eq!(by_path, expected);
    let body = json!({"clusters": [CLUSTER, OLD_CLUSTER, missing]}).to_string();
    let by_body = env.ask(Method::POST, &format!("{V1}/clusters/reports"), Some(&body)).await;
    assert_eq!(by_body.json(), expected);
    let foreign = env.get(&format!("{V1}/clusters/{CLUSTER},{FOREIGN_CLUSTER}/reports")).await;
    assert_eq!((foreign.status, foreign.json()), (400, json!({"status": "Improper organization ID"})));
}

#[tokio::test]
async fn overview_sums_up_enabled_hits() {
    let env = TestEnv::start().await;
    let overview = env.json(&format!("{V1}/org_overview")).await["overview"].take();
    assert_eq!(overview["clusters_hit"], 1);
    assert_eq!(overview["hit_by_risk"], json!({"1": 0, "2": 1, "3": 1, "4": 0}));
    assert_eq!(overview["hit_by_tag"]["fault_tolerance"], 2);
    let path = format!("{V1}/org_overview");
    let none = json!({"clusters": [OLD_CLUSTER]}).to_string();
    let of_clusters = env.ask(Method::POST, &path, Some(&none)).await;
    assert_eq!(of_clusters.json()["overview"]["clusters_hit"], 0);
    let foreign = json!({"clusters": [FOREIGN_CLUSTER]}).to_string();
    assert_eq!(env.ask(Method::POST, &path, Some(&foreign)).await.status, 400);
}

#[tokio::test]
async fn texts_are_served_by_both_versions() {
    let env = TestEnv::start().await;
    let v1 = env.json(&format!("{V1}/content")).await["content"].take();
    let v2 = env.json(&format!("{V2}/content")).await;
    let rule = |content: &Value| {
        let found = content
            .as_array()
            .unwrap()
            .iter()
            .find(|rule| rule["plugin"]["python_module"] == "ccx_rules.external.node_not_ready");
        found.unwrap()["error_keys"]["NODE_NOT_READY"]["metadata"]["impact"].clone()
    };
    assert_eq!(
        (rule(&v1), rule(&v2["content"])),
        (json!("Cluster Availability"), json!("Cluster Availability"))
    );
    assert!(v2["groups"].is_array());
    let single = env.json(&format!("{V1}/rules/ccx_rules.external.node_not_ready/content")).await;
    assert_eq!(single["content"]["plugin"]["python_module"], "ccx_rules.external.node_not_ready");
    assert_eq!(env.get(&format!("{V1}/rules/acme.unknown/content")).await.status, 404);
    let ids = env.json(&format!("{V1}/rule_ids")).await["rules"].take();
    assert_eq!(ids.as_array().unwrap().len(), v1.as_array().unwrap().len());
    assert_eq!(env.json(&format!("{V1}/groups")).await, env.json(&format!("{V2}/groups")).await);
}

#[tokio::test]
async fn workload_has_rendered_texts_and_severities() {
    let env = TestEnv::start().await;
    let list = env.json(&format!("{V2}/namespaces/dvo")).await;
    let metadata = &list["workloads"][0]["metadata"];
    assert_eq!(list["workloads"].as_array().unwrap().len(), 1);
    assert_eq!((&metadata["recommendations"], &metadata["objects"]), (&json!(2), &json!(1)));
    assert!(metadata["highest_severity"].as_u64().unwrap() >= 1);
    let workload = env.json(&format!("{V2}/namespaces/dvo/{NAMESPACE}/cluster/{CLUSTER}")).await;
    assert_eq!((&workload["status"], &workload["namespace"]["name"]), (&json!("ok"), &json!("shop")));
    let recommendation = &workload["recommendations"][0];
    assert!(!recommendation["resolution"].as_str().unwrap().is_empty());
    assert_eq!(recommendation["objects"], json!([{"kind": "Pod", "uid": "u-1", "display_name": "p"}]));
    assert_eq!(recommendation["extra_data"]["error_key"], "DVO_HOST_IPC");
    for path in [
        format!("ns-9/cluster/{CLUSTER}"),
        format!("17a2e369-e96b-436e-924a-afa055280e44/cluster/{FOREIGN_CLUSTER}"),
    ] {
        assert_eq!(env.get(&format!("{V2}/namespaces/dvo/{path}")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn requests_are_unknown_without_a_store() {
    let env = TestEnv::start().await;
    let cluster = format!("{V2}/cluster/{CLUSTER}");
    for path in ["requests", "request/abc/status", "request/abc/report"] {
        let answer = env.get(&format!("{cluster}/{path}")).await;
        let expected = json!({"status": "Request ID not found for given org_id and cluster_id"});
        assert_eq!((answer.status, answer.json()), (404, expected), "{path}");
    }
    let answer = env.ask(Method::POST, &format!("{cluster}/requests"), Some(r#"["abc"]"#)).await;
    let expected = json!([{"requestID": "abc", "valid": false, "received": "", "processed": ""}]);
    assert_eq!((answer.status, &answer.json()["requests"]), (200, &expected));
    assert_eq!(env.get(&format!("{cluster}/request/a%20b/status")).await.status, 400);
}

#[tokio::test]
async fn service_has_info_documents_and_metrics() {
    let env = TestEnv::start().await;
    env.report().await;
    for prefix in [V1, V2] {
        let info = env.json(&format!("{prefix}/info")).await;
        assert_eq!(info["info"]["SmartProxy"]["BuildVersion"], env!("CARGO_PKG_VERSION"));
        assert_eq!(env.json(&format!("{prefix}/")).await, json!({"status": "ok"}));
        let document = send(env.request(Method::GET, &format!("{prefix}/openapi.json"))).await;
        assert_eq!(document.json()["servers"][0]["url"], prefix);
        let metrics = send(env.request(Method::GET, &format!("{prefix}/metrics"))).await.body;
        for name in [
            "insights_results_smart_proxy_api_endpoints_requests{endpoint=\"/api/insights-results-aggregator/v2/cluster/{cluster}/reports\"}",
            "insights_results_smart_proxy_api_endpoints_user_agent",
            "insights_results_smart_proxy_rbac_identity_type{",
            "insights_results_smart_proxy_answer_cache_misses_total",
            "insights_results_smart_proxy_sql_queries_counter",
            "content_service_api_endpoints_requests",
        ] {
            assert!(metrics.contains(name), "{name} is missing in\n{metrics}");
        }
    }
}

#[tokio::test]
async fn content_service_and_renderer_are_served_without_an_identity() {
    let env = TestEnv::start().await;
    let get = async |path: &str| send(env.request(Method::GET, path)).await.json();
    assert_eq!(get("/api/v1/").await, json!({"status": "ok"}));
    assert!(get("/api/v1/groups").await["groups"].as_array().unwrap().len() > 3);
    assert!(get("/api/v1/content").await["rules"]["ccx_rules.external.node_not_ready"].is_object());
    let status = get("/api/v1/status?rule=node_not_ready").await;
    assert_eq!(status["rules"], json!({"node_not_ready": {"type": "external", "loaded": true, "error": ""}}));
    assert_eq!(get("/api/v1/status?internal=1").await["rules"], json!({}));
    assert_eq!(get("/api/v1/openapi.json").await["info"]["title"], "insights-content-service");
    for path in ["/rendered_reports", "/v1/rendered_reports"] {
        let bad = send(env.request(Method::POST, path).body("{}")).await;
        assert_eq!(bad.status, 422, "{path}");
        assert_eq!(send(env.request(Method::GET, path)).await.status, 405);
    }
}

#[tokio::test]
async fn known_answer_is_not_sent_again() {
    let env = TestEnv::start().await;
    for path in [format!("{V2}/cluster/{CLUSTER}/reports"), format!("{V2}/clusters"), format!("{V2}/content")]
    {
        let first = env.get(&path).await;
        let tag = first.headers["etag"].to_str().unwrap();
        let request =
            || env.request(Method::GET, &path).header("x-rh-identity", super::test_env::identity(ORG));
        let again = send(request().header("if-none-match", tag)).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        let compressed = send(request().header("accept-encoding", "gzip")).await;
        assert_eq!(compressed.headers.get("content-encoding").is_some(), first.body.len() > 1024, "{path}");
    }
}
