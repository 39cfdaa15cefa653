//! Login at an OIDC provider: the paths, and the session of every later request.
//!
//! ```text
//!   GET login ──▶ 303 to the provider, with a sealed state ──▶ GET login/callback ──▶ the session's cookie ──▶ 303 back
//!   other requests ──▶ restore: opens the cookie, refreshes the login when it expires ──▶ Visit
//!   POST logout ──▶ deletes the cookie, and leads to the provider's logout
//! ```
//!
//! The server keeps nothing: a session is an encrypted cookie, so any replica can serve any request. The state of a login is sealed
//! for one browser, so another site can't begin or end a login in its name, and several tabs can log in at once.

mod attempt;
mod paths;
mod restore;
mod session;

use std::time::Duration;

use ccx_auth::OidcLogin;

pub(crate) use self::{
    paths::{callback, logged_out, logout, start},
    restore::{Restored, restore},
    session::Session,
};
use crate::{
    BASE,
    secrets::{Sealer, Secrets},
};

/// The settings of the login.
pub struct LoginSettings {
    /// The client of the provider.
    pub oidc: OidcLogin,
    /// The address of the page in browsers, without a path: `https://advisor.example.com`.
    pub url: String,
    /// The longest time until a user has to log in again.
    pub max_session: Duration,
}

/// The login of the page.
pub(crate) struct PageLogin {
    oidc: OidcLogin,
    /// Without a slash at its end.
    url: String,
    max_session: Duration,
    sessions: Sealer,
    attempts: Sealer,
}

impl PageLogin {
    /// Returns the login with keys that are derived from `secrets`.
    pub(crate) fn new(settings: LoginSettings, secrets: &Secrets) -> Self {
        Self {
            oidc: settings.oidc,
            url: settings.url.trim_end_matches('/').to_owned(),
            max_session: settings.max_session,
            sessions: secrets.sealer("sessions"),
            attempts: secrets.sealer("logins"),
        }
    }

    fn redirect_uri(&self) -> String {
        format!("{}{BASE}/login/callback", self.url)
    }

    fn logged_out_uri(&self) -> String {
        format!("{}{BASE}/logged-out", self.url)
    }
}

/// Returns the link that logs in and leads back to `location`.
pub(crate) fn href(location: &str) -> String {
    let location: String = url::form_urlencoded::byte_serialize(location.as_bytes()).collect();
    format!("{BASE}/login?back={location}")
}
