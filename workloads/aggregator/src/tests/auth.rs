//! Every path of the document is protected.

use ccx_config::Aggregator;
use ccx_http::operations;
use reqwest::Method;
use serde_json::json;
use utoipa::openapi::HttpMethod;

use super::test_env::{CLUSTER, TestEnv, member_of};
use crate::{endpoints::Operations, openapi::document};

/// An operation of the document, with a path whose parameters have values.
struct Asked {
    method: Method,
    path: String,
    body: Option<&'static str>,
    is_open: bool,
    has_organization: bool,
}

/// Returns all operations; each organisation is `org_id`.
fn all_operations(org_id: u32) -> Vec<Asked> {
    let document = document("/api/v1/", Operations::Production);
    let mut asked = Vec::new();
    for (template, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            asked.push(Asked {
                method: method_of(&method),
                path: filled(template, org_id),
                body: operation.request_body.is_some().then(|| body(template)),
                is_open: operation.security.as_ref().is_some_and(Vec::is_empty),
                has_organization: template.contains("{org_id}"),
            });
        }
    }
    asked
}

fn body(template: &str) -> &'static str {
    match template.rsplit('/').next() {
        Some("reports") => r#"{"clusters":["34c3ecc5-624a-49a5-bab8-4fdc5e51a266"]}"#,
        Some("disable_feedback") => r#"{"message":"m"}"#,
        Some("disable" | "update") => r#"{"justification":"j"}"#,
        Some("rating") => r#"{"rule":"rules.a|KEY_A","rating":1}"#,
        _ => r#"["34c3ecc5-624a-49a5-bab8-4fdc5e51a266"]"#,
    }
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Post => Method::POST,
        _ => Method::DELETE,
    }
}

fn filled(template: &str, org_id: u32) -> String {
    let path = template
        .replace("{org_id}", &org_id.to_string())
        .replace("{cluster}", CLUSTER)
        .replace("{cluster_list}", CLUSTER)
        .replace("{user_id}", "7")
        .replace("{rule_id}/error_key/{error_key}", "rules.a/error_key/KEY_A")
        .replace("{rule_id}", "rules.a%7CKEY_A")
        .replace("{rule_selector}", "rules.a%7CKEY_A")
        .replace("{namespace}", "ns-1");
    assert!(!path.contains('{'), "{path} has a parameter that this test doesn't know");
    format!("/api/v1{path}")
}

#[tokio::test]
async fn request_without_a_valid_identity_is_refused_except_on_open_paths() {
    let env = TestEnv::with(Aggregator::default()).await;
    for Asked { method, path, body, is_open, .. } in all_operations(11) {
        let missing = env.ask(method.clone(), &path, None, body).await;
        let malformed = env.ask(method.clone(), &path, Some("!"), body).await;
        let statuses = (missing.status.as_u16(), malformed.status.as_u16());
        assert_eq!(statuses, if is_open { (200, 200) } else { (401, 401) }, "{method} {path}");
        if !is_open {
            assert_eq!(missing.body.trim_end(), r#"{"status":"Missing auth token"}"#, "{path}");
        }
    }
}

#[tokio::test]
async fn request_with_two_identities_is_refused() {
    let env = TestEnv::with(Aggregator::default()).await;
    let request = env.request(Method::GET, "/api/v1/organizations/11/clusters");
    let twice = request.header("x-rh-identity", member_of(11)).header("x-rh-identity", member_of(12));
    let answer = super::test_env::send(twice).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.trim_end()),
        (401, r#"{"status":"Malformed authentication token"}"#)
    );
}

#[tokio::test]
async fn member_of_another_organisation_is_refused_on_every_path_with_an_organisation() {
    let env = TestEnv::with(Aggregator::default()).await;
    env.store_sample().await;
    let text = "you have no permissions to get or change info about the organization with ID 11; \
                you can access info about organization with ID 12";
    let forbidden = json!({ "status": text }).to_string();
    let mut checked = 0;
    for Asked { method, path, body, .. } in
        all_operations(11).into_iter().filter(|asked| asked.has_organization)
    {
        let stranger = env.ask(method.clone(), &path, Some(&member_of(12)), body).await;
        if path.ends_with("/reports") {
            let nothing = json!({ "clusters": null, "errors": [CLUSTER], "reports": {}, "generated_at": "", "status": "ok" });
            let answer: serde_json::Value = serde_json::from_str(&stranger.body).unwrap();
            assert_eq!((stranger.status.as_u16(), answer), (200, nothing), "{path}");
        } else {
            let refusal = (stranger.status.as_u16(), stranger.body.trim_end());
            assert_eq!(refusal, (403, forbidden.as_str()), "{path}");
        }
        let member = env.ask(method.clone(), &path, Some(&member_of(11)), body).await;
        assert_eq!(member.status.as_u16(), 200, "{path}: {}", member.body);
        checked += 1;
    }
    assert_eq!(checked, 29, "a new path with an organisation appeared: good, count it");
}

#[tokio::test]
async fn options_without_an_identity_lists_the_methods_that_a_refusal_lists() {
    let env = TestEnv::with(Aggregator::default()).await;
    for Asked { method, path, .. } in all_operations(11) {
        let options = env.ask(Method::OPTIONS, &path, None, None).await;
        assert_eq!((options.status.as_u16(), options.body.as_str()), (204, ""), "{path}");
        let allowed = options.headers["allow"].to_str().unwrap();
        assert!(allowed.split(", ").any(|allowed| allowed == method.as_str()), "{method} {path}: {allowed}");
        let refused = env.ask(Method::PATCH, &path, None, None).await;
        assert_eq!(refused.status.as_u16(), 405, "{path}");
        assert_eq!(refused.headers["allow"], options.headers["allow"], "{path}");
    }
    assert_eq!(env.get("/livez").await.status.as_u16(), 200);
}

#[tokio::test]
async fn query_does_not_change_the_access() {
    let env = TestEnv::with(Aggregator::default()).await;
    assert_eq!(env.get("/api/v1/openapi.json?x=1").await.status.as_u16(), 200);
    assert_eq!(env.get("/api/v1/info?openapi.json").await.status.as_u16(), 401);
    assert_eq!(env.get_as(&member_of(1), "/api/v1/info?x").await.status.as_u16(), 200);
}
