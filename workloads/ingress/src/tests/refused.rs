//! Uploads that are refused: nothing is announced.

use std::time::Duration;

use bytesize::ByteSize;
use reqwest::StatusCode;
use serde_json::json;

use super::test_env::{Form, PERIODIC, TestEnv, UPLOAD, json};

const LIMIT: u64 = 100_000;

async fn env() -> TestEnv {
    TestEnv::start_with(|config| {
        config.ingress.max_upload = ByteSize(LIMIT);
        config.ingress.services.push("qpc".into());
        config.ingress.max_upload_by_service = [("qpc".into(), ByteSize(10))].into();
        config.ingress.denied_organizations = vec![2];
        config.ingress.idle_timeout = Duration::from_secs(1);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn form_that_can_not_be_accepted_is_refused_with_its_status() {
    let env = env().await;
    let qpc = "application/vnd.redhat.qpc.tar+tgz";
    let limit = usize::try_from(LIMIT).unwrap();
    let large_field = vec![b'x'; 2 * 1024 * 1024];
    let refused = [
        (Form::default(), 400),
        (Form::default().field("metadata", b"{}"), 400),
        (Form::default().file("archive", PERIODIC, b"a"), 400),
        (Form::default().file("file", PERIODIC, b""), 400),
        (Form::default().file("file", PERIODIC, b"a").file("upload", PERIODIC, b"a"), 400),
        (Form::periodic(b"a").cut_off(), 400),
        (Form::default().file("file", "text/plain", b"a"), 415),
        (Form::default().file("file", "application/vnd.redhat.advisor.a+tgz", b"a"), 415),
        (Form::default().file("file", "application/gzip", b"a"), 415),
        (Form::default().field("file", b"a"), 415),
        (Form::periodic(&vec![1; limit + 1]), 413),
        (Form::periodic(&vec![1; 12 * 1024 * 1024]), 413),
        (Form::default().file("file", qpc, &[1; 11]), 413),
        (Form::default().field("note", &large_field).file("file", PERIODIC, b"a"), 413),
    ];
    for (number, (form, expected)) in refused.into_iter().enumerate() {
        let response = env.upload(form).await;
        assert_eq!(response.status().as_u16(), expected, "form {number}");
        assert_eq!(response.headers()["x-rh-insights-request-id"].len(), 32);
    }
    json(env.upload(Form::periodic(&vec![1; limit])).await, StatusCode::ACCEPTED).await;
    assert_eq!(env.announcements(1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_without_access_is_refused() {
    let env = env().await;
    let form = Form::periodic(b"a");
    for (token, expected) in [("token-2", 403), ("token-3", 401)] {
        let response = form.clone().send(env.as_cluster("POST", UPLOAD, token)).await;
        assert_eq!(response.status().as_u16(), expected, "{token}");
    }
    assert_eq!(form.clone().send(env.request("POST", UPLOAD)).await.status(), 401);
    let forged = env.request("POST", UPLOAD).header("x-rh-identity", "eyJpZGVudGl0eSI6eyJvcmdfaWQiOiIxIn19");
    assert_eq!(form.send(forged).await.status(), 401);
    assert_eq!(env.announcements(0).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_of_the_connection_is_answered_and_stores_nothing() {
    let env = env().await;
    let form = Form::default().file("file", PERIODIC, b"a").field("test", b"test");
    let body = json(env.upload(form).await, StatusCode::OK).await;
    assert_eq!(body["upload"], json!({ "org_id": "1" }));
    for (content_type, body, expected) in [
        ("application/json", r#"{ "test": "test" }"#, 200),
        ("application/x-www-form-urlencoded", "test=test", 200),
        ("application/json", "{}", 400),
        ("text/plain", "x", 400),
    ] {
        let request =
            env.as_cluster("POST", UPLOAD, "token-1").header("content-type", content_type).body(body);
        assert_eq!(request.send().await.unwrap().status().as_u16(), expected, "{content_type} {body}");
    }
    assert_eq!(env.announcements(0).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_upload_is_abandoned() {
    let env = env().await;
    let request = env.as_cluster("POST", UPLOAD, "token-1");
    let response = Form::periodic(b"a").send_and_stall(request, Duration::from_secs(5)).await;
    assert_eq!(response.status(), 408);
    assert_eq!(env.announcements(0).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn track_of_unknown_or_invalid_request_is_refused() {
    let env = env().await;
    for (id, expected) in [("0123456789abcdef0123456789abcdef", 404), ("not-a-uuid", 400)] {
        let path = format!("/api/ingress/v1/track/{id}");
        let response = env.as_cluster("GET", &path, "token-1").send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_paths_answer_as_the_original() {
    let env = env().await;
    for path in ["/", "/api/ingress/v1/", "/r/insights/platform/ingress/v1/"] {
        assert_eq!(env.request("GET", path).send().await.unwrap().text().await.unwrap(), "lubdub", "{path}");
    }
    let version =
        json(env.request("GET", "/api/ingress/v1/version").send().await.unwrap(), StatusCode::OK).await;
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(env.as_cluster("GET", UPLOAD, "token-1").send().await.unwrap().status(), 405);
}
