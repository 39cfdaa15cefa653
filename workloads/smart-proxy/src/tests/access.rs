//! Every path of the documents, for callers who may not see the data.

use ccx_config::SmartProxy;
use reqwest::Method;
use serde_json::Value;

use super::test_env::{CLUSTER, NAMESPACE, NODES_RULE, ORG, TestEnv, V1, V2, identity, send};
use crate::api::Documents;

/// An operation with a path whose parameters have values.
struct Asked {
    method: Method,
    path: String,
    is_open: bool,
}

fn operations() -> Vec<Asked> {
    let documents = Documents::new(&SmartProxy::default());
    let mut operations = Vec::new();
    for (prefix, document) in [(V1, documents.v1), (V2, documents.v2)] {
        let document: Value = serde_json::from_slice(&document).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push(Asked {
                    method: method.to_uppercase().parse().unwrap(),
                    path: format!("{prefix}{}", with_values(path)),
                    is_open: operation["security"].as_array().unwrap().is_empty(),
                });
            }
        }
    }
    operations
}

fn with_values(path: &str) -> String {
    let rule = if path.contains("{error_key}") || path.starts_with("/rules/") { "a.b" } else { NODES_RULE };
    path.replace("{org_id}", &ORG.to_string())
        .replace("{cluster}", CLUSTER)
        .replace("{cluster_list}", CLUSTER)
        .replace("{rule_id}", rule)
        .replace("{rule_selector}", rule)
        .replace("{error_key}", "KEY")
        .replace("{namespace}", NAMESPACE)
        .replace("{request_id}", "abc")
}

#[tokio::test]
async fn caller_without_a_valid_identity_is_forbidden_everywhere() {
    let env = TestEnv::start().await;
    let operations = operations();
    assert!(operations.len() > 45, "{}", operations.len());
    for Asked { method, path, is_open } in operations {
        for identity in [None, Some("!"), Some("e30=")] {
            let mut request = env.request(method.clone(), &path);
            if let Some(identity) = identity {
                request = request.header("x-rh-identity", identity);
            }
            let answer = send(request).await;
            let expected = if is_open { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{method} {path} {identity:?}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn member_of_another_organisation_sees_nothing_of_a_cluster() {
    let env = TestEnv::start().await;
    for Asked { method, path, .. } in operations() {
        let names_cluster = path.contains(CLUSTER) || path.contains(&format!("/{ORG}"));
        if !names_cluster || path.ends_with("/requests") {
            continue;
        }
        let request = env.request(method.clone(), &path).header("x-rh-identity", identity(12)).body("{}");
        let answer = send(request).await;
        assert!(
            matches!(answer.status, 400 | 403 | 404),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        assert!(answer.json().as_object().unwrap().keys().eq(["status"]), "{method} {path}: {}", answer.body);
    }
    let foreign = env.ask_as(12, Method::GET, &format!("{V2}/clusters"), None).await;
    assert!(!foreign.body.contains(CLUSTER), "{}", foreign.body);
}
