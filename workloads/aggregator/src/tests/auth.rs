//! Every path of the table is protected.

use ccx_config::Aggregator;
use reqwest::Method;
use serde_json::json;

use super::served::{CLUSTER, Served, member_of};
use crate::routes::{Handler, TABLE};

/// A path of the table with values for its parameters; all organisations are `org_id`.
fn filled(path: &str, org_id: u32) -> String {
    let path = path
        .replace("{org_id}", &org_id.to_string())
        .replace("{organization}", &org_id.to_string())
        .replace("{cluster}", CLUSTER)
        .replace("{cluster_list}", CLUSTER)
        .replace("{user_id}", "7")
        .replace("{rule_id}", "rules.a%7CKEY_A");
    assert!(!path.contains('{'), "{path} has a parameter that this test doesn't know");
    format!("/api/v1/{path}")
}

fn body(method: &Method) -> Option<&'static str> {
    (*method != Method::GET).then_some(r#"{"clusters":["34c3ecc5-624a-49a5-bab8-4fdc5e51a266"]}"#)
}

#[tokio::test]
async fn without_an_identity_only_open_paths_answer() {
    let served = Served::with(Aggregator::default()).await;
    for route in TABLE {
        let answer =
            served.ask(route.method.clone(), &filled(route.path, 11), None, body(&route.method)).await;
        if matches!(route.handler, Handler::Open(_)) {
            assert_eq!(answer.status.as_u16(), 200, "{}", route.path);
        } else {
            assert_eq!(
                (answer.status.as_u16(), answer.body.trim_end()),
                (401, r#"{"status":"Missing auth token"}"#),
                "{}",
                route.path
            );
        }
        let malformed =
            served.ask(route.method.clone(), &filled(route.path, 11), Some("!"), body(&route.method)).await;
        let is_open = matches!(route.handler, Handler::Open(_));
        assert_eq!(malformed.status.as_u16(), if is_open { 200 } else { 401 }, "{}", route.path);
    }
}

#[tokio::test]
async fn nobody_sees_another_organisation() {
    let served = Served::with(Aggregator::default()).await;
    served.store_sample().await;
    let text = "you have no permissions to get or change info about the organization with ID 11; \
                you can access info about organization with ID 12";
    let forbidden = json!({ "status": text }).to_string();
    let mut checked = 0;
    for route in TABLE.iter().filter(|route| matches!(route.handler, Handler::Members { .. })) {
        let ask = async |identity: String| {
            served
                .ask(route.method.clone(), &filled(route.path, 11), Some(&identity), body(&route.method))
                .await
        };
        let stranger = ask(member_of(12)).await;
        assert_eq!(
            (stranger.status.as_u16(), stranger.body.trim_end()),
            (403, forbidden.as_str()),
            "{}",
            route.path
        );
        let member = ask(member_of(11)).await;
        assert_eq!(member.status.as_u16(), 200, "{}: {}", route.path, member.body);
        checked += 1;
    }
    assert_eq!(checked, 7, "a new path for members appeared: good, count it");
}

#[tokio::test]
async fn options_and_health_need_no_identity_and_show_nothing() {
    let served = Served::with(Aggregator::default()).await;
    served.store_sample().await;
    for route in TABLE {
        let answer = served.ask(Method::OPTIONS, &filled(route.path, 11), None, None).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""), "{}", route.path);
        let allowed = answer.headers["allow"].to_str().unwrap();
        assert_eq!(allowed, format!("{}, OPTIONS", route.method), "{}", route.path);
    }
    assert_eq!(served.get("/livez").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_query_does_not_change_who_may_ask() {
    let served = Served::with(Aggregator::default()).await;
    assert_eq!(served.get("/api/v1/openapi.json?x=1").await.status.as_u16(), 200);
    assert_eq!(served.get("/api/v1/info?openapi.json").await.status.as_u16(), 401);
    assert_eq!(served.get_as(&member_of(1), "/api/v1/info?x").await.status.as_u16(), 200);
}
