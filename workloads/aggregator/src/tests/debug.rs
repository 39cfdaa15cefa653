//! Operations for people who debug.

use ccx_config::{Aggregator, Authentication};
use reqwest::Method;

use super::test_env::{CLUSTER, ORG, TestEnv, member_of, report_path, send};

const VOTE: &str = "/api/v1/clusters/34c3ecc5-624a-49a5-bab8-4fdc5e51a266/rules/rules.a.report/error_key/KEY_A/users/7/get_vote";

async fn env(authentication: Authentication) -> TestEnv {
    let env = TestEnv::with(Aggregator { debug: true, authentication, ..Aggregator::default() }).await;
    env.store_sample().await;
    env
}

#[tokio::test]
async fn debug_operations_are_served_only_when_they_are_enabled() {
    let env = TestEnv::trusting().await;
    for (method, path) in [
        (Method::GET, "/api/v1/organizations"),
        (Method::DELETE, "/api/v1/organizations/11"),
        (Method::DELETE, "/api/v1/clusters/34c3ecc5-624a-49a5-bab8-4fdc5e51a266"),
        (Method::GET, VOTE),
    ] {
        assert_eq!(send(env.request(method, path)).await.status.as_u16(), 404, "{path}");
    }
    assert!(!env.get("/api/v1/openapi.json").await.body.contains("debug"));
}

#[tokio::test]
async fn organisations_and_votes_are_read() {
    let env = env(Authentication::None).await;
    let organizations = env.get("/api/v1/organizations").await;
    assert_eq!(organizations.body.trim_end(), r#"{"organizations":[11,12],"status":"ok"}"#);
    assert_eq!(env.get(VOTE).await.body.trim_end(), r#"{"status":"ok","vote":1}"#);
    let missing = env.get(&VOTE.replace("users/7", "users/9")).await;
    let not_found =
        format!(r#"{{"status":"Item with ID {CLUSTER}/rules.a.report/9 was not found in the storage"}}"#);
    assert_eq!((missing.status.as_u16(), missing.body.trim_end()), (404, not_found.as_str()));
}

#[tokio::test]
async fn reports_are_deleted_and_no_longer_answered() {
    let env = env(Authentication::None).await;
    env.wait_until_listening(true).await;
    assert_eq!(env.get(&report_path(ORG, CLUSTER, "7")).await.status.as_u16(), 200);
    let deleted = env.ask(Method::DELETE, &format!("/api/v1/clusters/{CLUSTER}"), None, None).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.trim_end()), (200, r#"{"status":"ok"}"#));
    assert_eq!(env.get(&report_path(ORG, CLUSTER, "7")).await.status.as_u16(), 404);
    assert_eq!(env.ask(Method::DELETE, "/api/v1/organizations/11,12", None, None).await.status.as_u16(), 200);
    let none = r#"{"organizations":[],"status":"ok"}"#;
    assert_eq!(env.get("/api/v1/organizations").await.body.trim_end(), none);
    let wrong = env.ask(Method::DELETE, "/api/v1/organizations/11,x", None, None).await;
    assert_eq!(wrong.status.as_u16(), 400);
    assert!(wrong.body.contains("integer array expected"), "{}", wrong.body);
}

#[tokio::test]
async fn member_deletes_and_reads_of_the_own_organisation_only() {
    let env = env(Authentication::XRhIdentity).await;
    let ask = async |method: Method, path: &str, org_id: u32| {
        env.ask(method, path, Some(&member_of(org_id)), None).await
    };
    let all = ask(Method::GET, "/api/v1/organizations", 12).await;
    assert_eq!(all.body.trim_end(), r#"{"organizations":[11,12],"status":"ok"}"#);
    assert_eq!(ask(Method::DELETE, "/api/v1/organizations/11", 12).await.status.as_u16(), 403);
    assert_eq!(ask(Method::GET, VOTE, 12).await.status.as_u16(), 404);
    ask(Method::DELETE, &format!("/api/v1/clusters/{CLUSTER}"), 12).await;
    assert_eq!(ask(Method::GET, &report_path(ORG, CLUSTER, "7"), 11).await.status.as_u16(), 200);
}
