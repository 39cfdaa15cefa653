//! A request for a page: its caller, and how the page is shown.

use std::{borrow::Cow, time::Duration};

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use ccx_auth::{AuthError, Caller, CallerKind, IDENTITY_HEADER};
use chrono::{DateTime, Utc};

use crate::{
    BASE, assets, cookies,
    error_page::{ErrorPage, Kind},
    frame::{Frame, Section, Theme},
    login::{self, Restored},
    page::Page,
    query::Query,
    texts::Texts,
};

/// The cookie with the chosen colours.
pub(crate) const THEME_COOKIE: &str = "ccx-theme";

/// The header in which a proxy for logins passes the user's token on.
const FORWARDED_TOKEN: &str = "x-forwarded-access-token";

/// The parameter with the result of the last action.
pub(crate) const NOTICE: &str = "done";

/// A request for a page by an authenticated caller.
pub(crate) struct Visit {
    pub(crate) caller: Caller,
    pub(crate) query: Query,
    pub(crate) now: DateTime<Utc>,
    pub(crate) texts: &'static Texts,
    pub(crate) theme: Theme,
    pub(crate) stale_after: Duration,
    /// The name of the user for people, if it is known.
    user: Option<String>,
    /// Whether the page itself has logged the user in.
    has_session: bool,
    /// Whether a caller without credentials could log in.
    can_log_in: bool,
    takes_uploads: bool,
    location: String,
    csrf: String,
}

impl Visit {
    /// Returns the frame of a page of a section.
    pub(crate) fn frame(&self, section: Section) -> Frame {
        Frame {
            section: Some(section),
            location: self.location.clone(),
            user: self.user.clone(),
            can_log_out: self.has_session,
            log_in_href: self.can_log_in.then(|| login::href(&self.location)),
            takes_uploads: self.takes_uploads,
            stale_after: self.stale_after,
            csrf: self.csrf.clone(),
            notice: self.query.value(NOTICE).and_then(|done| notice(done, self.texts)),
            ..bare_frame(self.texts, self.theme)
        }
    }

    /// Returns an error page for this visit.
    pub(crate) fn error(&self, kind: Kind) -> ErrorPage {
        ErrorPage::new(kind, self.theme, self.texts)
    }
}

/// Returns the frame of a page of which only the colours are known.
pub(crate) fn bare_frame(texts: &'static Texts, theme: Theme) -> Frame {
    Frame {
        texts,
        base: BASE,
        assets: assets::links(),
        section: None,
        theme,
        location: BASE.to_owned(),
        user: None,
        can_log_out: false,
        log_in_href: None,
        takes_uploads: false,
        // Such a page shows no report.
        stale_after: Duration::MAX,
        csrf: String::new(),
        notice: None,
        refresh_seconds: None,
        inline_style: None,
    }
}

fn notice(done: &str, texts: &Texts) -> Option<&'static str> {
    match done {
        "disabled" => Some(texts.notice_disabled),
        "enabled" => Some(texts.notice_enabled),
        "voted" => Some(texts.notice_voted),
        "named" => Some(texts.notice_named),
        _ => None,
    }
}

impl FromRequestParts<Page> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, Response> {
        let theme = theme(&parts.headers);
        let (now, query) = (page.now(), Query::parse(parts.uri.query()));
        // A nested router sees only the end of the path.
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0).path();
        let location = query.without(&[NOTICE]).href(path);
        let visitor = match session(parts) {
            Some(Restored::Session(session)) => {
                let caller = page.login.as_deref().and_then(|login| session.caller(login));
                caller.map(|caller| (caller, session.name.clone(), true)).ok_or(AuthError::Missing)
            }
            Some(Restored::ProviderUnavailable) => {
                return Err(ErrorPage::new(Kind::LoginUnavailable, theme, page.texts).into_response());
            }
            None => {
                let caller = page.authenticator.authenticate(&with_forwarded_token(&parts.headers)).await;
                caller.map(|caller| {
                    let user = caller.user_id.clone();
                    (caller, user, false)
                })
            }
        };
        let (caller, user, has_session) =
            visitor.map_err(|error| unauthenticated(&error, page, parts, theme, &location))?;
        let csrf = page.form_key.token(&caller, now);
        let can_log_in = page.login.is_some() && caller.kind == CallerKind::Anonymous;
        Ok(Self {
            caller,
            user,
            has_session,
            can_log_in,
            takes_uploads: page.uploads.is_some(),
            query,
            now,
            texts: page.texts,
            theme,
            stale_after: page.stale_after,
            location,
            csrf,
        })
    }
}

/// Returns the session of a request. Credentials that a request brings along, as those of a proxy for logins, count more.
fn session(parts: &Parts) -> Option<Restored> {
    let others = [header::AUTHORIZATION.as_str(), FORWARDED_TOKEN, IDENTITY_HEADER];
    if others.iter().any(|name| parts.headers.contains_key(*name)) {
        return None;
    }
    parts.extensions.get::<Restored>().cloned()
}

/// Returns the headers with the token that a proxy for logins (oauth2-proxy, OpenShift's oauth-proxy) has passed on. It is verified as any
/// other token.
fn with_forwarded_token(headers: &HeaderMap) -> Cow<'_, HeaderMap> {
    let token = headers.get(FORWARDED_TOKEN).and_then(|token| token.to_str().ok());
    let bearer = token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
    match bearer.filter(|_| !headers.contains_key(header::AUTHORIZATION)) {
        Some(bearer) => {
            let mut headers = headers.clone();
            headers.insert(header::AUTHORIZATION, bearer);
            Cow::Owned(headers)
        }
        None => Cow::Borrowed(headers),
    }
}

/// Leads a browser to the login. A form is not sent again after it, so its user is asked first.
fn unauthenticated(error: &AuthError, page: &Page, parts: &Parts, theme: Theme, location: &str) -> Response {
    let can_log_in = page.login.is_some() && *error == AuthError::Missing;
    if can_log_in && parts.method == Method::GET && is_navigation(&parts.headers) {
        return Redirect::to(&login::href(location)).into_response();
    }
    let kind = match error.status().as_u16() {
        401 if *error == AuthError::Missing => Kind::Unauthenticated,
        401 => Kind::InvalidCredentials,
        403 => Kind::Forbidden,
        _ => Kind::Unavailable,
    };
    let message = ErrorPage::new(kind, theme, page.texts);
    if can_log_in {
        message.with_login(&Section::Clusters.href()).into_response()
    } else {
        message.into_response()
    }
}

/// Returns whether a browser opens a page, and not a script or another program.
fn is_navigation(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html")),
    }
}

/// Returns the colours that the cookie names.
pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    cookies::value(headers, THEME_COOKIE).map_or(Theme::System, Theme::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_token_counts_if_there_is_no_other() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_TOKEN, HeaderValue::from_static("abc"));
        assert_eq!(with_forwarded_token(&headers)[header::AUTHORIZATION], "Bearer abc");
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer own"));
        assert_eq!(with_forwarded_token(&headers)[header::AUTHORIZATION], "Bearer own");
        assert!(with_forwarded_token(&HeaderMap::new()).is_empty());
    }
}
