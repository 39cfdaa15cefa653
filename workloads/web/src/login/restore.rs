//! The session of a request: opened, and refreshed when the login has expired.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};
use ccx_auth::AuthError;
use chrono::{DateTime, Utc};

use super::{PageLogin, Session, session::SESSION_COOKIE};
use crate::{cookies, page::Page};

/// The login that the cookie of a request proves.
#[derive(Clone)]
pub(crate) enum Restored {
    /// A user is logged in.
    Session(Box<Session>),
    /// The provider has to confirm the login, and does not answer.
    ProviderUnavailable,
}

/// Adds the session to a request, and its changes to the response.
pub(crate) async fn restore(State(page): State<Page>, mut request: Request, next: Next) -> Response {
    let sealed = cookies::value(request.headers(), SESSION_COOKIE).filter(|value| !value.is_empty());
    let (Some(login), Some(sealed)) = (&page.login, sealed) else { return next.run(request).await };
    let (restored, cookie) = login.restored(sealed, page.now()).await;
    if let Some(restored) = restored {
        request.extensions_mut().insert(restored);
    }
    let mut response = next.run(request).await;
    // A handler that sets the cookie itself, at a login or logout, knows better.
    let is_set = response.headers().get_all(header::SET_COOKIE).iter().any(is_of_session);
    if let Some(cookie) = cookie.filter(|_| !is_set) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn is_of_session(cookie: &HeaderValue) -> bool {
    cookie.as_bytes().starts_with(SESSION_COOKIE.as_bytes())
}

impl PageLogin {
    async fn restored(&self, sealed: &str, now: DateTime<Utc>) -> (Option<Restored>, Option<HeaderValue>) {
        let ended = (None, cookies::delete_for_host(SESSION_COOKIE));
        let session =
            Session::from_cookie(self, sealed).filter(|session| !session.has_ended(self.max_session, now));
        let Some(session) = session else { return ended };
        if session.is_current(now) {
            return (Some(Restored::Session(Box::new(session))), None);
        }
        let Some(refresh_token) = &session.refresh_token else { return ended };
        match self.oidc.refresh(refresh_token).await {
            Ok(refreshed) => match session.refreshed(refreshed, now) {
                Some(session) => {
                    let cookie = self.session_cookie(&session);
                    (Some(Restored::Session(Box::new(session))), cookie)
                }
                None => ended,
            },
            Err(AuthError::Unavailable) => (Some(Restored::ProviderUnavailable), None),
            Err(_) => ended,
        }
    }

    /// Returns the header that keeps a session. The cookie lives as long as the session may, and the browser.
    pub(super) fn session_cookie(&self, session: &Session) -> Option<HeaderValue> {
        cookies::set_for_host(SESSION_COOKIE, &session.to_cookie(self)?, Some(self.max_session.as_secs()))
    }
}
