//! One attempt to log in: what the state holds that the provider passes back.

use ccx_auth::AuthorizationRequest;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::secrets::{Sealer, random_text};

/// The cookie that binds attempts to a browser.
pub(super) const BROWSER_COOKIE: &str = "__Host-ccx-login";

/// The time for which an attempt is valid: typing a password and a second factor takes minutes.
pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// The longest location to lead back to, in bytes: providers refuse long URLs.
const MAX_LOCATION: usize = 1024;

/// An attempt to log in.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    nonce: String,
    code_verifier: String,
    /// The path to which the login leads.
    pub(super) back: String,
    began_at: DateTime<Utc>,
}

impl Attempt {
    /// Begins an attempt; a long location is replaced by `default`.
    pub(super) fn new(back: &str, default: &str, now: DateTime<Utc>) -> Self {
        let back = if back.len() > MAX_LOCATION { default } else { back };
        Self { nonce: random_text(), code_verifier: random_text(), back: back.to_owned(), began_at: now }
    }

    /// Returns the state that the provider passes back. It is of use to `browser` only.
    pub(super) fn to_state(&self, sealer: &Sealer, browser: &str) -> Option<String> {
        sealer.seal(browser, &serde_json::to_vec(self).ok()?)
    }

    /// Opens a state; `None` if it is another browser's, or too old.
    pub(super) fn from_state(
        sealer: &Sealer,
        browser: &str,
        state: &str,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let attempt: Self = serde_json::from_slice(&sealer.open(browser, state)?).ok()?;
        let age = now - attempt.began_at;
        (age <= LIFETIME && age >= -LIFETIME).then_some(attempt)
    }

    /// Returns what the provider gets to know.
    pub(super) fn request<'a>(&'a self, redirect_uri: &'a str, state: &'a str) -> AuthorizationRequest<'a> {
        AuthorizationRequest { redirect_uri, state, nonce: &self.nonce, code_verifier: &self.code_verifier }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secrets;

    #[test]
    fn state_is_valid_for_one_browser_and_some_minutes() {
        let sealer = Secrets::new(&[vec![7; 32]]).sealer("logins");
        let now = "2026-06-01T10:00:00Z".parse().unwrap();
        let attempt = Attempt::new("/a?b=c", "/", now);
        let state = attempt.to_state(&sealer, "browser").unwrap();
        let open = |browser, now| Attempt::from_state(&sealer, browser, &state, now);
        let opened = open("browser", now + LIFETIME).unwrap();
        assert_eq!((opened.back.as_str(), &opened.nonce), ("/a?b=c", &attempt.nonce));
        assert!(open("other", now).is_none() && open("browser", now + LIFETIME * 2).is_none());
        assert!(state.len() < 700, "{}", state.len());
        assert_eq!(Attempt::new(&"x".repeat(5000), "/", now).back, "/");
    }
}
