//! Checks each answer that a test receives against the documents about the API.

use std::sync::LazyLock;

use ccx_config::SmartProxy;
use ccx_test_support::openapi::Operation;
use reqwest::Method;
use serde_json::Value;

use super::test_env::{Answered, V1, V2};
use crate::api::Documents;

static DOCUMENTS: LazyLock<[(&str, Value); 2]> = LazyLock::new(|| {
    let documents = Documents::new(&SmartProxy::default());
    [(V1, documents.v1), (V2, documents.v2)]
        .map(|(prefix, text)| (prefix, serde_json::from_slice(&text).unwrap()))
});

/// Fails unless the answer of a described operation has a described status, and its JSON the described schema.
pub(super) fn assert_conforms(method: &Method, path: &str, answer: &Answered) {
    for (prefix, document) in &*DOCUMENTS {
        let Some(path) = path.strip_prefix(prefix) else { continue };
        let Some(operation) = Operation::find(document, method.as_str(), path) else { continue };
        if let Err(problem) = operation.check(answer.status, &answer.body) {
            panic!("{method} {prefix}{path}: {problem} in {}", answer.body);
        }
    }
}

#[test]
fn answer_that_differs_from_its_schema_is_found() {
    let (_, document) = &DOCUMENTS[1];
    let operation = Operation::find(document, "GET", "/clusters").unwrap();
    assert_eq!(operation.check(200, r#"{"data":[],"meta":{"count":0},"status":"ok"}"#), Ok(()));
    for (status, bad) in [
        (200, r#"{"data":null,"meta":{"count":0},"status":"ok"}"#),
        (200, r#"{"data":[{}],"meta":{"count":0},"status":"ok"}"#),
        (200, r#"{"meta":{"count":0},"status":"ok"}"#),
        (418, "{}"),
    ] {
        assert!(operation.check(status, bad).is_err(), "{bad}");
    }
}
