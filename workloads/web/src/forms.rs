//! Protection of forms against requests that another site makes in the name of a user.
//!
//! A form has a token: a keyed hash of the user and the hour. Another site can't read it, and it is of no use to another user. No cookie is
//! needed, so it works for every way to log in.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ccx_auth::Caller;
use chrono::{DateTime, Utc};

/// Hours that a form can be sent after it was shown.
const HOURS: i64 = 12;

/// The key of the tokens.
pub(crate) struct FormKey(hmac::Key);

impl FormKey {
    /// Derives the key from a secret that all replicas have.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"forms").as_ref()))
    }

    /// Returns the token of a form that is shown to a caller.
    pub(crate) fn token(&self, caller: &Caller, now: DateTime<Utc>) -> String {
        self.token_of_hour(caller, hour(now))
    }

    /// Returns whether the token was given to this caller, not long ago.
    pub(crate) fn is_valid(&self, token: &str, caller: &Caller, now: DateTime<Utc>) -> bool {
        let current = hour(now);
        (current - HOURS..=current).any(|hour| {
            let expected = self.token_of_hour(caller, hour);
            verify_slices_are_equal(expected.as_bytes(), token.as_bytes()).is_ok()
        })
    }

    fn token_of_hour(&self, caller: &Caller, hour: i64) -> String {
        let message =
            format!("{hour} {} {} {}", caller.kind.as_str(), caller.org_id, caller.user_id_or_zero());
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, message.as_bytes()))
    }
}

fn hour(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use ccx_auth::CallerKind;
    use ccx_messages::OrgId;
    use chrono::TimeDelta;

    use super::*;

    fn caller(user: &str) -> Caller {
        Caller {
            org_id: OrgId::new(1).unwrap(),
            account_number: None,
            user_id: Some(user.to_owned()),
            display_name: None,
            cluster_id: None,
            kind: CallerKind::User,
            is_cluster_authenticated: false,
            internal: false,
        }
    }

    #[test]
    fn token_is_valid_for_its_user_and_some_hours() {
        let (key, now) = (FormKey::new(b"secret"), "2026-06-01T10:30:00Z".parse::<DateTime<Utc>>().unwrap());
        let token = key.token(&caller("ann"), now);
        assert!(key.is_valid(&token, &caller("ann"), now + TimeDelta::hours(HOURS)));
        assert!(!key.is_valid(&token, &caller("ann"), now + TimeDelta::hours(HOURS + 1)));
        assert!(!key.is_valid(&token, &caller("bob"), now));
        assert!(!FormKey::new(b"other").is_valid(&token, &caller("ann"), now));
        assert!(!key.is_valid("", &caller("ann"), now));
    }
}
