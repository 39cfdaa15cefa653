//! A session: who is logged in, and until when. It is kept in an encrypted cookie.

use std::time::{Duration, SystemTime};

use ccx_auth::{Caller, CallerKind, Login};
use ccx_messages::{AccountNumber, OrgId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::PageLogin;

/// The cookie of a session.
pub(super) const SESSION_COOKIE: &str = "__Host-ccx-session";

/// The longest value of the cookie, in bytes: browsers refuse cookies of more than 4096 with their names and attributes.
const MAX_COOKIE: usize = 3800;

/// The context of the encryption.
const CONTEXT: &str = "session";

/// A session.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    org: u32,
    account: Option<u64>,
    user: Option<String>,
    /// The name for people.
    pub(crate) name: Option<String>,
    began_at: DateTime<Utc>,
    /// The time from which the login has to be refreshed.
    expires_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id_token: Option<String>,
}

impl Session {
    /// Begins a session; `None` if the login does not say who it is.
    pub(super) fn new(login: Login, now: DateTime<Utc>) -> Option<Self> {
        let caller = login.caller?;
        Some(Self {
            org: caller.org_id.get(),
            account: caller.account_number.map(|number| number.0),
            user: caller.user_id,
            name: login.name,
            began_at: now,
            expires_at: now + remaining(login.expires_at),
            refresh_token: login.refresh_token,
            id_token: login.id_token,
        })
    }

    /// Returns the session after a refresh; `None` if the provider returns another user.
    pub(super) fn refreshed(&self, login: Login, now: DateTime<Utc>) -> Option<Self> {
        let mut next = self.clone();
        if let Some(caller) = login.caller {
            if caller.user_id != self.user {
                return None;
            }
            next.org = caller.org_id.get();
            next.account = caller.account_number.map(|number| number.0);
            next.name = login.name.or(next.name);
        }
        next.expires_at = now + remaining(login.expires_at);
        next.refresh_token = login.refresh_token;
        next.id_token = login.id_token.or(next.id_token);
        Some(next)
    }

    /// Returns whether the login need not be refreshed yet.
    pub(super) fn is_current(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// Returns whether the user has to log in again.
    pub(super) fn has_ended(&self, max_session: Duration, now: DateTime<Utc>) -> bool {
        (now - self.began_at).to_std().is_ok_and(|age| age >= max_session)
    }

    /// Returns the person as the sender of a request.
    pub(crate) fn caller(&self, login: &PageLogin) -> Option<Caller> {
        let org_id = OrgId::new(self.org.into()).ok()?;
        Some(Caller {
            org_id,
            account_number: self.account.map(AccountNumber),
            user_id: self.user.clone(),
            display_name: self.name.clone(),
            cluster_id: None,
            is_cluster_authenticated: false,
            kind: CallerKind::User,
            internal: login.oidc.is_internal(org_id),
        })
    }

    /// Returns the value of the cookie. If it would be too long, first the hint for the logout is left out, then the token that
    /// refreshes the login.
    pub(super) fn to_cookie(&self, login: &PageLogin) -> Option<String> {
        let without_hint = Self { id_token: None, ..self.clone() };
        let without_tokens = Self { refresh_token: None, ..without_hint.clone() };
        for (left_out, session) in
            [("nothing", self), ("id_token", &without_hint), ("refresh_token", &without_tokens)]
        {
            let sealed = login.sessions.seal(CONTEXT, &serde_json::to_vec(session).ok()?)?;
            if sealed.len() <= MAX_COOKIE {
                tracing::debug!(left_out, bytes = sealed.len(), "session sealed");
                return Some(sealed);
            }
        }
        tracing::warn!("a session does not fit into a cookie: the names of the user are too long");
        None
    }

    /// Opens the value of a cookie.
    pub(super) fn from_cookie(login: &PageLogin, value: &str) -> Option<Self> {
        serde_json::from_slice(&login.sessions.open(CONTEXT, value)?).ok()
    }
}

fn remaining(expires_at: SystemTime) -> Duration {
    expires_at.duration_since(SystemTime::now()).unwrap_or_default()
}
