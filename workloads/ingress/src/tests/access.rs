//! Every operation of the documents, for each kind of caller.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{RequestBuilder, StatusCode};

use super::test_env::{CLUSTER, Form, TestEnv, documents, json};

/// How a caller relates to the upload that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Its credentials are missing or wrong.
    Unknown,
    /// It belongs to the organisation of the upload.
    Own,
    /// It belongs to another organisation.
    Foreign,
}

type Headers = Vec<(&'static str, String)>;

/// An operation with values for its parameters.
struct Operation {
    method: String,
    path: String,
    is_open: bool,
    names_upload: bool,
}

fn operations(request_id: &str) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (prefix, document) in documents() {
        for (template, item) in document["paths"].as_object().unwrap() {
            let path = template.replace("{request_id}", request_id).replace("{version}", "4.17.3");
            assert!(!path.contains('{'), "a parameter of {template} has no value here");
            for (method, operation) in item.as_object().unwrap() {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: format!("{prefix}{path}"),
                    is_open: operation["security"].as_array().unwrap().is_empty(),
                    names_upload: template.contains("{request_id}"),
                });
            }
        }
    }
    operations
}

fn identity(organization: u32, rest: &str) -> String {
    STANDARD.encode(format!(r#"{{"identity":{{"org_id":"{organization}"{rest}}}}}"#))
}

/// Returns each kind of caller: its name, its headers, and how it relates to an upload of organisation 1.
fn callers() -> Vec<(&'static str, Headers, Kind)> {
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let header = |identity: String| ("x-rh-identity", identity);
    let system = format!(r#","type":"System","system":{{"cluster_id":"{CLUSTER}"}}"#);
    vec![
        ("no credentials", vec![], Kind::Unknown),
        ("unknown token", vec![bearer("token-3")], Kind::Unknown),
        ("other scheme", vec![("authorization", "Basic dG9rZW4tMQ==".into())], Kind::Unknown),
        ("header that is no identity", vec![header("e30=".into())], Kind::Unknown),
        ("two headers", vec![header(identity(1, "")), header(identity(1, ""))], Kind::Unknown),
        ("token", vec![bearer("token-1")], Kind::Own),
        ("header", vec![header(identity(1, ""))], Kind::Own),
        ("system identity", vec![header(identity(1, &system))], Kind::Own),
        ("foreign token", vec![bearer("token-2")], Kind::Foreign),
        ("foreign header", vec![header(identity(2, ""))], Kind::Foreign),
        (
            "foreign header beside an own token",
            vec![header(identity(2, "")), bearer("token-1")],
            Kind::Foreign,
        ),
        ("foreign system identity", vec![header(identity(2, &system))], Kind::Foreign),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_each_kind_of_caller_by_its_organisation() {
    let env = TestEnv::start_with(|config| config.auth.trust_identity_header = true).await;
    let accepted = json(env.upload(Form::periodic(b"a")).await, StatusCode::ACCEPTED).await;
    let operations = operations(accepted["request_id"].as_str().unwrap());
    assert!(operations.len() >= 8, "{}", operations.len());
    for Operation { method, path, is_open, names_upload } in &operations {
        for (name, headers, kind) in callers() {
            let expected = match kind {
                _ if *is_open => StatusCode::OK,
                Kind::Unknown => StatusCode::UNAUTHORIZED,
                Kind::Foreign if *names_upload => StatusCode::FORBIDDEN,
                Kind::Own | Kind::Foreign => StatusCode::OK,
            };
            let request = headers
                .into_iter()
                .fold(env.request(method, path), |request, (header, value)| request.header(header, value));
            let answer = test_of_connection(request, method).send().await.unwrap();
            assert_eq!(answer.status(), expected, "{method} {path}: {name}");
        }
    }
}

fn test_of_connection(request: RequestBuilder, method: &str) -> RequestBuilder {
    if method == "POST" {
        request.header("content-type", "application/json").body(r#"{"test":"test"}"#)
    } else {
        request
    }
}
