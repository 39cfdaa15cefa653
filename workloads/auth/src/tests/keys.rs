//! Tokens of an OIDC provider: which are accepted, and what happens while keys change.

use std::time::{Duration, SystemTime};

use ccx_config::Oidc as Settings;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::stand_ins::{Provider, SigningKey, claims, seconds};
use crate::{AuthError, keys::Keys, oidc::Oidc};

fn settings(issuer: &str) -> Settings {
    Settings { issuer: Some(issuer.to_owned()), audiences: vec!["ccx".into()], ..Settings::default() }
}

/// Returns a provider with one key, and the verifier of its tokens.
fn provider() -> (Provider, SigningKey, Oidc) {
    let provider = Provider::start();
    let key = SigningKey::generate("one");
    provider.publish(vec![key.public()]);
    let issuer = &provider.server.url;
    let oidc = Oidc::new(issuer, &settings(issuer), None).unwrap();
    (provider, key, oidc)
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[tokio::test]
async fn signed_token_of_the_issuer_is_accepted() {
    let (provider, key, oidc) = provider();
    let issuer = &provider.server.url;
    let token = key.sign(&claims(issuer));
    assert!(oidc.is_issuer_of(&token));
    let verified = oidc.verify(&token).await.unwrap();
    assert_eq!((verified.org_id.get(), verified.user_id.as_deref()), (1, Some("ann")));
    let audience = key.sign(&with(claims(issuer), "aud", json!("ccx")));
    assert!(oidc.verify(&audience).await.is_ok());
    let number = key.sign(&with(claims(issuer), "org_id", json!(7)));
    assert_eq!(oidc.verify(&number).await.unwrap().org_id.get(), 7);
    assert_eq!(provider.requests(), 1, "keys are cached");
}

#[tokio::test]
async fn token_with_a_wrong_claim_is_refused() {
    let (provider, key, oidc) = provider();
    let issuer = &provider.server.url;
    let now = seconds(SystemTime::now());
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!(["account"])),
        ("aud", Value::Null),
        ("exp", json!(now - 31)),
        ("exp", Value::Null),
        ("nbf", json!(now + 40)),
    ] {
        let token = key.sign(&with(claims(issuer), name, value.clone()));
        assert_eq!(oidc.verify(&token).await, Err(AuthError::InvalidToken), "{name}: {value}");
    }
    // Within the difference of clocks.
    for (name, value) in [("exp", now - 20), ("nbf", now + 20)] {
        assert!(oidc.verify(&key.sign(&with(claims(issuer), name, json!(value)))).await.is_ok(), "{name}");
    }
    for org in [json!("0"), json!("acme"), json!(["1"]), Value::Null] {
        let refused = oidc.verify(&key.sign(&with(claims(issuer), "org_id", org.clone()))).await;
        assert!(matches!(refused, Err(AuthError::NoOrganization { .. })), "{org}: {refused:?}");
    }
}

#[tokio::test]
async fn token_with_another_signature_is_refused() {
    let (provider, key, oidc) = provider();
    let claims = claims(&provider.server.url);
    let forged = SigningKey::generate("one").sign(&claims);
    assert_eq!(oidc.verify(&forged).await, Err(AuthError::InvalidToken));

    let token = key.sign(&claims);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = key.sign(&with(claims.clone(), "org_id", json!("2")));
    let mixed = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
    assert_eq!(oidc.verify(&mixed).await, Err(AuthError::InvalidToken));
    assert_eq!(oidc.verify(&format!("{message}.")).await, Err(AuthError::InvalidToken));
    for text in ["", "a.b.c", "a.b", "x"] {
        assert_eq!(oidc.verify(text).await, Err(AuthError::Malformed), "{text}");
    }
}

#[tokio::test]
async fn algorithm_with_a_shared_secret_or_none_is_refused() {
    let (provider, key, oidc) = provider();
    let claims = claims(&provider.server.url);
    let public = key.public()["x"].as_str().unwrap().to_owned();
    let secret = EncodingKey::from_secret(public.as_bytes()).unwrap();
    let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::HS256) };
    let shared = encode(&header, &claims, &secret).unwrap();
    assert_eq!(oidc.verify(&shared).await, Err(AuthError::InvalidToken));

    let token = key.sign(&claims);
    let payload = token.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}."); // {"alg":"none"}
    assert_eq!(oidc.verify(&unsigned).await, Err(AuthError::Malformed));
    assert_eq!(provider.requests(), 0, "such tokens cause no request");
}

#[tokio::test]
async fn organisation_of_a_token_without_the_claim_is_the_configured_one() {
    let (provider, key, _) = provider();
    let issuer = &provider.server.url;
    let nested = Settings { organization_claim: "organization.id".into(), ..settings(issuer) };
    let oidc = Oidc::new(issuer, &nested, Some(ccx_messages::OrgId::new(5).unwrap())).unwrap();
    assert_eq!(oidc.verify(&key.sign(&claims(issuer))).await.unwrap().org_id.get(), 5);
    let token = key.sign(&with(claims(issuer), "organization", json!({ "id": "6" })));
    assert_eq!(oidc.verify(&token).await.unwrap().org_id.get(), 6);
}

#[tokio::test]
async fn rotated_key_is_fetched_and_a_withdrawn_one_refused() {
    let provider = Provider::start();
    let issuer = provider.server.url.clone();
    let keys = |interval| Keys::new(reqwest::Client::new(), issuer.clone(), None).with_min_interval(interval);
    let (old, new) = (SigningKey::generate("old"), SigningKey::generate("new"));
    let header = |id: &str| Header { kid: Some(id.into()), ..Header::new(Algorithm::ES256) };

    let eager = keys(Duration::ZERO);
    provider.publish(vec![old.public()]);
    assert!(eager.key_for(&header("old")).await.is_ok());
    provider.publish(vec![new.public()]);
    assert!(eager.key_for(&header("new")).await.is_ok());
    assert_eq!(eager.key_for(&header("old")).await.unwrap_err(), AuthError::InvalidToken);

    // Invented ids cause one request in the interval.
    let limited = keys(Duration::from_hours(1));
    let before = provider.requests();
    for id in ["a", "b", "c"] {
        assert_eq!(limited.key_for(&header(id)).await.unwrap_err(), AuthError::InvalidToken);
    }
    assert_eq!(provider.requests() - before, 1);
}

#[tokio::test]
async fn unavailable_issuer_is_not_the_fault_of_the_token() {
    let provider = Provider::start();
    let key = SigningKey::generate("one");
    let keys = Keys::new(reqwest::Client::new(), provider.server.url.clone(), None)
        .with_min_interval(Duration::ZERO);
    let header = |id: &str| Header { kid: Some(id.into()), ..Header::new(Algorithm::ES256) };
    provider.publish(vec![key.public()]);
    provider.set_unavailable(true);
    assert_eq!(keys.key_for(&header("one")).await.unwrap_err(), AuthError::Unavailable);
    provider.set_unavailable(false);
    assert!(keys.key_for(&header("one")).await.is_ok());
    provider.set_unavailable(true);
    assert!(keys.key_for(&header("one")).await.is_ok(), "known keys are used meanwhile");
    assert_eq!(keys.key_for(&header("two")).await.unwrap_err(), AuthError::Unavailable);
}

#[tokio::test]
async fn key_of_an_unknown_kind_or_for_encryption_is_ignored() {
    let (provider, key, oidc) = provider();
    let mut encryption = key.public();
    encryption["use"] = json!("enc");
    encryption["kid"] = json!("two");
    provider.publish(vec![json!({ "kty": "NEW" }), json!(7), encryption, key.public()]);
    let claims = claims(&provider.server.url);
    assert!(oidc.verify(&key.sign(&claims)).await.is_ok());
    let header = Header { kid: Some("two".into()), ..Header::new(Algorithm::ES256) };
    let keys = Keys::new(reqwest::Client::new(), provider.server.url.clone(), None);
    assert_eq!(keys.key_for(&header).await.unwrap_err(), AuthError::InvalidToken);
}
