use serde_json::Value;

use super::*;

fn documents() -> Documents {
    Documents::new(&SmartProxy::default())
}

fn parsed(document: &[u8]) -> Value {
    serde_json::from_slice(document).unwrap()
}

#[test]
fn document_of_each_version_is_up_to_date() {
    let documents = documents();
    for (name, document) in [
        ("openapi.v1.json", documents.v1),
        ("openapi.v2.json", documents.v2),
        ("openapi.content.json", documents.content),
    ] {
        let text = String::from_utf8(document.to_vec()).unwrap();
        ccx_test_support::assert_generated(&format!("workloads/smart-proxy/{name}"), &text);
    }
}

#[test]
fn operations_have_ids_of_their_own_and_a_summary() {
    let documents = documents();
    for document in [documents.v1, documents.v2, documents.content] {
        let document = parsed(&document);
        let mut ids = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}");
                assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{path}");
            }
        }
    }
}

#[test]
fn operations_but_metrics_and_documents_need_credentials() {
    let documents = documents();
    for document in [documents.v1, documents.v2] {
        for (path, item) in parsed(&document)["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let is_open = operation["security"].as_array().unwrap().is_empty();
                assert_eq!(is_open, OPEN_PATHS.contains(&path.as_str()), "{path}");
            }
        }
    }
}

#[test]
fn renderer_is_described_at_its_own_paths() {
    let content = parsed(&documents().content);
    let mut renderer = 0;
    for (path, item) in content["paths"].as_object().unwrap() {
        let is_of_renderer = path.ends_with("/rendered_reports");
        assert_eq!(item["post"]["servers"][0]["url"].as_str(), is_of_renderer.then_some("/"), "{path}");
        renderer += usize::from(is_of_renderer);
    }
    assert_eq!(renderer, 2);
}

#[test]
fn references_have_a_target() {
    for document in [documents().v1, documents().v2, documents().content] {
        let document = parsed(&document);
        let mut values = vec![&document];
        while let Some(value) = values.pop() {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
                    }
                    values.extend(map.values());
                }
                Value::Array(list) => values.extend(list),
                _ => {}
            }
        }
    }
}
