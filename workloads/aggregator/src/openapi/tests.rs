use serde_json::Value;

use super::*;

/// The prefix of the committed document: the default one.
const PREFIX: &str = "/api/v1/";

fn document() -> Value {
    serde_json::from_str(&openapi(PREFIX)).unwrap()
}

#[test]
fn document_is_up_to_date() {
    ccx_test_support::assert_generated("workloads/aggregator/openapi.json", &openapi(PREFIX));
}

#[test]
fn every_route_has_an_operation_with_a_name_of_its_own() {
    let document = document();
    let mut operations = std::collections::BTreeSet::new();
    for route in TABLE {
        let operation =
            &document["paths"][format!("/{}", route.path)][route.method.as_str().to_ascii_lowercase()];
        assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
        assert!(operation["summary"].as_str().unwrap().ends_with('.'));
    }
}

#[test]
fn every_path_parameter_is_described() {
    for route in TABLE {
        for name in parameter_names(route.path) {
            assert_ne!(parameter(name)["description"], "", "{name} of {}", route.path);
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
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
fn only_metrics_and_this_document_need_no_identity() {
    let document = document();
    let is_open = |path: &str| document["paths"][path]["get"]["security"] == json!([]);
    let open: Vec<&String> =
        document["paths"].as_object().unwrap().keys().filter(|path| is_open(path)).collect();
    assert_eq!(open, ["/metrics", "/openapi.json"]);
}
