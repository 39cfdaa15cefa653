//! The paths of login and logout.

use axum::{
    extract::{Query as QueryOf, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use ccx_auth::{LoginError, LoginRefusal};
use serde::Deserialize;

use super::{
    Restored, Session,
    attempt::{Attempt, BROWSER_COOKIE, LIFETIME},
    session::SESSION_COOKIE,
};
use crate::{
    cookies,
    error_page::{ErrorPage, Kind},
    frame::Section,
    page::Page,
    secrets::random_text,
    views::actions::{Form, is_own},
    visit::theme,
};

/// The length of the value of the browser's cookie.
const BROWSER_LENGTH: usize = 43;

#[derive(Deserialize)]
pub(crate) struct Start {
    #[serde(default)]
    back: String,
}

/// Leads to the provider. A user who is logged in goes straight on.
pub(crate) async fn start(
    State(page): State<Page>,
    QueryOf(Start { back }): QueryOf<Start>,
    restored: Option<axum::Extension<Restored>>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let error = |kind| ErrorPage::new(kind, theme(&headers), page.texts);
    let login = page.login.as_deref().ok_or_else(|| error(Kind::NotFound))?;
    let home = Section::Clusters.href();
    let back = if is_own(&back) { back } else { home.clone() };
    if let Some(axum::Extension(Restored::Session(_))) = restored {
        return Ok(Redirect::to(&back).into_response());
    }
    let browser = browser(&headers).map_or_else(random_text, str::to_owned);
    let attempt = Attempt::new(&back, &home, page.now());
    let state = attempt.to_state(&login.attempts, &browser).ok_or_else(|| error(Kind::LoginFailed))?;
    let url = login.oidc.authorization_url(attempt.request(&login.redirect_uri(), &state)).await;
    let url = url.map_err(|cause| failed(&cause, &back, &error))?;
    let cookie = cookies::set_for_host(BROWSER_COOKIE, &browser, u64::try_from(LIFETIME.num_seconds()).ok());
    Ok(not_stored(with_cookie(Redirect::to(url.as_str()).into_response(), cookie)))
}

/// The parameters of the provider's response.
#[derive(Deserialize)]
pub(crate) struct Callback {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Ends a login: the provider leads here.
pub(crate) async fn callback(
    State(page): State<Page>,
    QueryOf(response): QueryOf<Callback>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let error = |kind| ErrorPage::new(kind, theme(&headers), page.texts);
    let login = page.login.as_deref().ok_or_else(|| error(Kind::NotFound))?;
    let browser = browser(&headers).unwrap_or_default();
    let attempt = Attempt::from_state(&login.attempts, browser, &response.state, page.now());
    let home = Section::Clusters.href();
    let attempt = attempt.ok_or_else(|| error(Kind::LoginExpired).with_login(&home))?;
    let back = if is_own(&attempt.back) { attempt.back.clone() } else { home };
    let code = match (response.code, response.error) {
        (Some(code), None) => Ok(code),
        (_, refusal) => Err(LoginError::from(LoginRefusal::new(&refusal.unwrap_or_default()))),
    };
    let code = code.map_err(|cause| failed(&cause, &back, &error))?;
    let redirect_uri = login.redirect_uri();
    let request = attempt.request(&redirect_uri, &response.state);
    let logged_in = login.oidc.exchange(&code, response.iss.as_deref(), request).await;
    let logged_in = logged_in.map_err(|cause| failed(&cause, &back, &error))?;
    let session = Session::new(logged_in, page.now());
    let cookie = session.as_ref().and_then(|session| login.session_cookie(session));
    let cookie = cookie.ok_or_else(|| error(Kind::LoginFailed).with_login(&back))?;
    Ok(not_stored(with_cookie(Redirect::to(&back).into_response(), Some(cookie))))
}

/// Ends the session, here and at the provider. The provider's page is not the target of the form itself, which the policy of the page
/// would refuse, but the next page.
pub(crate) async fn logout(
    State(page): State<Page>,
    restored: Option<axum::Extension<Restored>>,
    form: Form,
) -> Result<Response, ErrorPage> {
    let login = page.login.as_deref().ok_or_else(|| form.error(Kind::NotFound))?;
    let id_token = match &restored {
        Some(axum::Extension(Restored::Session(session))) => session.id_token.as_deref(),
        _ => None,
    };
    let next = login.oidc.end_session_url(id_token, &login.logged_out_uri()).await;
    let message = form.error(Kind::LoggedOut);
    let message = match next {
        Some(url) => message.leading_to(url.as_str()),
        None => message.with_login(&Section::Clusters.href()),
    };
    Ok(ended(message.into_response()))
}

/// Says that the user is logged out: the provider leads here.
pub(crate) async fn logged_out(State(page): State<Page>, headers: HeaderMap) -> Response {
    let message = |kind| ErrorPage::new(kind, theme(&headers), page.texts);
    match page.login {
        Some(_) => message(Kind::LoggedOut).with_login(&Section::Clusters.href()).into_response(),
        None => message(Kind::NotFound).into_response(),
    }
}

/// Returns the page about a login that failed. The log has the details, as the administrator needs them.
fn failed(cause: &LoginError, back: &str, error: &impl Fn(Kind) -> ErrorPage) -> ErrorPage {
    let kind = match cause {
        LoginError::Refused { refusal } if refusal.is_denied() => Kind::LoginDenied,
        LoginError::Refused { refusal } if refusal.is_expired() => Kind::LoginExpired,
        LoginError::NoOrganization { .. } => Kind::NoOrganization,
        other if other.is_transient() => Kind::LoginUnavailable,
        _ => Kind::LoginFailed,
    };
    tracing::warn!(error = ccx_service::error_chain(cause), "a login failed");
    error(kind).with_login(back)
}

fn browser(headers: &HeaderMap) -> Option<&str> {
    cookies::value(headers, BROWSER_COOKIE).filter(|value| value.len() == BROWSER_LENGTH)
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Deletes the session, and pages that the browser keeps.
fn ended(response: Response) -> Response {
    let mut response = not_stored(with_cookie(response, cookies::delete_for_host(SESSION_COOKIE)));
    let name = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(name, HeaderValue::from_static("\"cache\""));
    response
}
