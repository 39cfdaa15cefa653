//! The answers of the router and the layers.

use std::io::Read as _;

use ccx_config::{Aggregator, Authentication};
use flate2::read::GzDecoder;
use reqwest::Method;

use super::test_env::{CLUSTER, ORG, TestEnv, report_path, send};

#[tokio::test]
async fn path_with_a_slash_too_many_or_too_few_is_redirected() {
    let env = TestEnv::trusting().await;
    let report = report_path(ORG, CLUSTER, "7");
    for (from, to) in [
        ("/api/v1".to_owned(), "/api/v1/".to_owned()),
        ("/api/v1/info/".into(), "/api/v1/info".into()),
        (format!("{report}/"), report.clone()),
        (format!("{report}/?a=b"), format!("{report}?a=b")),
    ] {
        let answer = env.get(&from).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers["location"].to_str().unwrap()),
            (301, to.as_str()),
            "{from}"
        );
    }
}

#[tokio::test]
async fn other_method_is_refused_in_the_form_of_the_api() {
    let env = TestEnv::trusting().await;
    let expected = r#"{"status":"the method is not allowed for this path"}"#;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/api/v1/info", "/api/v1/info/", "/api/v1/organizations/1/clusters/reports"] {
            let answer = env.ask(method.clone(), path, None, None).await;
            assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (405, expected), "{method} {path}");
        }
    }
    let answer = env.get("/api/v1/organizations/1/clusters/reports").await;
    assert_eq!((answer.status.as_u16(), &answer.headers["allow"]), (405, &"POST, OPTIONS".parse().unwrap()));
}

#[tokio::test]
async fn unknown_path_is_text_unless_the_client_asks_for_json() {
    let env = TestEnv::trusting().await;
    for path in ["/", "/api/v2/info", "/api/v1/organizations/1", "/api/v1/info/x"] {
        let answer = env.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (404, "404 page not found\n"), "{path}");
        assert_eq!(answer.content_type, "text/plain; charset=utf-8");
        let json = send(env.request(Method::GET, path).header("accept", "text/html, application/json")).await;
        assert_eq!((json.status.as_u16(), json.body.trim_end()), (404, r#"{"status":"page not found"}"#));
    }
}

#[tokio::test]
async fn too_long_path_is_refused_in_the_form_of_the_api() {
    let env = TestEnv::trusting().await;
    let path = format!("/api/v1/organizations/1/clusters/{}/reports", "x".repeat(61 * 1024));
    let answer = env.get(&path).await;
    let expected = r#"{"status":"the URI of the request is longer than 61440 bytes"}"#;
    assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (414, expected));
}

#[tokio::test]
async fn api_without_a_prefix_is_served() {
    let settings =
        Aggregator { api_prefix: "/".into(), authentication: Authentication::None, ..Aggregator::default() };
    let env = TestEnv::with(settings).await;
    for path in ["/", "/info", "/metrics", "/openapi.json", "/organizations/1/clusters", "/livez"] {
        assert_eq!(env.get(path).await.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn known_entity_tag_is_answered_without_a_body() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    for path in [report_path(ORG, CLUSTER, "7"), "/api/v1/organizations/11/clusters".into()] {
        let first = env.get(&path).await;
        let tag = &first.headers["etag"];
        let again = send(env.request(Method::GET, &path).header("if-none-match", tag)).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{path}");
        assert_eq!(&again.headers["etag"], tag);
        let other = send(env.request(Method::GET, &path).header("if-none-match", "W/\"0\"")).await;
        assert_eq!((other.status.as_u16(), other.body), (200, first.body), "{path}");
    }
}

#[tokio::test]
async fn answers_are_compressed_for_clients_that_accept_gzip_or_zstd() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let long = "x".repeat(5000);
    env.run_sql(&format!("UPDATE rule_hit SET template_data = '{{\"long\":\"{long}\"}}'")).await;
    let reports = format!("/api/v1/organizations/{ORG}/clusters/{CLUSTER}/reports");
    env.run_sql(&format!("UPDATE report SET report = '{{\"long\":\"{long}\"}}'")).await;
    for path in [report_path(ORG, CLUSTER, "7"), reports, "/api/v1/openapi.json".into()] {
        let plain = env.get(&path).await;
        assert!(!plain.headers.contains_key("content-encoding"), "{path}");
        for (accepted, coding) in
            [("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"), ("gzip, zstd;q=0.5", "gzip")]
        {
            let request = env.request(Method::GET, &path).header("accept-encoding", accepted);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], coding, "{path}");
            assert_eq!(response.headers()["vary"], "accept-encoding", "{path}");
            assert_eq!(response.headers().get("etag"), plain.headers.get("etag"), "{path}");
            let compressed = response.bytes().await.unwrap();
            let mut content = String::new();
            if coding == "zstd" {
                let mut bytes = vec![0; plain.body.len()];
                zstd_safe::decompress(bytes.as_mut_slice(), &compressed).unwrap();
                content = String::from_utf8(bytes).unwrap();
            } else {
                GzDecoder::new(&*compressed).read_to_string(&mut content).unwrap();
            }
            assert!(content == plain.body && compressed.len() < content.len() / 2, "{path} {coding}");
        }
    }
}
