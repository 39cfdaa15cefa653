//! Protection of forms against requests that another site makes in the name of a user.
//!
//! A form has a token: a keyed hash of the user and the hour. Another site can't read it, and it is of no use to another user. No cookie is
//! needed, so it works for every way to log in. Each page masks the token with other random bytes: pages are compressed, and the length
//! of a compressed page would tell which guess of a constant token was right (the attack BREACH).

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ccx_auth::Caller;
use chrono::{DateTime, Utc};

use crate::secrets::Secrets;

/// Hours that a form can be sent after it was shown.
const HOURS: i64 = 12;

/// The length of a token without its mask, in bytes: that of SHA-256.
const LENGTH: usize = 32;

/// The keys of the tokens.
pub(crate) struct FormKey(Vec<hmac::Key>);

impl FormKey {
    /// Derives the keys from the secrets of all replicas.
    pub(crate) fn new(secrets: &Secrets) -> Self {
        Self(secrets.derive("forms"))
    }

    /// Returns the token of a form that is shown to a caller.
    pub(crate) fn token(&self, caller: &Caller, now: DateTime<Utc>) -> String {
        let mask: [u8; LENGTH] = rand::random();
        let token = self.0.first().map(|key| hourly_tag(key, caller, hour(now)));
        let masked = mask.iter().zip(token.iter().flat_map(AsRef::as_ref)).map(|(mask, byte)| mask ^ byte);
        BASE64_URL_SAFE_NO_PAD.encode(mask.iter().copied().chain(masked).collect::<Vec<u8>>())
    }

    /// Returns whether the token was given to this caller, not long ago.
    pub(crate) fn is_valid(&self, token: &str, caller: &Caller, now: DateTime<Utc>) -> bool {
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        let (mask, masked) = decoded.split_at(decoded.len().min(LENGTH));
        let token: Vec<u8> = mask.iter().zip(masked).map(|(mask, byte)| mask ^ byte).collect();
        let current = hour(now);
        let mut expected = self
            .0
            .iter()
            .flat_map(|key| (current - HOURS..=current).map(move |hour| hourly_tag(key, caller, hour)));
        expected.any(|expected| verify_slices_are_equal(expected.as_ref(), &token).is_ok())
    }
}

fn hourly_tag(key: &hmac::Key, caller: &Caller, hour: i64) -> hmac::Tag {
    let message = format!("{hour} {} {} {}", caller.kind.as_str(), caller.org_id, caller.user_id_or_zero());
    hmac::sign(key, message.as_bytes())
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
        let form_key = |secrets: &[&[u8]]| {
            FormKey::new(&Secrets::new(&secrets.iter().map(|secret| secret.to_vec()).collect::<Vec<_>>()))
        };
        let (key, now) = (form_key(&[b"secret"]), "2026-06-01T10:30:00Z".parse::<DateTime<Utc>>().unwrap());
        let token = key.token(&caller("ann"), now);
        assert_ne!(key.token(&caller("ann"), now), token, "a page has its own mask");
        assert!(key.is_valid(&token, &caller("ann"), now + TimeDelta::hours(HOURS)));
        assert!(!key.is_valid(&token, &caller("ann"), now + TimeDelta::hours(HOURS + 1)));
        assert!(!key.is_valid(&token, &caller("bob"), now));
        assert!(!form_key(&[b"other"]).is_valid(&token, &caller("ann"), now));
        assert!(form_key(&[b"other", b"secret"]).is_valid(&token, &caller("ann"), now), "during a rotation");
        for other in ["", "x", &token[..43]] {
            assert!(!key.is_valid(other, &caller("ann"), now), "{other}");
        }
    }
}
