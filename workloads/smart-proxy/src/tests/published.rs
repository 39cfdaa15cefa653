//! Our answers and documents beside the published ones of the original.

use ccx_test_support::openapi::Operation;
use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, CONTROL_PLANE_RULE, NAMESPACE, NODES_RULE, ORG, TestEnv, V1, V2};
use crate::api::Documents;

fn published(version: &str) -> Value {
    let path = ccx_test_support::needs::published_samples("openapi")
        .join(format!("insights-results-smart-proxy.{version}.openapi.json"));
    let mut document = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    correct(&mut document);
    document
}

/// Corrects what no answer can fulfil: whole numbers whose values are listed as text, in the document's examples of votes.
fn correct(value: &mut Value) {
    if value["type"] == "integer"
        && let Some(values) = value.get_mut("enum").and_then(Value::as_array_mut)
    {
        for value in values {
            if let Some(number) = value.as_str().and_then(|text| text.parse::<i64>().ok()) {
                *value = number.into();
            }
        }
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(correct),
        Value::Array(items) => items.iter_mut().for_each(correct),
        _ => {}
    }
}

#[tokio::test]
#[ignore = "needs published samples"]
async fn answers_have_the_published_schemas() {
    let env = TestEnv::start().await;
    let ack = json!({"rule_id": NODES_RULE, "justification": "known"}).to_string();
    let rating = json!({"rule": CONTROL_PLANE_RULE, "rating": 1}).to_string();
    let clusters = json!({"clusters": [CLUSTER]}).to_string();
    let finding = format!("/clusters/{CLUSTER}/rules/a.b.report/error_key/KEY");
    let v1: Vec<(Method, String, Option<&str>)> = vec![
        (Method::GET, "/openapi.json".into(), None),
        (Method::GET, "/info".into(), None),
        (Method::GET, "/groups".into(), None),
        (Method::GET, format!("/organizations/{ORG}/clusters"), None),
        (Method::GET, format!("/clusters/{CLUSTER}/reports"), None),
        (Method::POST, "/clusters/reports".into(), Some(&clusters)),
        (Method::PUT, format!("{finding}/like"), None),
        (Method::PUT, format!("{finding}/dislike"), None),
        (Method::PUT, format!("{finding}/reset_vote"), None),
        (Method::PUT, format!("{finding}/disable"), None),
        (Method::PUT, format!("{finding}/enable"), None),
        (Method::POST, format!("{finding}/disable_feedback"), Some(r#"{"message":"m"}"#)),
        (Method::GET, "/rule_ids".into(), None),
        (Method::GET, "/rules/ccx_rules.external.node_not_ready/content".into(), None),
        (Method::GET, "/content".into(), None),
        (Method::GET, "/org_overview".into(), None),
        (Method::POST, "/org_overview".into(), Some(&clusters)),
        (Method::GET, format!("/clusters/{CLUSTER}/report"), None),
        (Method::GET, format!("/clusters/{CLUSTER}/report/info"), None),
        (Method::GET, format!("/clusters/{CLUSTER}/rules/{NODES_RULE}/report"), None),
    ];
    let v2: Vec<(Method, String, Option<&str>)> = vec![
        (Method::GET, "/openapi.json".into(), None),
        (Method::GET, "/info".into(), None),
        (Method::GET, "/groups".into(), None),
        (Method::GET, format!("/cluster/{CLUSTER}/reports?get_disabled=true"), None),
        (Method::GET, format!("/cluster/{CLUSTER}/info"), None),
        (Method::POST, format!("/cluster/{CLUSTER}/requests"), Some(r#"["abc"]"#)),
        (Method::GET, "/content".into(), None),
        (Method::GET, "/namespaces/dvo".into(), None),
        (Method::GET, format!("/namespaces/dvo/{NAMESPACE}/cluster/{CLUSTER}"), None),
        (Method::POST, "/ack".into(), Some(&ack)),
        (Method::POST, "/ack".into(), Some(&ack)),
        (Method::GET, "/ack".into(), None),
        (Method::GET, format!("/ack/{NODES_RULE}"), None),
        (Method::PUT, format!("/ack/{NODES_RULE}"), Some(r#"{"justification":"x"}"#)),
        (Method::DELETE, format!("/ack/{NODES_RULE}"), None),
        (Method::GET, "/clusters".into(), None),
        (Method::GET, format!("/rule/{NODES_RULE}/content"), None),
        (Method::GET, format!("/rule/{NODES_RULE}"), None),
        (Method::GET, format!("/rule/{NODES_RULE}/clusters_detail"), None),
        (Method::GET, "/rule".into(), None),
        (Method::POST, "/rating".into(), Some(&rating)),
        (Method::POST, "/upgrade-risks-prediction".into(), Some(&clusters)),
    ];
    for (version, prefix, questions) in [("v1", V1, v1), ("v2", V2, v2)] {
        let document = published(version);
        for (method, path, body) in questions {
            let answer = env.ask(method.clone(), &format!("{prefix}{path}"), body).await;
            assert!(
                matches!(answer.status, 200 | 201 | 204),
                "{method} {path}: {} {}",
                answer.status,
                answer.body
            );
            let described = Operation::find(&document, method.as_str(), &path)
                .unwrap_or_else(|| panic!("{method} {path} is not in the published document"));
            described
                .check(answer.status, &answer.body)
                .unwrap_or_else(|problem| panic!("{method} {path}: {problem}"));
        }
    }
}

#[test]
#[ignore = "needs published samples"]
fn documents_have_every_published_operation() {
    let own = Documents::new(&ccx_config::SmartProxy::default());
    for (version, own) in [("v1", own.v1), ("v2", own.v2)] {
        let own: Value = serde_json::from_slice(&own).unwrap();
        for (path, item) in published(version)["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                assert!(Operation::find(&own, method, path).is_some(), "{version}: {method} {path}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs published samples"]
async fn renderer_answers_as_the_published_example() {
    let folder = ccx_test_support::needs::published_samples("data/template-renderer");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let env = TestEnv::start().await;
    let request = env.request(Method::POST, "/rendered_reports").body(read("request_data_example.json"));
    let answer = super::test_env::send(request).await;
    let expected: Value = serde_json::from_str(&read("response_data_example.json")).unwrap();
    assert_eq!((answer.status, answer.json()), (200, expected));
}
