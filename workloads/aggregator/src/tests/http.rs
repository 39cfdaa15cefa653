//! What the router does by itself.

use ccx_config::{Aggregator, Authentication};
use reqwest::Method;

use super::served::{CLUSTER, ORG, Served, report_path};
use crate::routes::TABLE;

#[tokio::test]
async fn a_slash_too_many_or_too_few_is_redirected() {
    let served = Served::trusting().await;
    let report = report_path(ORG, CLUSTER, "7");
    for (from, to) in [
        ("/api/v1".to_owned(), "/api/v1/".to_owned()),
        ("/api/v1/info/".into(), "/api/v1/info".into()),
        (format!("{report}/"), report.clone()),
        (format!("{report}/?a=b"), format!("{report}?a=b")),
    ] {
        let answer = served.get(&from).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers["location"].to_str().unwrap()),
            (301, to.as_str()),
            "{from}"
        );
    }
}

#[tokio::test]
async fn another_method_is_not_allowed_and_has_no_body() {
    let served = Served::trusting().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/api/v1/info", "/api/v1/organizations/1/clusters/reports"] {
            let answer = served.ask(method.clone(), path, None, None).await;
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (405, ""), "{method} {path}");
        }
    }
    assert_eq!(served.get("/api/v1/organizations/1/clusters/reports").await.status.as_u16(), 405);
}

#[tokio::test]
async fn an_unknown_path_is_not_found_in_plain_text() {
    let served = Served::trusting().await;
    for path in ["/", "/api/v2/info", "/api/v1/organizations/1", "/api/v1/info/x"] {
        let answer = served.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (404, "404 page not found\n"), "{path}");
        assert_eq!(answer.content_type, "text/plain; charset=utf-8");
    }
}

#[tokio::test]
async fn the_api_may_have_no_prefix() {
    let settings =
        Aggregator { api_prefix: "/".into(), authentication: Authentication::None, ..Aggregator::default() };
    let served = Served::with(settings).await;
    for path in ["/", "/info", "/metrics", "/openapi.json", "/organizations/1/clusters", "/livez"] {
        assert_eq!(served.get(path).await.status.as_u16(), 200, "{path}");
    }
}

#[test]
fn no_two_routes_are_the_same() {
    let mut routes: Vec<(&str, &str)> =
        TABLE.iter().map(|route| (route.path, route.method.as_str())).collect();
    let count = routes.len();
    routes.sort_unstable();
    routes.dedup();
    assert_eq!(routes.len(), count);
}
