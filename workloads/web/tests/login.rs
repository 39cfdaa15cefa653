//! Login at an OIDC provider, step by step as a browser does it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod provider;
#[allow(dead_code, reason = "other tests use more of it")]
mod samples;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use ccx_auth::Authenticator;
use ccx_config::Auth;
use ccx_web::{BASE, Page, PageSettings};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tower::ServiceExt as _;
use url::Url;

use provider::Provider;

const URL: &str = "https://advisor.example.com";

/// A browser: its cookies, and the page that it talks to.
struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

struct Answer {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
    text: String,
}

impl Browser {
    fn new(provider: &Provider, now: fn() -> DateTime<Utc>) -> Self {
        let settings =
            PageSettings { login: Some(provider.login(&format!("{URL}/"))), now, ..samples::settings() };
        Self::with(settings, &Auth::default())
    }

    fn with(settings: PageSettings, auth: &Auth) -> Self {
        let authenticator = Arc::new(Authenticator::new(auth).unwrap());
        let page = Page::new(Arc::new(samples::Samples::default()), authenticator, settings);
        Self { app: ccx_web::router(page), cookies: Vec::new() }
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            request.header(header::COOKIE, cookies.join("; ")).header("sec-fetch-site", "same-origin");
        let response: Response =
            self.app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let headers = response.headers();
        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let set: Vec<String> = headers.get_all(header::SET_COOKIE).iter().map(text).collect();
        let location = headers.get(header::LOCATION).map(text).unwrap_or_default();
        let status = response.status();
        for cookie in &set {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(found, _)| found != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, location, cookies: set, text: String::from_utf8(bytes.into()).unwrap() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let path = path.strip_prefix(URL).unwrap_or(path);
        self.send(Request::get(path).header("sec-fetch-mode", "navigate"), String::new()).await
    }

    /// Goes through the login, and returns the answer to the provider's response.
    async fn log_in(&mut self, location: &str) -> Answer {
        let to_login = self.get(location).await;
        assert_eq!(to_login.status, StatusCode::SEE_OTHER, "{}", to_login.text);
        let to_provider = self.get(&to_login.location).await;
        assert_eq!(to_provider.status, StatusCode::SEE_OTHER, "{}", to_provider.text);
        let back = at_provider(&to_provider.location, "accept");
        self.get(&back).await
    }
}

/// Follows a link of the provider's page.
fn at_provider(url: &str, link: &str) -> String {
    let page = ccx_test_support::http::get(url, &[]).expect("the provider answers").body;
    let (_, rest) = page.split_once(&format!(r#"id="{link}" href=""#)).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().to_owned()
}

fn token(html: &str) -> String {
    let (_, rest) = html.split_once(r#"name="csrf" value=""#).expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn login_leads_to_the_provider_and_back_to_the_location() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    let location = format!("{BASE}/clusters?text=payments&hits=4");
    let answer = browser.log_in(&location).await;
    assert_eq!(
        (answer.status, answer.location),
        (StatusCode::SEE_OTHER, location.clone()),
        "{}",
        answer.text
    );
    let session = answer.cookies.iter().find(|cookie| cookie.starts_with("__Host-ccx-session=")).unwrap();
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(session.len() < 4096 && !session.contains("ann"), "{session}");
    let page = browser.get(&location).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("payments-eu-1") && page.text.contains("</span>ann"), "{}", page.text);
    assert!(page.cookies.is_empty(), "a session that is current is not written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn organisation_of_the_token_is_that_of_the_pages() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    provider.state.claims.lock().unwrap()["org_id"] = json!(samples::EMPTY);
    browser.log_in(&format!("{BASE}/clusters")).await;
    assert!(browser.get(&format!("{BASE}/clusters")).await.text.contains("No clusters yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_location_is_replaced_by_the_clusters() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    for back in ["https://example.com", "//example.com/", "/other", "%2F%5Cexample.com"] {
        let to_provider = browser.get(&format!("{BASE}/login?back={back}")).await;
        let answer = browser.get(&at_provider(&to_provider.location, "accept")).await;
        assert_eq!(answer.location, format!("{BASE}/clusters"), "{back}");
        browser.cookies.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn response_for_another_browser_or_with_another_state_is_refused() {
    let provider = Provider::start().await;
    let (mut browser, mut other) =
        (Browser::new(&provider, samples::now), Browser::new(&provider, samples::now));
    let to_provider = browser.get(&format!("{BASE}/login")).await;
    let back = at_provider(&to_provider.location, "accept");
    other.get(&format!("{BASE}/login")).await;
    for (browser, link) in [(&mut other, back.clone()), (&mut browser, format!("{back}x"))] {
        let answer = browser.get(&link).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text.contains("The login took too long") && answer.text.contains("Log in again"));
        assert_eq!(browser.cookie("__Host-ccx-session"), None);
    }
    assert!(provider.state.grants.lock().unwrap().is_empty(), "no code was sent");
    assert_eq!(browser.get(&back).await.status, StatusCode::SEE_OTHER, "the right one is accepted");
    let again = browser.get(&back).await;
    assert!(again.text.contains("The login took too long"), "a code is valid once: {}", again.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_can_log_in_at_once() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    let first = browser.get(&format!("{BASE}/login?back={BASE}/workloads")).await;
    let second = browser.get(&format!("{BASE}/login?back={BASE}/recommendations")).await;
    let answer = browser.get(&at_provider(&second.location, "accept")).await;
    assert_eq!(answer.location, format!("{BASE}/recommendations"));
    let answer = browser.get(&at_provider(&first.location, "accept")).await;
    assert_eq!(answer.location, format!("{BASE}/workloads"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn id_token_that_cannot_be_trusted_is_refused() {
    let provider = Provider::start().await;
    for (claim, value, title) in [
        ("aud", json!("api"), "The login did not work"),
        ("aud", json!(["advisor", "api"]), "The login did not work"),
        ("azp", json!("other"), "The login did not work"),
        ("iss", json!("https://other.example"), "The login did not work"),
        ("exp", json!(1), "The login did not work"),
        ("nonce", json!("other"), "The login did not work"),
        ("org_id", json!(null), "Your account has no organization"),
        ("org_id", json!("no number"), "Your account has no organization"),
    ] {
        let mut browser = Browser::new(&provider, samples::now);
        *provider.state.claims.lock().unwrap() = json!({ "sub": "u-1", "org_id": "1", claim: value });
        let answer = browser.log_in(&format!("{BASE}/clusters")).await;
        assert!(answer.text.contains(title), "{claim} {value}: {}", answer.text);
        assert_eq!(browser.cookie("__Host-ccx-session"), None, "{claim} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_login_says_what_to_do() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    let to_provider = browser.get(&format!("{BASE}/login?back={BASE}/workloads")).await;
    let declined = browser.get(&at_provider(&to_provider.location, "decline")).await;
    assert_eq!(declined.status, StatusCode::FORBIDDEN);
    assert!(
        declined.text.contains("You are not logged in") && declined.text.contains("workloads\">Log in again")
    );
    *provider.state.is_unavailable.lock().unwrap() = true;
    let mut late = Browser::new(&provider, samples::now);
    let unavailable = late.get(&format!("{BASE}/login")).await;
    assert_eq!(unavailable.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(unavailable.text.contains("The login service does not answer"));
}

/// The time of a test, in seconds after that of the samples. Each test that moves it has its own.
macro_rules! clock {
    ($clock:ident, $now:ident) => {
        static $clock: AtomicI64 = AtomicI64::new(0);
        fn $now() -> DateTime<Utc> {
            samples::now() + TimeDelta::seconds($clock.load(Ordering::Relaxed))
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn session_is_refreshed_when_its_token_expires() {
    clock!(CLOCK, now);
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, now);
    let location = format!("{BASE}/clusters");
    browser.log_in(&location).await;
    let before = browser.cookie("__Host-ccx-session").unwrap().to_owned();
    CLOCK.store(301, Ordering::Relaxed);
    // Two requests with the same cookie, as of a page and a tab: the provider accepts a refresh token only once.
    let mut tab = Browser { app: browser.app.clone(), cookies: browser.cookies.clone() };
    let (page, other) = tokio::join!(browser.get(&location), tab.get(&location));
    assert_eq!((page.status, other.status), (StatusCode::OK, StatusCode::OK), "{}{}", page.text, other.text);
    assert_ne!(browser.cookie("__Host-ccx-session").unwrap(), before);
    assert_eq!(*provider.state.grants.lock().unwrap(), ["authorization_code", "refresh_token"]);
    CLOCK.store(602, Ordering::Relaxed);
    *provider.state.is_unavailable.lock().unwrap() = true;
    let answer = browser.get(&location).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "the session is kept: {}", answer.text);
    *provider.state.is_unavailable.lock().unwrap() = false;
    assert_eq!(browser.get(&location).await.status, StatusCode::OK);
    CLOCK.store(1000, Ordering::Relaxed);
    provider.state.claims.lock().unwrap()["sub"] = json!("somebody else");
    assert_eq!(browser.get(&location).await.status, StatusCode::SEE_OTHER, "to the login");
    assert_eq!(browser.cookie("__Host-ccx-session"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_ends_after_its_longest_time() {
    clock!(CLOCK, now);
    let provider = Provider::start().await;
    *provider.state.lifetime.lock().unwrap() = 1_000_000;
    let mut browser = Browser::new(&provider, now);
    let location = format!("{BASE}/clusters");
    browser.log_in(&location).await;
    CLOCK.store(12 * 3600 - 1, Ordering::Relaxed);
    assert_eq!(browser.get(&location).await.status, StatusCode::OK);
    CLOCK.store(12 * 3600, Ordering::Relaxed);
    assert_eq!(browser.get(&location).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn session_survives_a_change_of_the_secret() {
    let provider = Provider::start().await;
    let page = |secrets: &[u8]| {
        let secrets = secrets.iter().map(|byte| vec![*byte; 32]).collect();
        let settings = PageSettings { secrets, login: Some(provider.login(URL)), ..samples::settings() };
        Browser::with(settings, &Auth::default())
    };
    let mut browser = page(&[1]);
    let location = format!("{BASE}/clusters");
    browser.log_in(&location).await;
    browser.app = page(&[2, 1]).app;
    assert_eq!(browser.get(&location).await.status, StatusCode::OK, "another replica, during the change");
    browser.app = page(&[2]).app;
    assert_eq!(browser.get(&location).await.status, StatusCode::SEE_OTHER, "after it");
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_the_session_here_and_at_the_provider() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    let location = format!("{BASE}/clusters");
    browser.log_in(&location).await;
    let page = browser.get(&location).await;
    assert!(page.text.contains(&format!(r#"action="{BASE}/logout""#)));
    let path = format!("{BASE}/logout");
    let forged = browser.send(Request::post(&path), "csrf=x".into()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let answer = browser.send(Request::post(&path), format!("csrf={}", token(&page.text))).await;
    assert_eq!((answer.status, browser.cookie("__Host-ccx-session")), (StatusCode::OK, None));
    let (_, rest) = answer.text.split_once("http-equiv=\"refresh\" content=\"1; url=").unwrap();
    let url = rest.split('"').next().unwrap().replace("&#38;", "&");
    let target = Url::parse(&url).unwrap();
    assert!(url.starts_with(&format!("{}/logout?client_id=advisor", provider.issuer)), "{url}");
    let back = target.query_pairs().find(|(name, _)| name == "post_logout_redirect_uri").unwrap().1;
    assert_eq!(back, format!("{URL}{BASE}/logged-out"));
    let end = browser.get(&back).await;
    assert!(end.status == StatusCode::OK && end.text.contains("You are logged out"), "{}", end.text);
    assert_eq!(browser.get(&location).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn form_without_a_session_asks_to_log_in_and_a_program_gets_401() {
    let provider = Provider::start().await;
    let mut browser = Browser::new(&provider, samples::now);
    let path = format!("{BASE}/recommendations/a.b%7CC/disable");
    let answer = browser.send(Request::post(path), "csrf=x".into()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("Please log in") && answer.text.contains(&format!("{BASE}/login?back=")));
    let answer = browser.send(Request::get(format!("{BASE}/clusters")), String::new()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_tokens_do_not_make_the_cookie_too_long() {
    let provider = Provider::start().await;
    provider.state.claims.lock().unwrap()["groups"] = json!(vec!["a group with a long name"; 400]);
    let mut browser = Browser::new(&provider, samples::now);
    let location = format!("{BASE}/clusters");
    let answer = browser.log_in(&location).await;
    let session = answer.cookies.iter().find(|cookie| cookie.starts_with("__Host-ccx-session=")).unwrap();
    assert!(session.len() < 4096, "{}", session.len());
    assert_eq!(browser.get(&location).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_of_the_login_do_not_exist_without_one() {
    let mut browser = Browser::with(samples::settings(), &Auth::default());
    for path in ["login", "login/callback?code=a&state=b", "logged-out"] {
        assert_eq!(browser.get(&format!("{BASE}/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
