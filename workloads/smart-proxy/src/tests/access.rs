//! Every path of the documents, for each kind of caller.

use ccx_config::SmartProxy;
use reqwest::Method;
use serde_json::Value;

use super::{
    callers::{Kind, start_with_all_callers},
    test_env::{CLUSTER, NAMESPACE, NODES_RULE, ORG, TestEnv, V1, V2, identity, send},
};
use crate::api::Documents;

/// An operation with a path whose parameters have values.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    is_open: bool,
    /// The path of the document.
    template: String,
}

pub(super) fn operations() -> Vec<Asked> {
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
                    template: path.clone(),
                });
            }
        }
    }
    operations
}

fn with_values(path: &str) -> String {
    let rule = if path.contains("{error_key}") || path.starts_with("/rules/") { "a.b" } else { NODES_RULE };
    let path = path
        .replace("{org_id}", &ORG.to_string())
        .replace("{cluster}", CLUSTER)
        .replace("{cluster_list}", CLUSTER)
        .replace("{rule_id}", rule)
        .replace("{rule_selector}", rule)
        .replace("{error_key}", "KEY")
        .replace("{namespace}", NAMESPACE)
        .replace("{request_id}", "abc");
    assert!(!path.contains('{'), "a parameter of {path} has no value here");
    path
}

#[tokio::test]
async fn caller_without_a_valid_identity_is_forbidden_everywhere() {
    let env = TestEnv::start().await;
    let operations = operations();
    assert!(operations.len() > 45, "{}", operations.len());
    for Asked { method, path, is_open, .. } in operations {
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

/// The status for a member of another organisation; `None` where the path names nothing of one organisation.
fn status_for_foreign(method: &Method, template: &str, own: u16) -> Option<u16> {
    let names_cluster = template.contains("{cluster}") || template.contains("{cluster_list}");
    match (method.as_str(), template) {
        (_, path) if path.contains("{org_id}") => Some(403),
        // Nothing is known about the requests of the cluster.
        ("POST", "/cluster/{cluster}/requests") => Some(own),
        // As in the original.
        ("GET", path) if path.contains("{cluster_list}") => Some(400),
        // The body is wrong already.
        _ if names_cluster && own == 400 => Some(400),
        _ if names_cluster => Some(404),
        _ => None,
    }
}

#[tokio::test]
async fn every_operation_answers_each_kind_of_caller_by_its_organisation() {
    let (env, callers) = Box::pin(start_with_all_callers()).await;
    let mut differences = Vec::new();
    for Asked { method, path, is_open, template } in operations() {
        let own = env.request(method.clone(), &path).header("x-rh-identity", identity(ORG)).body("{}");
        let own = send(own).await;
        assert!(own.status < 500 && !matches!(own.status, 401 | 403), "{method} {path}: {}", own.body);
        for caller in &callers {
            let request = env.request(method.clone(), &path).headers(caller.headers.clone()).body("{}");
            let answer = send(request).await;
            let expected = match caller.kind {
                _ if is_open => Some(200),
                Kind::Refused => Some(403),
                Kind::Own => Some(own.status),
                Kind::Foreign => status_for_foreign(&method, &template, own.status),
            };
            let (name, status) = (caller.name, answer.status);
            if status >= 500 || expected.is_some_and(|expected| expected != status) {
                differences.push(format!(
                    "{method} {path}, {name}: {status}, expected {expected:?}: {}",
                    answer.body
                ));
            }
            let shows_cluster =
                status < 300 && answer.body.contains(CLUSTER) && template != "/cluster/{cluster}/requests";
            assert!(
                is_open || caller.kind == Kind::Own || !shows_cluster,
                "{method} {path}, {name}: {}",
                answer.body
            );
        }
    }
    assert_eq!(differences, Vec::<String>::new());
}
