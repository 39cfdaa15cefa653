//! Behaviour on which real clients rely. Each test names the client that fails without it.

use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{
    CLUSTER, CONTROL_PLANE_RULE, NAMESPACE, NODES_RULE, OLD_CLUSTER, TestEnv, V1, V2, hit, identity, send,
};
use ccx_messages::Timestamp;

const UNKNOWN_CLUSTER: &str = "00000000-0000-4000-8000-000000000000";

/// The insights operator asks again after a 404 only.
#[tokio::test]
async fn cluster_without_a_report_is_not_found() {
    let env = TestEnv::start().await;
    for path in [
        format!("{V2}/cluster/{UNKNOWN_CLUSTER}/reports"),
        format!("{V1}/clusters/{UNKNOWN_CLUSTER}/report"),
        format!("{V2}/cluster/{UNKNOWN_CLUSTER}/info"),
    ] {
        let answer = env.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.json()["status"].is_string(), "{path}");
    }
}

/// Advanced Cluster Management drops a report with an invalid time, and the insights operator one without a newer time.
#[tokio::test]
async fn times_of_a_report_are_valid_or_absent() {
    let env = TestEnv::start().await;
    for cluster in [CLUSTER, OLD_CLUSTER, "b0000000-0000-4000-8000-000000000000"] {
        let report = env.json(&format!("{V2}/cluster/{cluster}/reports")).await;
        assert_times(&report, &["last_checked_at", "gathered_at", "created_at", "impacted"]);
    }
    let report = env.report().await;
    assert!(report["meta"]["last_checked_at"].is_string());
    assert!(report["data"][0]["created_at"].is_string());
    let without_times = env.json(&format!("{V2}/cluster/b0000000-0000-4000-8000-000000000000/reports")).await;
    assert_eq!(without_times["report"]["meta"].get("last_checked_at"), None);
    assert_eq!(without_times["report"]["meta"].get("gathered_at"), None);
}

fn assert_times(value: &Value, names: &[&str]) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if names.contains(&name.as_str()) {
                    let text = member.as_str().unwrap();
                    assert!(Timestamp::parse(text).is_ok() && text.ends_with('Z'), "{name}: {text}");
                }
                assert_times(member, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| assert_times(item, names)),
        _ => {}
    }
}

/// The insights operator sets its metric when the time is newer than the last one.
#[tokio::test]
async fn new_report_has_a_newer_time() {
    let env = TestEnv::start().await;
    let time = async || env.report().await["meta"]["last_checked_at"].as_str().unwrap().to_owned();
    let before = time().await;
    env.run_sql("UPDATE report SET last_checked_at = (now() AT TIME ZONE 'utc') WHERE org_id = 11").await;
    env.announce(CLUSTER).await;
    ccx_test_support::eventually_async("the new report", async || time().await > before).await;
}

/// OpenShift Cluster Manager hides its card when the list is null.
#[tokio::test]
async fn lists_are_empty_and_never_null() {
    let env = TestEnv::start().await;
    let report = env.json(&format!("{V2}/cluster/{OLD_CLUSTER}/reports")).await;
    assert_eq!(report["report"]["data"], json!([]));
    assert_eq!(report["report"]["meta"]["count"], 0);
    for (path, list) in [
        ("/clusters", "/data"),
        ("/rule?impacting=true", "/recommendations"),
        ("/namespaces/dvo", "/workloads"),
        ("/ack", "/data"),
        ("/rule/ccx_rules.external.node_not_ready%7CNODE_NOT_READY/clusters_detail", "/data/enabled"),
        ("/rule/ccx_rules.external.node_not_ready%7CNODE_NOT_READY/clusters_detail", "/data/disabled"),
    ] {
        let answer = env.ask_as(99, Method::GET, &format!("{V2}{path}"), None).await;
        assert_eq!((answer.status, answer.json().pointer(list)), (200, Some(&json!([]))), "{path}");
    }
    let overview = env.ask_as(99, Method::GET, &format!("{V1}/org_overview"), None).await.json();
    let none = json!({"clusters_hit": 0, "hit_by_risk": {"1": 0, "2": 0, "3": 0, "4": 0}, "hit_by_tag": {}});
    assert_eq!(overview["overview"], none);
}

/// The Advisor page and the insights operator fail on null, Advanced Cluster Management on other types and other nodes.
#[tokio::test]
async fn data_of_a_hit_is_an_object_that_every_client_can_decode() {
    let env = TestEnv::start().await;
    let report = env.report().await;
    for hit in report["data"].as_array().unwrap() {
        let data = hit["extra_data"].as_object().unwrap();
        assert!(data["error_key"].is_string() && data["type"].is_string(), "{hit}");
        if let Some(nodes) = data.get("nodes") {
            assert!(nodes.as_array().unwrap().iter().all(Value::is_string), "{hit}");
        }
    }
    assert_eq!(hit(&report, "NODE_NOT_READY")["extra_data"]["nodes"], json!(["m0"]));
    let expected = json!({"error_key": "AUDIT_LOGGING_DISABLED", "type": "rule"});
    assert_eq!(hit(&report, "AUDIT_LOGGING_DISABLED")["extra_data"], expected);
}

/// A template for objects could not be rendered by a client that gets their names instead.
#[tokio::test]
async fn texts_are_rendered_where_the_data_had_to_change() {
    let env = TestEnv::start().await;
    let report = env.report().await;
    let reason = hit(&report, "NODE_NOT_READY")["reason"].as_str().unwrap();
    assert!(reason.contains("m0") && !reason.contains("{{"), "{reason}");
    let template = hit(&report, "CONTROL_PLANE_NODE_REPLICAS")["reason"].as_str().unwrap();
    assert!(template.contains("{{"), "{template}");
    let rendered = env.json(&format!("{V2}/cluster/{CLUSTER}/reports?rendered=true")).await;
    let reason = hit(&rendered["report"], "CONTROL_PLANE_NODE_REPLICAS")["reason"].as_str().unwrap();
    assert!(reason.contains("m1") && !reason.contains("{{"), "{reason}");
}

/// The Advisor page and Cluster Manager's card fail on 0, the insights operator on text.
#[tokio::test]
async fn severities_are_numbers_from_1_to_4() {
    let env = TestEnv::start().await;
    let is_severity = |risk: &Value| risk.as_u64().is_some_and(|risk| (1..=4).contains(&risk));
    for hit in env.report().await["data"].as_array().unwrap() {
        assert!(is_severity(&hit["total_risk"]), "{hit}");
    }
    for rule in env.json(&format!("{V2}/rule")).await["recommendations"].as_array().unwrap() {
        assert!(is_severity(&rule["total_risk"]), "{rule}");
    }
}

/// The insights operator and the Advisor page make links of it, without `.report`.
#[tokio::test]
async fn rule_of_a_hit_is_its_module_with_suffix() {
    let env = TestEnv::start().await;
    let report = env.report().await;
    let rule = &hit(&report, "NODE_NOT_READY")["rule_id"];
    assert_eq!(*rule, "ccx_rules.external.node_not_ready.report");
}

/// The insights operator's metrics break when two hits are equal.
#[tokio::test]
async fn hits_of_a_report_are_unique() {
    let env = TestEnv::start().await;
    let report = env.report().await;
    let hits = report["data"].as_array().unwrap();
    let keys: Vec<&Value> = hits.iter().map(|hit| &hit["extra_data"]["error_key"]).collect();
    let unique: std::collections::BTreeSet<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(unique.len(), keys.len(), "{keys:?}");
}

/// The Advisor page fails on absent names and null tags.
#[tokio::test]
async fn names_and_tags_are_filled() {
    let env = TestEnv::start().await;
    let clusters = env.json(&format!("{V2}/clusters")).await;
    for cluster in clusters["data"].as_array().unwrap() {
        assert!(!cluster["cluster_name"].as_str().unwrap().is_empty());
        assert_eq!(cluster["hits_by_total_risk"].as_object().unwrap().len(), 4);
    }
    let workloads = env.json(&format!("{V2}/namespaces/dvo")).await;
    let workload = &workloads["workloads"][0];
    assert_eq!(workload["cluster"], json!({"uuid": CLUSTER, "display_name": CLUSTER}));
    assert_eq!(workload["namespace"], json!({"uuid": NAMESPACE, "name": "shop"}));
    let report = env.report().await;
    assert!(report["data"].as_array().unwrap().iter().all(|hit| hit["tags"].is_array()));
    assert_eq!(report["meta"]["cluster_name"], CLUSTER);
}

/// The insights operator decodes these fields by their type.
#[tokio::test]
async fn fields_of_a_hit_have_their_types() {
    let env = TestEnv::start().await;
    for hit in env.report().await["data"].as_array().unwrap() {
        assert!(hit["user_vote"].is_i64() && hit["disabled"].is_boolean() && hit["disabled_at"].is_string());
        assert!(hit["internal"].is_boolean() && hit["description"].is_string());
    }
}

/// Advanced Cluster Management sends the hub's id, and asks for other clusters of its organisation.
#[tokio::test]
async fn cluster_of_the_user_agent_need_not_be_the_one_asked_for() {
    let env = TestEnv::start().await;
    let request = env
        .request(Method::GET, &format!("{V2}/cluster/{CLUSTER}/reports"))
        .header("x-rh-identity", identity(11))
        .header("user-agent", format!("acm-operator/v2.3.0 cluster/{OLD_CLUSTER}"));
    assert_eq!(send(request).await.status, 200);
}

/// axios, the Advisor page's client, does not escape the bar.
#[tokio::test]
async fn bar_in_a_path_may_be_escaped() {
    let env = TestEnv::start().await;
    for rule in [NODES_RULE.to_owned(), NODES_RULE.replace('|', "%7C"), NODES_RULE.replace('|', "%7c")] {
        let answer = raw_get(&env, &format!("{V2}/rule/{rule}")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{rule}: {answer}");
    }
}

/// Sends a path as it is: URL libraries escape the bar.
async fn raw_get(env: &TestEnv, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(env.address()).await.unwrap();
    let identity = identity(11);
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-rh-identity: {identity}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The Advisor page hides the risks of updates when `managed` is absent.
#[tokio::test]
async fn cluster_has_a_name_and_a_state_without_account_management() {
    let env = TestEnv::start().await;
    let info = |status: &str, cluster: &str| {
        json!({"cluster": {"cluster_id": cluster, "display_name": cluster, "managed": false, "status": status},
            "status": "ok"})
    };
    assert_eq!(env.json(&format!("{V2}/cluster/{CLUSTER}/info")).await, info("Active", CLUSTER));
    assert_eq!(env.json(&format!("{V2}/cluster/{OLD_CLUSTER}/info")).await, info("Stale", OLD_CLUSTER));
}

/// The Advisor page fails on absent predictions, and has a text for 404.
#[tokio::test]
async fn predictions_are_empty_or_not_found_without_a_service_for_them() {
    let env = TestEnv::start().await;
    let body = format!(r#"{{"clusters":["{CLUSTER}"]}}"#);
    let path = format!("{V2}/upgrade-risks-prediction");
    let answer = env.ask(Method::POST, &path, Some(&body)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"predictions": [], "status": "ok"})));
    let path = format!("{V2}/cluster/{CLUSTER}/upgrade-risks-prediction");
    assert_eq!(env.get(&path).await.status, 404);
}

/// The original leaves out a cluster three hours after its last report.
#[tokio::test]
async fn cluster_with_an_old_report_stays_in_the_list_and_is_marked() {
    let env = TestEnv::start().await;
    let clusters = env.json(&format!("{V2}/clusters")).await;
    assert_eq!(clusters["meta"]["count"], 3);
    let by_id = |id: &str| {
        clusters["data"].as_array().unwrap().iter().find(|cluster| cluster["cluster_id"] == id).unwrap()
    };
    assert_eq!(by_id(OLD_CLUSTER)["stale"], true);
    assert_eq!(by_id(CLUSTER).get("stale"), None);
}

/// The original drops the whole answer, or panics, on a rule without texts.
#[tokio::test]
async fn rule_without_texts_does_not_break_a_list() {
    let env = TestEnv::start().await;
    let report = env.report().await;
    assert_eq!((report["data"].as_array().unwrap().len(), &report["meta"]["count"]), (3, &json!(4)));
    let rules = env.json(&format!("{V2}/rule?impacting=true")).await;
    let ids: Vec<&Value> =
        rules["recommendations"].as_array().unwrap().iter().map(|rule| &rule["rule_id"]).collect();
    assert_eq!(ids, [NODES_RULE, CONTROL_PLANE_RULE]);
    let clusters = env.json(&format!("{V2}/clusters")).await;
    assert_eq!(clusters["data"][0]["total_hit_count"], 2);
    let workload = env.json(&format!("{V2}/namespaces/dvo/{NAMESPACE}/cluster/{CLUSTER}")).await;
    let checks = workload["recommendations"].as_array().unwrap();
    assert_eq!((checks.len(), &checks[1]["check"]), (2, &json!("acme.dvo|K")));
}

/// The Advisor page shows an error for anything but 200, also for a rule that hits no cluster.
#[tokio::test]
async fn clusters_of_a_rule_without_hits_are_empty_lists() {
    let env = TestEnv::start().await;
    let path = format!("{V2}/rule/ccx_rules.external.audit_disabled|AUDIT_LOGGING_DISABLED/clusters_detail");
    assert_eq!(env.json(&path).await["data"], json!({"enabled": [], "disabled": []}));
}
