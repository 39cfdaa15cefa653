use ccx_http::operations;
use serde_json::{Value, json};
use utoipa::openapi::HttpMethod;

use super::*;

/// The prefix of the committed document: the default one.
const PREFIX: &str = "/api/v1/";

fn document() -> Value {
    serde_json::from_str(&openapi(PREFIX, Operations::WithDebug, Authentication::XRhIdentity)).unwrap()
}

#[test]
fn document_is_up_to_date() {
    ccx_test_support::assert_generated(
        "workloads/aggregator/openapi.json",
        &openapi(PREFIX, Operations::WithDebug, Authentication::XRhIdentity),
    );
}

#[test]
fn operations_have_ids_of_their_own_and_a_summary() {
    let document = super::document(PREFIX, Operations::WithDebug);
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in &document.paths.paths {
        for (_, operation) in operations(item) {
            assert!(ids.insert(operation.operation_id.clone().unwrap()), "{path}");
            assert!(operation.summary.as_ref().unwrap().ends_with('.'), "{path}");
        }
    }
    assert_eq!(ids.len(), 38);
}

#[test]
fn problems_and_organisations_have_one_name() {
    let document = document();
    let text = document.to_string();
    assert!(!text.contains("{organization}") && !text.contains("orgId"));
    for (status, response) in document["components"]["responses"].as_object().unwrap() {
        let schema = &response["content"]["application/json"]["schema"];
        assert_eq!(*schema, json!({ "$ref": "#/components/schemas/Problem" }), "{status}");
    }
    let mut good = vec![];
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            good.push(&operation["responses"]["200"]["content"]["application/json"]["schema"]);
        }
    }
    let is_named = |schema: &&&Value| schema["$ref"].is_string();
    // The metrics are text, and this document is any object.
    assert_eq!(good.iter().filter(is_named).count(), good.len() - 2, "{good:#?}");
}

#[test]
fn references_have_a_target() {
    let document = document();
    let mut values = vec![&document];
    let mut references = 0;
    while let Some(value) = values.pop() {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref") {
                    let pointer = reference.as_str().unwrap().trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{pointer}");
                    references += 1;
                }
                values.extend(map.values());
            }
            Value::Array(list) => values.extend(list),
            _ => {}
        }
    }
    assert!(references > 10);
}

#[test]
fn operations_except_metrics_and_this_document_need_an_identity() {
    let document = document();
    let is_open = |path: &str| document["paths"][path]["get"]["security"] == json!([]);
    let open: Vec<&String> =
        document["paths"].as_object().unwrap().keys().filter(|path| is_open(path)).collect();
    assert_eq!(open, ["/metrics", "/openapi.json"]);
}

/// The operations of the service that this one replaces, as its own document lists them (one path corrected).
const ORIGINAL: &str = "\
    GET /openapi.json
    GET /info
    GET /metrics
    GET /organizations
    DELETE /organizations/{}
    GET /organizations/{}/clusters
    GET /organizations/{}/clusters/{}/users/{}/report
    GET /organizations/{}/clusters/{}/users/{}/report/info
    GET /organizations/{}/clusters/{}/users/{}/rules/{}
    GET /organizations/{}/clusters/{}/reports
    POST /organizations/{}/clusters/reports
    PUT /clusters/{}/rules/{}/error_key/{}/organizations/{}/users/{}/like
    PUT /clusters/{}/rules/{}/error_key/{}/organizations/{}/users/{}/dislike
    PUT /clusters/{}/rules/{}/error_key/{}/organizations/{}/users/{}/reset_vote
    GET /clusters/{}/rules/{}/error_key/{}/users/{}/get_vote
    DELETE /clusters/{}
    PUT /clusters/{}/rules/{}/error_key/{}/organizations/{}/enable
    PUT /clusters/{}/rules/{}/error_key/{}/organizations/{}/disable
    POST /clusters/{}/rules/{}/error_key/{}/organizations/{}/users/{}/disable_feedback
    GET /clusters/rules/{}/error_key/{}/organizations/{}/disabled
    POST /recommendations/organizations/{}/users/{}/list
    POST /clusters/organizations/{}/users/{}/recommendations
    GET /rules/organizations/{}/disabled
    POST /rules/organizations/{}/disabled_for_clusters
    GET /rules/users/{}/disabled/feedback
    PUT /rules/{}/error_key/{}/organizations/{}/enable
    PUT /rules/{}/error_key/{}/organizations/{}/disable
    POST /rules/{}/error_key/{}/organizations/{}/update
    GET /rules/{}/error_key/{}/organizations/{}/
    GET /rules/organizations/{}/disabled_system_wide
    POST /rules/organizations/{}/rating
    GET /rules/{}/organizations/{}/users/{}/clusters_detail
    GET /rules/{}/organizations/{}/rating
    GET /organization/{}/workloads
    POST /organization/{}/workloads
    GET /organization/{}/namespace/{}/cluster/{}/workloads";

#[test]
fn document_behind_a_gateway_needs_no_identity() {
    let document = openapi(PREFIX, Operations::WithDebug, Authentication::None);
    let document: Value = serde_json::from_str(&document).unwrap();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert_eq!(operation["security"], json!([]), "{}", operation["operationId"]);
        }
    }
}

#[test]
fn document_covers_every_operation_of_the_original() {
    let document = super::document(PREFIX, Operations::WithDebug);
    let mut ours = std::collections::BTreeSet::new();
    for (path, item) in &document.paths.paths {
        let shape: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect();
        for (method, _) in operations(item) {
            let method = match method {
                HttpMethod::Get => "GET",
                HttpMethod::Put => "PUT",
                HttpMethod::Post => "POST",
                _ => "DELETE",
            };
            ours.insert(format!("{method} {}", shape.join("/")));
        }
    }
    let missing: Vec<&str> =
        ORIGINAL.lines().map(str::trim).filter(|operation| !ours.contains(*operation)).collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(ORIGINAL.lines().count(), 36);
}
