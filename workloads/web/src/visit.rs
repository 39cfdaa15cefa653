//! A request for a page: who asks, and how it shall be shown.

use std::borrow::Cow;

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use ccx_auth::{AuthError, Caller};
use chrono::{DateTime, Utc};

use crate::{
    BASE, assets,
    error_page::ErrorPage,
    frame::{Frame, Section, Theme},
    page::Page,
    query::Query,
    texts::Texts,
};

/// The cookie with the chosen colours.
pub(crate) const THEME_COOKIE: &str = "ccx-theme";

/// The header in which a proxy for logins passes the user's token on.
const FORWARDED_TOKEN: &str = "x-forwarded-access-token";

/// The parameter that tells the result of the last action.
pub(crate) const NOTICE: &str = "done";

/// A request for a page by an authenticated caller.
pub(crate) struct Visit {
    pub(crate) caller: Caller,
    pub(crate) query: Query,
    pub(crate) now: DateTime<Utc>,
    pub(crate) texts: &'static Texts,
    pub(crate) theme: Theme,
    location: String,
    csrf: String,
}

impl Visit {
    /// Returns the frame of a page of a section.
    pub(crate) fn frame(&self, section: Section) -> Frame {
        Frame {
            section: Some(section),
            location: self.location.clone(),
            user: self.caller.user_id.clone(),
            csrf: self.csrf.clone(),
            notice: self.query.value(NOTICE).and_then(|done| notice(done, self.texts)),
            ..bare_frame(self.texts, self.theme)
        }
    }

    /// Returns an error page for this visit.
    pub(crate) fn error(&self, kind: crate::error_page::Kind) -> ErrorPage {
        ErrorPage { kind, theme: self.theme, texts: self.texts }
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
        _ => None,
    }
}

impl FromRequestParts<Page> for Visit {
    type Rejection = ErrorPage;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, ErrorPage> {
        let theme = theme(&parts.headers);
        let caller = page.authenticator.authenticate(&with_forwarded_token(&parts.headers)).await;
        let caller = caller.map_err(|error| unauthenticated(&error, theme, page.texts))?;
        let (now, query) = (page.now(), Query::parse(parts.uri.query()));
        let csrf = page.form_key.token(&caller, now);
        // A nested router sees only the end of the path.
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0).path();
        let location = query.without(&[NOTICE]).href(path);
        Ok(Self { caller, query, now, texts: page.texts, theme, location, csrf })
    }
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

fn unauthenticated(error: &AuthError, theme: Theme, texts: &'static Texts) -> ErrorPage {
    use crate::error_page::Kind;
    let kind = match error.status().as_u16() {
        401 => Kind::Login,
        403 => Kind::Forbidden,
        _ => Kind::Unavailable,
    };
    ErrorPage { kind, theme, texts }
}

/// Returns the colours that the cookie names.
pub(crate) fn theme(headers: &HeaderMap) -> Theme {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == THEME_COOKIE).map_or(Theme::System, |(_, value)| Theme::parse(value))
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
