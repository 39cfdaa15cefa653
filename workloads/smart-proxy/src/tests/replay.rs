//! The requests of real clients in their order, decoded as strictly as they do it: in Go, a value of another type loses the whole
//! answer.

use std::{collections::BTreeSet, io::Read as _};

use ccx_messages::OrgId;
use ccx_storage::{NewProcessedRequest, StoredRequest};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use reqwest::{Method, header::HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    callers::start_with_all_callers,
    test_env::{CLUSTER, NAMESPACE, NODES_RULE, OLD_CLUSTER, ORG, TestEnv, V1, V2, identity},
};

/// A cluster that sends its first report during a test.
const NEW_CLUSTER: &str = "c0000000-0000-4000-8000-000000000000";

/// A report as the insights operator and Advanced Cluster Management decode it together.
#[derive(Deserialize)]
struct Report {
    meta: Meta,
    data: Vec<Hit>,
}

#[derive(Deserialize)]
struct Meta {
    count: i64,
    cluster_name: String,
    managed: bool,
    last_checked_at: Option<DateTime<FixedOffset>>,
    gathered_at: Option<DateTime<FixedOffset>>,
}

#[derive(Deserialize)]
struct Hit {
    rule_id: String,
    created_at: Option<DateTime<FixedOffset>>,
    description: String,
    details: String,
    reason: String,
    resolution: String,
    more_info: String,
    total_risk: i32,
    disabled: bool,
    disable_feedback: String,
    disabled_at: String,
    internal: bool,
    user_vote: i32,
    extra_data: ExtraData,
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct ExtraData {
    error_key: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    nodes: Vec<String>,
}

#[derive(Deserialize)]
struct Reported {
    report: Report,
}

/// Sends a request as Go's client does: it accepts gzip by itself.
async fn as_go(env: &TestEnv, path: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
    let mut request = env.request(Method::GET, path).header("accept-encoding", "gzip");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, is_gzip) = (response.status().as_u16(), response.headers().contains_key("content-encoding"));
    let body = response.bytes().await.unwrap();
    let mut content = Vec::new();
    if is_gzip {
        flate2::read::GzDecoder::new(&*body).read_to_end(&mut content).unwrap();
    } else {
        content = body.into();
    }
    (status, content)
}

async fn decode<T: DeserializeOwned>(env: &TestEnv, path: &str, headers: &[(&str, &str)]) -> T {
    let (status, body) = as_go(env, path, headers).await;
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body)
        .unwrap_or_else(|error| panic!("{path}: {error} in {}", String::from_utf8_lossy(&body)))
}

#[tokio::test]
async fn insights_operator_gets_the_report_after_its_upload() {
    let (env, _) = Box::pin(start_with_all_callers()).await;
    let agent = format!("insights-operator/4.17.0-abc cluster/{NEW_CLUSTER}");
    let headers = [("authorization", "Bearer cluster-token"), ("user-agent", agent.as_str())];
    let path = format!("{V2}/cluster/{NEW_CLUSTER}/reports");
    assert_eq!(as_go(&env, &path, &headers).await.0, 404, "it asks again after 404 only");
    env.run_sql(&format!(
        "INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, gathered_at) \
         SELECT org_id, '{NEW_CLUSTER}', report, reported_at, last_checked_at, gathered_at FROM report WHERE cluster = '{CLUSTER}'; \
         INSERT INTO rule_hit SELECT org_id, '{NEW_CLUSTER}', rule_fqdn, error_key, template_data, created_at \
         FROM rule_hit WHERE cluster_id = '{CLUSTER}'"
    ))
    .await;
    let first: Reported = decode(&env, &path, &headers).await;
    let Report { meta, data } = first.report;
    // Its metrics: one for each hit, none twice, and a total without disabled ones.
    let metrics: BTreeSet<_> = data
        .iter()
        .map(|hit| (&hit.rule_id, &hit.extra_data.error_key, &hit.description, hit.total_risk))
        .collect();
    assert_eq!(metrics.len(), data.len());
    assert!(data.iter().all(|hit| hit.rule_id.ends_with(".report") && (1..=4).contains(&hit.total_risk)));
    let disabled = i64::try_from(data.iter().filter(|hit| hit.disabled).count()).unwrap();
    assert!(meta.count - disabled >= 0 && meta.last_checked_at.is_some());
    env.run_sql(&format!(
        "UPDATE report SET last_checked_at = last_checked_at + interval '1 minute' WHERE cluster = '{NEW_CLUSTER}'"
    ))
    .await;
    env.announce(NEW_CLUSTER).await;
    ccx_test_support::eventually_async("a newer report", async || {
        let next: Reported = decode(&env, &path, &headers).await;
        next.report.meta.last_checked_at > meta.last_checked_at
    })
    .await;
}

#[tokio::test]
async fn insights_operator_polls_for_its_request_on_demand() {
    #[derive(Deserialize)]
    struct Status {
        status: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Analysis {
        cluster: String,
        #[serde(rename = "requestID")]
        request_id: String,
        report: Vec<Recommendation>,
    }
    #[derive(Deserialize)]
    struct Recommendation {
        rule_fqdn: String,
        error_key: String,
        description: String,
        total_risk: i32,
    }
    let (env, _) = Box::pin(start_with_all_callers()).await;
    let agent = format!("insights-operator/4.17.0-abc cluster/{CLUSTER}");
    let headers = [("authorization", "Bearer cluster-token"), ("user-agent", agent.as_str())];
    let request = format!("{V2}/cluster/{CLUSTER}/request/r1");
    assert_eq!(as_go(&env, &format!("{request}/status"), &headers).await.0, 404);
    let row = NewProcessedRequest {
        org_id: OrgId::new(ORG.into()).unwrap(),
        cluster_id: CLUSTER.parse().unwrap(),
        request: StoredRequest {
            request_id: "r1".into(),
            received: "2026-01-15T11:00:00Z".into(),
            processed: "2026-01-15T12:00:00Z".into(),
            rule_hits: NODES_RULE.into(),
        },
    };
    let now = Utc::now();
    env.public.database.store_processed_requests(&[row], now, now + TimeDelta::days(1)).await.unwrap();
    let Status { status } = decode(&env, &format!("{request}/status"), &headers).await;
    assert_eq!(status, "processed");
    let Analysis { cluster, request_id, report } = decode(&env, &format!("{request}/report"), &headers).await;
    assert_eq!((cluster.as_str(), request_id.as_str(), report.len()), (CLUSTER, "r1", 1));
    let Recommendation { rule_fqdn, error_key, description, total_risk } = &report[0];
    assert_eq!(format!("{rule_fqdn}|{error_key}"), NODES_RULE);
    assert!(!description.is_empty() && (1..=4).contains(total_risk));
}

#[tokio::test]
async fn advanced_cluster_management_reads_every_cluster_with_the_id_of_its_hub() {
    let (env, _) = Box::pin(start_with_all_callers()).await;
    let agent = format!("acm-operator/v2.3.0 cluster/{OLD_CLUSTER}");
    let headers = [("authorization", "Bearer cluster-token"), ("user-agent", agent.as_str())];
    for cluster in [CLUSTER, OLD_CLUSTER, "b0000000-0000-4000-8000-000000000000"] {
        let Reported { report } = decode(&env, &format!("{V2}/cluster/{cluster}/reports"), &headers).await;
        assert_eq!((report.meta.cluster_name.as_str(), report.meta.managed), (cluster, false));
        assert!(report.meta.gathered_at.is_none() || cluster == CLUSTER);
        for hit in report.data {
            // The properties of a result of its PolicyReport.
            let texts = [&hit.details, &hit.reason, &hit.resolution, &hit.more_info, &hit.extra_data.kind];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", hit.rule_id);
            assert!(hit.created_at.is_some() && !hit.tags.is_empty() && hit.extra_data.nodes.len() < 9);
            let opinions =
                (hit.disable_feedback.as_str(), hit.disabled_at.as_str(), hit.user_vote, hit.internal);
            assert_eq!(opinions, ("", "", 0, false));
        }
    }
}

#[tokio::test]
async fn cluster_manager_shows_both_cards() {
    #[derive(Deserialize)]
    struct Overview {
        overview: Sums,
    }
    #[derive(Deserialize)]
    struct Sums {
        clusters_hit: u32,
        hit_by_risk: Map<String, Value>,
        hit_by_tag: Map<String, Value>,
    }
    let env = TestEnv::start().await;
    let identity = identity(ORG);
    let headers = [("x-rh-identity", identity.as_str())];
    let Reported { report } = decode(&env, &format!("{V2}/cluster/{CLUSTER}/reports"), &headers).await;
    assert_eq!(report.data.iter().filter(|hit| !hit.disabled).count(), 3);
    let Overview { overview } = decode(&env, &format!("{V1}/org_overview"), &headers).await;
    assert_eq!(overview.clusters_hit, 1);
    assert_eq!(overview.hit_by_risk.keys().collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    assert!(overview.hit_by_risk.values().chain(overview.hit_by_tag.values()).all(Value::is_u64));
}

#[tokio::test]
async fn advisor_page_loads_each_page_and_its_buttons_work() {
    let env = TestEnv::start().await;
    let has = |value: &Value, strings: &[&str]| strings.iter().all(|name| value[*name].is_string());
    let clusters = env.json(&format!("{V2}/clusters")).await;
    for cluster in clusters["data"].as_array().unwrap() {
        assert!(has(cluster, &["cluster_id", "cluster_name"]) && cluster["hits_by_total_risk"].is_object());
    }
    let body = json!({"clusters": [CLUSTER]}).to_string();
    let risks = env.ask(Method::POST, &format!("{V2}/upgrade-risks-prediction"), Some(&body)).await.json();
    assert!(risks["status"] == "ok" && risks["predictions"].is_array());
    let report =
        env.json(&format!("{V2}/cluster/{CLUSTER}/reports?get_disabled=false")).await["report"].take();
    for hit in report["data"].as_array().unwrap() {
        assert!(
            has(hit, &["rule_id", "description", "reason", "resolution", "more_info", "details"]),
            "{hit}"
        );
        assert!(
            hit["extra_data"].is_object() && hit["tags"].is_array() && hit["total_risk"].is_u64(),
            "{hit}"
        );
    }
    let info = env.json(&format!("{V2}/cluster/{CLUSTER}/info")).await;
    assert!(has(&info["cluster"], &["display_name"]) && info["cluster"]["managed"] == false);
    assert_eq!(env.get(&format!("{V2}/cluster/{CLUSTER}/upgrade-risks-prediction")).await.status, 404);
    let rules = env.json(&format!("{V2}/rule")).await;
    for rule in rules["recommendations"].as_array().unwrap() {
        assert!(has(rule, &["rule_id", "description", "generic"]) && rule["tags"].is_array(), "{rule}");
        assert!(rule["impacted_clusters_count"].is_u64() && rule["disabled"].is_boolean(), "{rule}");
    }
    let escaped = NODES_RULE.replace('|', "%7C");
    let rule = env.json(&format!("{V2}/rule/{escaped}")).await;
    assert!(
        has(&rule["content"], &["rule_id", "description", "generic"]) && rule["content"]["rating"].is_i64()
    );
    let detail = env.json(&format!("{V2}/rule/{escaped}/clusters_detail")).await;
    assert!(
        has(&detail["data"]["enabled"][0]["meta"], &["cluster_version"])
            && detail["data"]["disabled"].is_array()
    );
    assert_eq!(env.get(&format!("{V2}/ack/{escaped}")).await.status, 404);
    let workloads = env.json(&format!("{V2}/namespaces/dvo")).await;
    assert!(has(&workloads["workloads"][0]["cluster"], &["uuid", "display_name"]));
    assert!(has(&workloads["workloads"][0]["namespace"], &["uuid", "name"]));
    let workload = env.json(&format!("{V2}/namespaces/dvo/{NAMESPACE}/cluster/{CLUSTER}")).await;
    for check in workload["recommendations"].as_array().unwrap() {
        assert!(has(check, &["check", "details", "reason", "resolution", "more_info"]), "{check}");
        assert!(check["objects"].is_array() && check["total_risk"].is_u64(), "{check}");
    }
    let finding = format!(
        "{V1}/clusters/{CLUSTER}/rules/ccx_rules.external.node_not_ready.report/error_key/NODE_NOT_READY"
    );
    let rating = json!({"rule": NODES_RULE, "rating": 1}).to_string();
    let ack = json!({"rule_id": NODES_RULE, "justification": "-"}).to_string();
    for (method, path, body, expected) in [
        (Method::POST, format!("{V2}/rating"), Some(rating.as_str()), 200),
        (Method::PUT, format!("{finding}/disable"), Some("{}"), 200),
        (Method::POST, format!("{finding}/disable_feedback"), Some(r#"{"message":""}"#), 200),
        (Method::PUT, format!("{finding}/enable"), None, 200),
        (Method::POST, format!("{V2}/ack"), Some(ack.as_str()), 201),
        (Method::DELETE, format!("{V2}/ack/{escaped}"), None, 204),
    ] {
        assert_eq!(env.ask(method.clone(), &path, body).await.status, expected, "{method} {path}");
    }
}

/// The rules of clients hold for compressed and conditional requests, HEAD, and other spellings of a path.
#[tokio::test]
async fn rules_of_clients_hold_through_compression_conditions_and_other_forms_of_a_path() {
    let env = TestEnv::start().await;
    let identity = identity(ORG);
    let ask = async |method: Method, path: &str, header: (&'static str, &str)| {
        let request = env.request(method, path).header("x-rh-identity", &identity).header(header.0, header.1);
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap())
    };
    let tag = |headers: &HeaderMap| headers["etag"].to_str().unwrap().to_owned();
    let known = format!("{V2}/cluster/{CLUSTER}/reports");
    let unknown = format!("{V2}/cluster/{NEW_CLUSTER}/reports");
    for header in [
        ("accept-encoding", "identity"),
        ("accept-encoding", "gzip"),
        ("if-none-match", "*"),
        ("accept", "text/html"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let (status, _, _) = ask(method.clone(), &unknown, header).await;
            assert_eq!(status, 404, "{method} {header:?}: no report is never 304 or 204");
        }
    }
    let (_, plain, body) = ask(Method::GET, &known, ("accept-encoding", "identity")).await;
    let (_, compressed, _) = ask(Method::GET, &known, ("accept-encoding", "gzip")).await;
    assert_eq!((compressed["content-encoding"].to_str().unwrap(), tag(&plain)), ("gzip", tag(&compressed)));
    assert!(compressed["vary"].to_str().unwrap().to_ascii_lowercase().contains("accept-encoding"));
    for tag in [tag(&plain), tag(&plain).trim_start_matches("W/").to_owned()] {
        let (status, _, body) = ask(Method::GET, &known, ("if-none-match", &tag)).await;
        assert_eq!((status, body.len()), (304, 0));
    }
    let (status, head, empty) = ask(Method::HEAD, &known, ("accept-encoding", "identity")).await;
    assert_eq!((status, tag(&head), empty.len()), (200, tag(&plain), 0));
    let (status, redirect, _) =
        ask(Method::GET, &format!("{known}/?get_disabled=true"), ("accept", "*/*")).await;
    assert!((300..400).contains(&status), "{status}");
    assert!(redirect["location"].to_str().unwrap().ends_with("/reports?get_disabled=true"), "{redirect:?}");
    for rule in [NODES_RULE.replace('|', "%7C"), NODES_RULE.replace('|', "%7c")] {
        let (status, _, _) =
            ask(Method::GET, &format!("{V2}/rule/{rule}/clusters_detail"), ("accept-encoding", "gzip")).await;
        assert_eq!(status, 200, "{rule}");
    }
    let report: Reported = serde_json::from_slice(&body).unwrap();
    assert_eq!(report.report.data.len(), 3);
}
