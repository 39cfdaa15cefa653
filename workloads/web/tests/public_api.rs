//! The page over the real public API and a database: every view, and who did what.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ccx_config::{Auth, Config};
use ccx_local::test_postgres;
use ccx_service::Telemetry;
use ccx_smart_proxy::Service;
use ccx_storage::Database;
use ccx_web::{BASE, Page, PageSettings};
use chrono::Utc;
use sqlx::{PgPool, postgres::PgConnectOptions};
use tower::ServiceExt as _;

/// The sample of the public API's own tests, and what it has.
const SAMPLE: &str = include_str!("../../smart-proxy/src/tests/sample.sql");
/// A recommendation that no longer applies.
const PAST: &str = "INSERT INTO ccx.past_recommendation VALUES \
    (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'ccx_rules.external.alertmanager_no_receiver', 'ALERTMANAGER_RECEIVERS_NOT_CONFIGURED', \
        now() - interval '3 days', now() - interval '2 days')";
const ORG: u32 = 11;
const CLUSTER: &str = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";
const OLD_CLUSTER: &str = "74ae54aa-6577-4e80-85e7-697cb646ff37";
const FOREIGN_CLUSTER: &str = "a7467445-8d6a-43cc-b82c-7007664bdf69";
const NAMESPACE: &str = "fad82c1f-96db-430f-b3ec-503fb9eeb7bb";
const RULE: &str = "ccx_rules.external.node_not_ready%7CNODE_NOT_READY";

/// Returns the page over a database with the sample.
async fn page() -> Router {
    let database = test_postgres().await.create_database().await.unwrap();
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let options = PgConnectOptions::new_without_pgpass()
        .host(&database.host)
        .port(database.port)
        .username(&database.user)
        .password(database.password.as_ref().map_or("", ccx_config::Secret::expose))
        .database(&database.name);
    let sql = PgPool::connect_lazy_with(options);
    sqlx::raw_sql(SAMPLE).execute(&sql).await.unwrap();
    sqlx::raw_sql(PAST).execute(&sql).await.unwrap();
    let auth = Auth { trust_identity_header: true, ..Auth::default() };
    let config = Config { database, auth, ..Config::default() };
    let service = Service::new(&Telemetry::default(), &config).unwrap();
    let settings = PageSettings {
        secrets: vec![vec![7; 32]],
        stale_after: Duration::from_hours(24),
        login: None,
        uploads: None,
        now: Utc::now,
    };
    ccx_web::router(Page::new(service.public_api(), service.authenticator(), settings))
}

async fn send(page: &Router, method: Method, path: &str, body: String) -> (StatusCode, String) {
    let user = r#"{"user_id":"7","username":"ann"}"#;
    let identity = format!(r#"{{"identity":{{"org_id":"{ORG}","type":"User","user":{user}}}}}"#);
    let request = Request::builder()
        .method(method)
        .uri(format!("{BASE}/{path}"))
        .header("x-rh-identity", BASE64_STANDARD.encode(identity))
        .body(Body::from(body))
        .unwrap();
    let response = page.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.into()).unwrap())
}

async fn get(page: &Router, path: &str) -> String {
    let (status, text) = send(page, Method::GET, path, String::new()).await;
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    text
}

/// Sends a form with the token of the page at `shown`.
async fn submit(page: &Router, shown: &str, action: &str, fields: &str) {
    let text = get(page, shown).await;
    let (_, rest) = text.split_once(r#"name="csrf" value=""#).expect("a form");
    let token = rest.split('"').next().unwrap();
    let (status, text) = send(page, Method::POST, action, format!("csrf={token}&{fields}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{action}: {text}");
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[tokio::test]
async fn clusters_are_selected_and_sorted_by_the_api() {
    let page = page().await;
    let all = get(&page, "clusters").await;
    assert_has(&all, &[CLUSTER, OLD_CLUSTER, "Stale", "affected"]);
    assert!(!all.contains(FOREIGN_CLUSTER));
    let (first, second) = (all.find(&format!(">{CLUSTER}<")), all.find(&format!(">{OLD_CLUSTER}<")));
    assert!(first.is_some() && first < second, "the worst comes first");
    let ascending = get(&page, "clusters?sort=total").await;
    assert!(ascending.find(&format!(">{OLD_CLUSTER}<")) < ascending.find(&format!(">{CLUSTER}<")));
    let found = get(&page, "clusters?text=74AE54").await;
    assert!(found.contains(OLD_CLUSTER) && !found.contains(CLUSTER), "{found}");
    let beyond = get(&page, "clusters?offset=4000").await;
    assert_has(&beyond, &[CLUSTER]);
    let stale = get(&page, "clusters?stale=true").await;
    assert!(stale.contains(OLD_CLUSTER) && !stale.contains(CLUSTER), "{stale}");
    assert_has(&get(&page, "clusters?text=nothing+like+it").await, &["No match"]);
    assert!(!get(&page, "clusters?hits=4,3,2,1").await.contains(OLD_CLUSTER), "it has no recommendation");
}

#[tokio::test]
async fn cluster_shows_health_recommendations_evidence_and_the_timeline() {
    let page = page().await;
    let text = get(&page, &format!("clusters/{CLUSTER}")).await;
    assert_has(
        &text,
        &[
            "Health",
            "Service availability",
            "NODE_NOT_READY",
            "Steps to resolve",
            "Evidence",
            "ccx-timeline__bar",
            "No longer applies",
            "First seen",
        ],
    );
    assert_has(
        &get(&page, &format!("clusters/{OLD_CLUSTER}")).await,
        &["No recommendations", "The newest report is old"],
    );
    assert_has(&get(&page, &format!("clusters/{CLUSTER}/export")).await, &["<style>", "NODE_NOT_READY"]);
    let (status, _) = send(&page, Method::GET, &format!("clusters/{FOREIGN_CLUSTER}"), String::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn disabling_is_shown_with_its_reason_its_author_and_its_time() {
    let page = page().await;
    let cluster = format!("clusters/{CLUSTER}");
    submit(&page, &cluster, &format!("{cluster}/recommendations/{RULE}/disable"), "reason=ordered+a+node")
        .await;
    assert!(!get(&page, &cluster).await.contains("NODE_NOT_READY"));
    let with_disabled = get(&page, &format!("{cluster}?disabled=true")).await;
    assert_has(&with_disabled, &["Disabled by ann", "ordered a node", "(just now)"]);
    let recommendation = format!("recommendations/{RULE}");
    let text = get(&page, &recommendation).await;
    assert_has(&text, &["Disabled for these clusters", "ordered a node", ">ann<", "just now"]);
    submit(&page, &cluster, &format!("{cluster}/recommendations/{RULE}/enable"), "").await;
    assert!(get(&page, &cluster).await.contains("NODE_NOT_READY"));

    submit(&page, &recommendation, &format!("{recommendation}/disable"), "reason=known").await;
    assert_has(
        &get(&page, &recommendation).await,
        &["is disabled for all clusters", "Disabled by ann", "Reason: known"],
    );
    submit(&page, &recommendation, &format!("{recommendation}/enable"), "").await;
    submit(&page, &recommendation, &format!("{recommendation}/vote"), "vote=-1").await;
    assert_has(
        &get(&page, &recommendation).await,
        &[r#"aria-label="No, it is not helpful" aria-pressed="true""#],
    );
}

#[tokio::test]
async fn cluster_is_named_for_everyone_and_can_get_its_name_back() {
    let page = page().await;
    let cluster = format!("clusters/{CLUSTER}");
    submit(&page, &cluster, &format!("{cluster}/name"), "name=payments+%3Ceu%3E").await;
    assert_has(&get(&page, &cluster).await, &["payments &#60;eu&#62;</h1>"]);
    assert_has(&get(&page, "clusters?text=PAYMENTS").await, &[CLUSTER, "payments &#60;eu&#62;</a>"]);
    submit(&page, &cluster, &format!("{cluster}/name"), "name=").await;
    assert_has(&get(&page, &cluster).await, &[&format!("{CLUSTER}</h1>")]);
}

#[tokio::test]
async fn recommendations_and_workloads_are_those_of_the_organisation() {
    let page = page().await;
    assert_has(&get(&page, "recommendations").await, &["NODE_NOT_READY", "affecting your clusters"]);
    assert_has(&get(&page, "workloads").await, &[NAMESPACE, CLUSTER]);
    assert_has(&get(&page, &format!("workloads/{CLUSTER}")).await, &[NAMESPACE]);
    assert_has(&get(&page, &format!("workloads/{CLUSTER}/{NAMESPACE}")).await, &["Objects"]);
}
