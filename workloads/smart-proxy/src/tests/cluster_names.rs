//! Names and lists of clusters, from account management and without it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use ccx_config::Config;
use ccx_test_support::eventually_async as eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, FOREIGN_CLUSTER, NAMESPACE, NODES_RULE, OLD_CLUSTER, ORG, TestEnv, V2};

/// A stand-in for the token server and the API of account management.
#[derive(Clone, Default)]
struct StandIn {
    fails: Arc<AtomicBool>,
}

async fn start(stand_in: StandIn) -> String {
    let token = async |body: String| {
        assert!(body.contains("client_id=me&client_secret=s%26cret"), "{body}");
        Json(json!({"access_token": "t", "expires_in": 300}))
    };
    let router: Router = Router::new()
        .route("/token", post(token))
        .route("/api/accounts_mgmt/v1/organizations", get(async || Json(json!({"items": [{"id": "o1"}]}))))
        .route("/api/accounts_mgmt/v1/subscriptions", get(subscriptions))
        .with_state(stand_in);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn subscriptions(
    State(stand_in): State<StandIn>,
    uri: axum::http::Uri,
) -> Result<Json<Value>, StatusCode> {
    if stand_in.fails.load(Ordering::Relaxed) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let query = uri.query().unwrap_or_default();
    assert!(query.contains("Archived") && query.contains("size=1"), "{query}");
    let page = |id: &str, name: &str, managed: bool| json!([{"external_cluster_id": id, "display_name": name, "managed": managed, "status": "Active"}]);
    let items = if query.contains("page=1&") {
        page(CLUSTER, "prod", false)
    } else if query.contains("page=2&") {
        page("c0000000-0000-4000-8000-000000000000", "new", true)
    } else {
        json!([])
    };
    Ok(Json(json!({ "items": items })))
}

async fn env_with(url: &str) -> TestEnv {
    let mut config = Config::default();
    let settings = &mut config.smart_proxy.account_management;
    settings.url = Some(url.to_owned());
    settings.token_url = format!("{url}/token");
    settings.client_id = Some("me".into());
    settings.client_secret = Some(serde_json::from_value("s&cret".into()).unwrap());
    settings.page_size = 1;
    settings.cache = std::time::Duration::ZERO;
    config.smart_proxy.cluster_names = [(OLD_CLUSTER.to_owned(), "old".to_owned())].into();
    let env = Box::pin(TestEnv::with(config)).await;
    env.run_sql(include_str!("sample.sql")).await;
    env
}

async fn names(env: &TestEnv) -> Vec<Value> {
    let clusters = env.json(&format!("{V2}/clusters")).await;
    clusters["data"].as_array().unwrap().iter().map(|cluster| cluster["cluster_name"].clone()).collect()
}

#[tokio::test]
async fn clusters_are_those_of_account_management_also_while_it_fails() {
    let stand_in = StandIn::default();
    let env = env_with(&start(stand_in.clone()).await).await;
    assert_eq!(names(&env).await, ["prod", "new"]);
    assert_eq!(env.report().await["meta"]["cluster_name"], "prod");
    stand_in.fails.store(true, Ordering::Relaxed);
    assert_eq!(names(&env).await, ["prod", "new"]);
}

#[tokio::test]
async fn clusters_with_a_report_are_listed_when_account_management_is_unreachable() {
    let env = env_with("http://127.0.0.1:1").await;
    let names = names(&env).await;
    assert_eq!(names.len(), 3);
    assert_eq!(names[1], "old");
    let info = env.json(&format!("{V2}/cluster/{OLD_CLUSTER}/info")).await;
    assert_eq!(info["cluster"]["display_name"], "old");
}

#[tokio::test]
async fn name_that_a_user_sets_is_shown_until_it_is_removed() {
    let env = TestEnv::start().await;
    let path = format!("{V2}/cluster/{CLUSTER}/name");
    let set =
        async |name: &str| env.ask(Method::PUT, &path, Some(&json!({ "name": name }).to_string())).await;
    let names = async || {
        let report = env.json(&format!("{V2}/cluster/{CLUSTER}/reports")).await;
        let info = env.json(&format!("{V2}/cluster/{CLUSTER}/info")).await;
        let list = env.json(&format!("{V2}/clusters")).await;
        [
            report["report"]["meta"]["cluster_name"].clone(),
            info["cluster"]["display_name"].clone(),
            list["data"][0]["cluster_name"].clone(),
        ]
    };
    assert_eq!(names().await, [CLUSTER, CLUSTER, CLUSTER]);
    assert_eq!(set(" shop ").await.json(), json!({"status": "ok"}));
    assert_eq!(names().await, ["shop", "shop", "shop"]);
    assert_eq!(env.json(&format!("{V2}/clusters?name=SHO")).await["meta"]["count"], 1);
    assert_eq!(set("").await.status, 200);
    assert_eq!(names().await, [CLUSTER, CLUSTER, CLUSTER]);
    for name in ["x".repeat(257), "a\nb".to_owned()] {
        assert_eq!(set(&name).await.status, 400, "{name}");
    }
    let foreign = format!("{V2}/cluster/{FOREIGN_CLUSTER}/name");
    assert_eq!(env.ask(Method::PUT, &foreign, Some(r#"{"name":"mine"}"#)).await.status, 404);
}

/// The writer stores the name, and announces the report.
#[tokio::test]
async fn name_in_the_data_of_a_cluster_is_shown_unless_there_is_a_chosen_one() {
    let env = TestEnv::start().await;
    let shown = async || {
        let report = env.json(&format!("{V2}/cluster/{CLUSTER}/reports")).await;
        let info = env.json(&format!("{V2}/cluster/{CLUSTER}/info")).await;
        let workload = env.json(&format!("{V2}/namespaces/dvo/{NAMESPACE}/cluster/{CLUSTER}")).await;
        let workloads = env.json(&format!("{V2}/namespaces/dvo")).await;
        let detail = env.json(&format!("{V2}/rule/{NODES_RULE}/clusters_detail")).await;
        [
            report["report"]["meta"]["cluster_name"].clone(),
            info["cluster"]["display_name"].clone(),
            workload["cluster"]["display_name"].clone(),
            workloads["workloads"][0]["cluster"]["display_name"].clone(),
            detail["data"]["enabled"][0]["cluster_name"].clone(),
            names(&env).await[0].clone(),
        ]
    };
    assert_eq!(shown().await, [CLUSTER; 6]);
    for name in ["prod.example.com", "shop.example.com"] {
        env.run_sql(&format!(
            "INSERT INTO ccx.reported_name VALUES ({ORG}, '{CLUSTER}', '{name}')
             ON CONFLICT (org_id, cluster_id) DO UPDATE SET name = excluded.name"
        ))
        .await;
        env.announce(CLUSTER).await;
        eventually("the name", async || names(&env).await[0] == name).await;
        eventually("the names", async || shown().await.iter().all(|shown| shown == name)).await;
    }
    let path = format!("{V2}/cluster/{CLUSTER}/name");
    env.ask(Method::PUT, &path, Some(r#"{"name":"mine"}"#)).await;
    assert_eq!(shown().await, ["mine"; 6]);
    env.ask(Method::PUT, &path, Some(r#"{"name":""}"#)).await;
    assert_eq!(shown().await, ["shop.example.com"; 6]);
}
