//! The page as a server sends it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod samples;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ccx_web::BASE;
use tower::ServiceExt as _;

use samples::{EMPTY, FORBIDDEN, HEALTHY, LARGE, SILENT, STALE, TROUBLED, UNAVAILABLE, USUAL, cluster};

/// A rule that hits [`TROUBLED`], as a segment of a path.
const RULE: &str = "ccx_rules.etcd_slow_disk%7CETCD_DISK_TOO_SLOW";

struct Answer {
    status: StatusCode,
    response: axum::http::response::Parts,
    text: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.response.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    fn assert_has(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.text.contains(text), "{text} is not in:\n{}", self.text);
        }
    }

    #[track_caller]
    fn assert_has_not(&self, texts: &[&str]) {
        for text in texts {
            assert!(!self.text.contains(text), "{text} is in:\n{}", self.text);
        }
    }
}

async fn ask(app: &Router, request: Request<Body>) -> Answer {
    let response: Response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let (response, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer { status, response, text: String::from_utf8_lossy(&bytes).into_owned() }
}

fn request(method: Method, path: &str, org: u32, user: &str, body: &str) -> Request<Body> {
    let user = if user.is_empty() { String::new() } else { format!(r#","user":{{"user_id":"{user}"}}"#) };
    let identity = format!(r#"{{"identity":{{"type":"User","internal":{{"org_id":"{org}"}}{user}}}}}"#);
    let uri = if path.starts_with("/ui") || path.starts_with(BASE) {
        path.to_owned()
    } else {
        format!("{BASE}/{path}")
    };
    Request::builder()
        .method(method)
        .uri(uri)
        .header("x-rh-identity", BASE64_STANDARD.encode(identity))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

async fn get_as(app: &Router, org: u32, path: &str) -> Answer {
    ask(app, request(Method::GET, path, org, "7", "")).await
}

async fn get(app: &Router, path: &str) -> Answer {
    get_as(app, USUAL, path).await
}

fn app() -> Router {
    ccx_web::router(samples::page())
}

/// Sends the form of a page: `fields` beside the page's token.
async fn submit(app: &Router, page: &str, action: &str, fields: &str) -> Answer {
    let shown = get(app, page).await;
    let token = token(&shown.text);
    ask(app, request(Method::POST, action, USUAL, "7", &format!("csrf={token}&{fields}"))).await
}

fn token(html: &str) -> String {
    let (_, rest) = html.split_once(r#"name="csrf" value=""#).expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_view_has_a_strict_policy_and_loads_only_from_itself() {
    let app = app();
    let troubled = format!("clusters/{}", cluster(TROUBLED));
    let views = [
        "clusters",
        &troubled,
        "recommendations",
        &format!("recommendations/{RULE}"),
        "workloads",
        "nothing",
    ];
    for view in views {
        let answer = get(&app, view).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{view}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{view}: {policy}");
        assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{view}");
        answer.assert_has_not(&[
            " style=",
            "<style",
            " onclick=",
            "javascript:",
            "<script>",
            "src=\"http",
            "href=\"http:",
        ]);
    }
}

#[tokio::test]
async fn short_paths_lead_to_the_clusters() {
    let app = app();
    for path in ["/ui", "/ui/", BASE, &format!("{BASE}/")] {
        let answer = ask(&app, request(Method::GET, path, USUAL, "", "")).await;
        assert_eq!(answer.header(header::LOCATION), format!("{BASE}/clusters"), "{path}");
    }
    let answer = get(&app, "clusters/?hits=4").await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::PERMANENT_REDIRECT, &*format!("{BASE}/clusters?hits=4"))
    );
}

#[tokio::test]
async fn clusters_are_filtered_sorted_and_paged_by_the_link() {
    let app = app();
    let first = get(&app, "clusters").await;
    first.assert_has(&[
        "25 clusters",
        "payments-eu-1",
        "<b>1 - 20</b> of <b>25</b>",
        "offset=20",
        "No report yet",
    ]);
    let second = get(&app, "clusters?offset=20").await;
    second.assert_has(&["<b>21 - 25</b> of <b>25</b>"]);
    let found = get(&app, "clusters?text=PAYMENTS&sort=-name").await;
    let names: Vec<_> = ["payments-us-1", "payments-eu-2", "payments-eu-1"]
        .map(|name| found.text.find(&format!(">{name}</a>")))
        .into();
    assert!(names.is_sorted() && names.iter().all(Option::is_some), "{names:?}");
    found.assert_has_not(&["store-001"]);
    get(&app, "clusters?hits=4").await.assert_has(&["payments-eu-1"]);
    get(&app, "clusters?hits=4").await.assert_has_not(&["store-00", "edge-berlin"]);
    get(&app, "clusters?version=4.14").await.assert_has(&["lab-old", "Stale"]);
    let stale = get(&app, "clusters?stale=true").await;
    stale.assert_has(&["lab-old", "Remove filter: Last report Stale"]);
    stale.assert_has_not(&["payments", "store-"]);
    get(&app, "clusters?stale=false&text=lab").await.assert_has(&["No match"]);
    let none = get(&app, "clusters?text=%3Cscript%3E").await;
    none.assert_has(&["No match", "Clear all filters", "&#60;script&#62;"]);
    none.assert_has_not(&["<script>"]);
}

#[tokio::test]
async fn every_state_says_what_it_is() {
    let app = app();
    get_as(&app, EMPTY, "clusters").await.assert_has(&["No clusters yet"]);
    get_as(&app, EMPTY, "recommendations").await.assert_has(&["No recommendations available"]);
    get_as(&app, EMPTY, "workloads").await.assert_has(&["No workload recommendations"]);
    get(&app, &format!("clusters/{}", cluster(HEALTHY)))
        .await
        .assert_has(&["No recommendations", "No issues"]);
    get(&app, &format!("clusters/{}", cluster(SILENT))).await.assert_has(&["No report yet"]);
    get(&app, &format!("clusters/{}", cluster(STALE)))
        .await
        .assert_has(&["The newest report is old", "40 days ago"]);
    let states = [
        (UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable"),
        (FORBIDDEN, StatusCode::FORBIDDEN, "No access"),
    ];
    for (org, status, title) in states {
        for view in [
            "clusters",
            "recommendations",
            "workloads",
            &format!("clusters/{}", cluster(TROUBLED)),
            &format!("recommendations/{RULE}"),
        ] {
            let answer = get_as(&app, org, view).await;
            assert_eq!(answer.status, status, "{view}");
            answer.assert_has(&[title]);
        }
    }
    for path in [
        "clusters/1",
        "clusters/00000000-0000-4000-8000-0000000000ff",
        "recommendations/a",
        "recommendations/a.b%7CC",
        "workloads/1/2",
        "x",
    ] {
        let answer = get(&app, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        answer.assert_has(&["Not found", "All clusters"]);
    }
    let answer = ask(&app, request(Method::DELETE, "clusters", USUAL, "", "")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    answer.assert_has(&["<h1"]);
}

#[tokio::test]
async fn cluster_shows_its_recommendations_worst_first_with_evidence() {
    let app = app();
    let path = format!("clusters/{}", cluster(TROUBLED));
    let answer = get(&app, &path).await;
    let order =
        ["Two control plane nodes", "The certificate of", "etcd waits", "3 pods of users", "Deployments of"];
    let positions: Vec<_> =
        order.map(|title| answer.text.find(&format!("ccx-hit__headline\">{title}"))).into();
    assert!(positions.is_sorted() && positions.iter().all(Option::is_some), "{positions:?}");
    answer.assert_has(&[
        "Service availability",
        "config/node/master-1.json",
        "<strong>master-1</strong>",
        "<ol>",
        "New",
        "First seen",
        r#"<code class="ccx-command">oc get nodes</code>"#,
        "<svg class=\"ccx-timeline__track\"",
        "No longer applies",
        "until 3 Jun 2026",
        "Changes as a list",
    ]);
    let filtered = get(&app, &format!("{path}?total_risk=3&category=4")).await;
    filtered.assert_has(&["The certificate of"]);
    filtered.assert_has_not(&["headline\">etcd waits", "headline\">Two control"]);
    let first = get(&app, &format!("{path}?first=ccx_rules.privileged_pods|PRIVILEGED_PODS_OF_USERS")).await;
    let (first_hit, rest) =
        (first.text.find("id=\"hit-0\" open"), first.text.find("headline\">3 pods of users"));
    assert!(first_hit.is_some() && first_hit < rest && rest < first.text.find("id=\"hit-1\""));
}

#[tokio::test]
async fn foreign_cluster_is_not_found() {
    let answer = get_as(&app(), LARGE, &format!("clusters/{}", cluster(TROUBLED))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    answer.assert_has_not(&["payments"]);
}

#[tokio::test]
async fn caller_without_credentials_is_asked_to_log_in() {
    let settings = ccx_config::Auth::default();
    let page = ccx_web::Page::new(
        std::sync::Arc::new(samples::Samples::default()),
        std::sync::Arc::new(ccx_auth::Authenticator::new(&settings).unwrap()),
        samples::settings(),
    );
    let request = Request::get(format!("{BASE}/clusters")).body(Body::empty()).unwrap();
    let answer = ask(&ccx_web::router(page), request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    answer.assert_has(&["Please log in"]);
    answer.assert_has_not(&["payments"]);
}

#[tokio::test]
async fn disabling_for_a_cluster_says_who_why_and_when_and_can_be_undone() {
    let app = app();
    let path = format!("clusters/{}", cluster(TROUBLED));
    let answer = submit(
        &app,
        &path,
        &format!("{path}/recommendations/{RULE}/disable"),
        "reason=New+%3Cdisk%3E+is+ordered",
    )
    .await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, &*format!("{BASE}/{path}?done=disabled"))
    );
    let shown = get(&app, &format!("{path}?done=disabled")).await;
    shown.assert_has(&["The recommendation is disabled"]);
    shown.assert_has_not(&["headline\">etcd waits"]);
    let with_disabled = get(&app, &format!("{path}?disabled=true")).await;
    with_disabled.assert_has(&[
        "headline\">etcd waits",
        "New &#60;disk&#62; is ordered",
        "Disabled by 7",
        "15 Jun 2026, 12:00 UTC",
    ]);
    let recommendation = get(&app, &format!("recommendations/{RULE}")).await;
    recommendation.assert_has(&["Disabled for these clusters", "New &#60;disk&#62; is ordered"]);
    let answer = submit(&app, &path, &format!("{path}/recommendations/{RULE}/enable"), "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    get(&app, &path).await.assert_has(&["headline\">etcd waits"]);
}

#[tokio::test]
async fn disabling_for_all_clusters_hides_the_recommendation_until_it_is_enabled() {
    let app = app();
    let path = format!("recommendations/{RULE}");
    assert_eq!(
        submit(&app, &path, &format!("{path}/disable"), "reason=known").await.status,
        StatusCode::SEE_OTHER
    );
    get(&app, &path).await.assert_has(&[
        "is disabled for all clusters",
        "Reason: known",
        "Enable for all clusters",
    ]);
    get(&app, "recommendations").await.assert_has_not(&["etcd waits"]);
    get(&app, "recommendations?rule_status=disabled").await.assert_has(&["etcd waits"]);
    assert_eq!(submit(&app, &path, &format!("{path}/enable"), "").await.status, StatusCode::SEE_OTHER);
    get(&app, "recommendations").await.assert_has(&["etcd waits"]);
}

#[tokio::test]
async fn vote_is_shown_and_leads_back() {
    let app = app();
    let path = format!("recommendations/{RULE}");
    let back = format!("{BASE}/{path}");
    let answer =
        submit(&app, &path, &format!("{path}/vote"), &format!("vote=-1&back={}", back.replace('%', "%25")))
            .await;
    assert_eq!(answer.header(header::LOCATION), format!("{back}?done=voted"));
    get(&app, &path)
        .await
        .assert_has(&[r#"value="0" aria-label="No, it is not helpful" aria-pressed="true""#]);
    let answer = submit(&app, &path, &format!("{path}/vote"), "vote=5").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = submit(&app, &path, &format!("{path}/vote"), "vote=1&back=https://example.com/").await;
    assert_eq!(answer.header(header::LOCATION), format!("{back}?done=voted"));
}

#[tokio::test]
async fn form_without_a_valid_token_changes_nothing() {
    let app = app();
    let path = format!("clusters/{}", cluster(TROUBLED));
    let action = format!("{path}/recommendations/{RULE}/disable");
    let foreign = token(&ask(&app, request(Method::GET, &path, USUAL, "8", "")).await.text);
    for body in [String::new(), "csrf=x".into(), format!("csrf={foreign}")] {
        let answer = ask(&app, request(Method::POST, &action, USUAL, "7", &body)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{body}");
        answer.assert_has(&["The form has expired"]);
    }
    let valid = token(&get(&app, &path).await.text);
    let mut from_elsewhere = request(Method::POST, &action, USUAL, "7", &format!("csrf={valid}"));
    from_elsewhere.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(ask(&app, from_elsewhere).await.status, StatusCode::FORBIDDEN);
    get(&app, &path).await.assert_has(&["headline\">etcd waits"]);
}

#[tokio::test]
async fn export_is_one_document_without_links_to_the_page() {
    let answer = get(&app(), &format!("clusters/{}/export", cluster(TROUBLED))).await;
    assert_eq!(
        answer.header(header::CONTENT_DISPOSITION),
        format!("attachment; filename=\"advisor-{}-2026-06-15.html\"", cluster(TROUBLED))
    );
    answer.assert_has(&["<style>", "etcd waits", "Exported", "<strong>master-1</strong>"]);
    answer.assert_has_not(&["<script", "<link", "<form", "url(", "href=\"/", "src="]);
}

#[tokio::test]
async fn recommendations_are_those_that_affect_clusters_unless_asked_otherwise() {
    let app = app();
    let usual = get(&app, "recommendations").await;
    usual.assert_has(&["etcd waits", "Two control plane nodes"]);
    usual.assert_has_not(&["An operator is installed"]);
    get(&app, "recommendations?impacting=false").await.assert_has(&["An operator is installed"]);
    get(&app, "recommendations?category=4&total_risk=2").await.assert_has(&["3 pods of users"]);
    get(&app, "recommendations?category=4&total_risk=2").await.assert_has_not(&["etcd waits"]);
    get(&app, "recommendations?text=nothing+like+it").await.assert_has(&["No match"]);
    let raw = get(&app, "recommendations/ccx_rules.etcd_slow_disk|ETCD_DISK_TOO_SLOW").await;
    assert_eq!(raw.status, StatusCode::OK);
    raw.assert_has(&["Affected clusters", "first=ccx_rules.etcd_slow_disk|ETCD_DISK_TOO_SLOW"]);
}

#[tokio::test]
async fn workloads_are_shown_by_namespace_and_severity() {
    let app = app();
    get(&app, "workloads").await.assert_has(&["4 namespaces · 3 clusters", "fraud-detection"]);
    get(&app, "workloads?severity=4").await.assert_has_not(&[">checkout<"]);
    get(&app, &format!("workloads/{}", cluster(TROUBLED))).await.assert_has(&["2 namespaces"]);
    let one =
        get(&app, &format!("workloads/{}/fad82c1f-96db-430f-b3ec-000000000001", cluster(TROUBLED))).await;
    one.assert_has(&["Containers have no memory limit", "StatefulSet", "<strong>not restarted</strong>"]);
}

#[tokio::test]
async fn theme_is_kept_in_a_cookie() {
    let app = app();
    let shown = get(&app, "workloads?sort=cluster&done=voted").await;
    shown.assert_has(&[&format!(r#"name="back" value="{BASE}/workloads?sort=cluster""#)]);
    let answer =
        ask(&app, request(Method::POST, "theme", USUAL, "", &format!("theme=dark&back={BASE}/workloads")))
            .await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, &*format!("{BASE}/workloads"))
    );
    assert!(answer.header(header::SET_COOKIE).starts_with("ccx-theme=dark; Path=/;"));
    let mut dark = request(Method::GET, "workloads", USUAL, "", "");
    dark.headers_mut().insert(header::COOKIE, "a=b; ccx-theme=dark".parse().unwrap());
    ask(&app, dark).await.assert_has(&[r#"class="pf-v6-theme-dark""#]);
}

#[tokio::test]
async fn assets_are_kept_by_browsers() {
    let app = app();
    let page = get(&app, "clusters").await;
    let links: Vec<&str> =
        page.text.split('"').filter(|part| part.starts_with(&format!("{BASE}/assets/"))).collect();
    assert_eq!(links.len(), 3, "{links:?}");
    for link in links {
        let answer = get(&app, link).await;
        assert_eq!(answer.status, StatusCode::OK, "{link}");
        assert!(
            !answer.header(header::CACHE_CONTROL).is_empty()
                && !answer.header(header::CONTENT_TYPE).is_empty(),
            "{link}"
        );
    }
    assert_eq!(get(&app, "assets/Cargo.toml").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn large_organisation_gets_one_page_of_its_clusters() {
    let answer = get_as(&app(), LARGE, "clusters?sort=-last_checked_at&hits=4,3").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.text.matches("<tr").count(), 21);
    assert!(answer.text.len() < 200_000, "{}", answer.text.len());
}

#[tokio::test]
async fn archives_are_taken_with_a_token_and_only_where_there_is_a_receiver() {
    let form = |token: &str| {
        format!(
            "--b\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n\
             --b\r\ncontent-disposition: form-data; name=\"archive\"; filename=\"a <b>.tar.gz\"\r\n\r\n{}\r\n--b--\r\n",
            "x".repeat(100_000)
        )
    };
    let send = |body: String| {
        let mut request = request(Method::POST, "uploads", USUAL, "7", &body);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, "multipart/form-data; boundary=b".parse().unwrap());
        request
    };
    let app = ccx_web::router(samples::page_with_uploads());
    let page = get(&app, "clusters").await;
    page.assert_has(&["Drop archives here"]);
    for refused in ["", "x"] {
        let answer = ask(&app, send(form(refused))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    get(&app, "uploads").await.assert_has(&["No uploads yet"]);
    let mut from_elsewhere = send(form(&token(&page.text)));
    from_elsewhere.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(ask(&app, from_elsewhere).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&app, send("no form".into())).await.status, StatusCode::BAD_REQUEST);
    let answer = ask(&app, send(form(&token(&page.text)))).await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, &*format!("{BASE}/uploads")),
        "{}",
        answer.text
    );
    get(&app, "uploads").await.assert_has(&[
        "a &#60;b&#62;.tar.gz",
        "100 kB",
        "Processing",
        "data-poll",
        "<noscript>",
    ]);
    let done = get(&app, "uploads").await;
    done.assert_has(&["Processed", "5 recommendations", &format!("clusters/{}", cluster(TROUBLED))]);
    done.assert_has_not(&["data-poll"]);

    let elsewhere = self::app();
    get(&elsewhere, "clusters").await.assert_has_not(&["Drop archives here"]);
    for method in [Method::GET, Method::POST] {
        let answer = ask(&elsewhere, request(method, "uploads", USUAL, "7", "")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        answer.assert_has(&["Not found"]);
    }
}

#[tokio::test]
async fn page_is_compressed_for_a_browser_that_accepts_it() {
    let mut request = request(Method::GET, "clusters", USUAL, "7", "");
    request.headers_mut().insert(header::ACCEPT_ENCODING, "gzip, deflate, br".parse().unwrap());
    let answer = ask(&app(), request).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "gzip");
    assert_eq!(answer.header(header::CACHE_CONTROL), "private, no-cache");
    assert!(answer.header(header::VARY).contains("accept-encoding"), "{}", answer.header(header::VARY));
}

#[tokio::test]
async fn handler_that_panics_is_answered_with_a_page() {
    let app = app();
    let answer = get_as(&app, samples::PANICKING, "clusters").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    answer.assert_has(&["Something went wrong", "All clusters"]);
    let next = get(&app, "clusters").await;
    assert_eq!(next.status, StatusCode::OK);
    assert!(!answer.header(header::CONTENT_SECURITY_POLICY).is_empty());
}
