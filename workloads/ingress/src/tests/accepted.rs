//! Uploads that are accepted: stored, announced and tracked.

use ccx_messages::Announce;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, Form, PERIODIC, TestEnv, UPLOAD, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_of_an_insights_operator_is_stored_announced_and_tracked() {
    let env = TestEnv::start().await;
    let response = env.upload(Form::periodic(b"archive")).await;
    let id = response.headers()["x-rh-insights-request-id"].to_str().unwrap().to_owned();
    let body = json(response, StatusCode::ACCEPTED).await;
    assert_eq!(body, json!({ "request_id": id, "upload": { "org_id": "1" } }));

    let records = env.announcements(1).await;
    assert_eq!((records.len(), records[0].headers.get_str("service")), (1, Some("openshift")));
    assert_eq!(records[0].key, None);
    let message: Value = serde_json::from_slice(&records[0].payload).unwrap();
    for (field, expected) in [
        ("account", json!("")),
        ("category", json!("periodic")),
        ("content_type", json!(PERIODIC)),
        ("request_id", json!(id)),
        ("principal", json!("1")),
        ("org_id", json!("1")),
        ("service", json!("openshift")),
        ("size", json!(7)),
    ] {
        assert_eq!(message[field], expected, "{field}");
    }
    assert_eq!(message["metadata"]["reporter"], "ingress");
    let announce = Announce::parse(&records[0].payload).unwrap();
    assert_eq!(announce.identity.cluster_id.unwrap().to_string(), CLUSTER);
    assert!(!announce.is_cluster_authenticated, "the token is that of the organisation");
    assert_eq!(announce.gathering_time.unwrap().to_rfc3339(), "2026-01-15T11:59:00+00:00");
    assert_eq!(reqwest::get(&announce.url).await.unwrap().text().await.unwrap(), "archive");

    let statuses = env.statuses(&id, 2).await;
    assert_eq!((&statuses[0]["status"], &statuses[1]["status"]), (&json!("received"), &json!("success")));
    assert_eq!(statuses[1]["service"], "ingress");
    let track = |token: &'static str, query: &str| {
        env.as_cluster("GET", &format!("/api/ingress/v1/track/{id}{query}"), token).send()
    };
    let last = json(track("token-1", "").await.unwrap(), StatusCode::OK).await;
    assert_eq!((&last["status"], &last["service"]), (&json!("success"), &json!("ingress")));
    assert!(last.get("org_id").is_none());
    let all = json(track("token-1", "?verbosity=2").await.unwrap(), StatusCode::OK).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    assert_eq!(track("token-2", "").await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(track("token-3", "").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_of_many_parts_is_stored_whole() {
    let env = TestEnv::start().await;
    let archive: Vec<u8> = (0..20_000_000_u32).map(|index| u8::try_from(index % 251).unwrap()).collect();
    json(env.upload(Form::periodic(&archive)).await, StatusCode::ACCEPTED).await;
    let announce = Announce::parse(&env.announcements(1).await[0].payload).unwrap();
    let stored = reqwest::get(&announce.url).await.unwrap().bytes().await.unwrap();
    assert!(stored == archive, "{} bytes are stored", stored.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_in_every_order_and_with_either_name_are_accepted() {
    let env = TestEnv::start_with(|config| config.ingress.services.push("advisor".into())).await;
    let metadata = br#"{"display_name":"a","queue_key":"k"}"#;
    let broken = br#"{"custom_metadata":{"n":1}}"#;
    let forms = [
        (Form::default().field("metadata", metadata).file("upload", PERIODIC, b"a"), StatusCode::ACCEPTED),
        (Form::default().file("file", &format!("{PERIODIC}+tgz"), b"a"), StatusCode::ACCEPTED),
        (
            Form::default().field("other", b"o").file("file", PERIODIC, b"a").field("metadata", broken),
            StatusCode::ACCEPTED,
        ),
        (Form::default().file("file", "application/gzip", b"a"), StatusCode::CREATED),
        (
            Form::default().field("metadata", metadata).file("file", "application/gzip", b"a"),
            StatusCode::ACCEPTED,
        ),
    ];
    let expected = forms.len();
    for (form, status) in forms {
        json(env.upload(form).await, status).await;
    }
    let records = env.announcements(expected).await;
    assert_eq!(records[0].key.as_deref(), Some(b"k".as_slice()));
    let last: Value = serde_json::from_slice(&records[expected - 1].payload).unwrap();
    assert_eq!((&last["service"], &last["category"]), (&json!("advisor"), &json!("upload")));
    assert_eq!(last["metadata"]["display_name"], "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_and_request_id_of_a_gateway_are_passed_on() {
    let env = TestEnv::start_with(|config| config.auth.trust_identity_header = true).await;
    let identity = ccx_messages::Identity {
        org_id: ccx_messages::OrgId::new(7).unwrap(),
        account_number: Some(ccx_messages::AccountNumber(8)),
        cluster_id: Some(CLUSTER.parse().unwrap()),
    };
    let request = env
        .request("POST", UPLOAD)
        .header("x-rh-identity", identity.to_base64())
        .header("x-rh-insights-request-id", "0123456789abcdef0123456789abcdef");
    let body = json(Form::periodic(b"a").send(request).await, StatusCode::ACCEPTED).await;
    assert_eq!(
        body,
        json!({
            "request_id": "0123456789abcdef0123456789abcdef",
            "upload": { "account_number": "8", "org_id": "7" },
        })
    );
    let record = &env.announcements(1).await[0];
    let message: Value = serde_json::from_slice(&record.payload).unwrap();
    assert_eq!((&message["account"], &message["b64_identity"]), (&json!("8"), &json!(identity.to_base64())));
    let announce = Announce::parse(&record.payload).unwrap();
    assert!(
        announce.is_cluster_authenticated && announce.url.contains("/7/0123456789abcdef"),
        "{}",
        announce.url
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_without_credentials_uploads_for_the_anonymous_organisation() {
    let env = TestEnv::start_with(|config| {
        config.auth.cluster_tokens = None;
        config.auth.anonymous_organization = Some(3);
    })
    .await;
    for request in [env.request("POST", UPLOAD), env.as_cluster("POST", UPLOAD, "any")] {
        let body = json(Form::periodic(b"a").send(request).await, StatusCode::ACCEPTED).await;
        assert_eq!(body["upload"]["org_id"], "3");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_of_gathering_in_the_year_one_is_left_out() {
    let env = TestEnv::start().await;
    let metadata = br#"{"custom_metadata":{"gathering_time":"0001-01-01T00:00:00Z"}}"#;
    let form = Form::default().file("metadata", "application/json", metadata).file("file", PERIODIC, b"a");
    json(env.upload(form).await, StatusCode::ACCEPTED).await;
    let message: Value = serde_json::from_slice(&env.announcements(1).await[0].payload).unwrap();
    assert!(
        message["metadata"]
            .get("custom_metadata")
            .is_none_or(|custom| custom.get("gathering_time").is_none())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_have_the_names_of_the_original() {
    let env = TestEnv::start().await;
    json(env.upload(Form::periodic(b"a")).await, StatusCode::ACCEPTED).await;
    let metrics = env.metrics().await;
    for line in [
        "ingress_requests{useragent=\"insights-operator\"} 1",
        "ingress_responses{code=\"202\",useragent=\"insights-operator\"} 1",
        "ingress_payload_sizes_count{useragent=\"insights-operator\"} 1",
        "ingress_stage_seconds_count 1",
        "ingress_processed_payloads{outcome=\"success\"} 1",
        "ingress_kafka_produced{topic=\"platform.upload.announce\"} 1",
        "ingress_message_produced{service=\"openshift\"} 1",
        "ingress_authentications_total{result=\"cluster\"} 1",
        "ingress_kafka_producer_go_routine_count 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}
