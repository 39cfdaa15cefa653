//! The public keys of an OIDC provider.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use ccx_service::error_chain;
use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{Jwk, PublicKeyUse},
};
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::Value;
use snafu::ensure;
use tokio::sync::Mutex;

use crate::{
    AuthError,
    http::{FetchError, OtherIssuerSnafu, fetch},
};

/// Age from which keys are fetched again, as an issuer may have withdrawn one.
const REFRESH_AFTER: Duration = Duration::from_mins(10);

/// Age up to which keys are used while the issuer does not answer.
const MAX_AGE: Duration = Duration::from_hours(6);

/// Time between two requests for keys, so that tokens with invented key ids can't overload the issuer.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// Most keys of an issuer.
const MAX_KEYS: usize = 100;

/// The public keys of an OIDC provider, fetched when a token needs them.
#[derive(Debug)]
pub(crate) struct Keys {
    client: Client,
    issuer: String,
    jwks_url: Option<Url>,
    /// Time between two requests for keys.
    min_interval: Duration,
    current: RwLock<Option<Arc<KeySet>>>,
    /// When the issuer was last asked. Locked while it is being asked.
    asked: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct KeySet {
    keys: Vec<PublicKey>,
    fetched: Instant,
}

#[derive(Debug)]
struct PublicKey {
    id: Option<String>,
    /// The algorithm, if the issuer restricts the key to one.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

impl Keys {
    /// Creates the keys of an issuer; without `jwks_url`, their place is discovered.
    pub(crate) fn new(client: Client, issuer: String, jwks_url: Option<Url>) -> Self {
        Self {
            client,
            issuer,
            jwks_url,
            min_interval: MIN_INTERVAL,
            current: RwLock::default(),
            asked: Mutex::default(),
        }
    }

    /// Returns these keys with another time between two requests for them.
    #[cfg(test)]
    pub(crate) fn with_min_interval(self, min_interval: Duration) -> Self {
        Self { min_interval, ..self }
    }

    /// Returns the key of a token with this header. Unknown keys are fetched: issuers change them.
    pub(crate) async fn key_for(&self, header: &Header) -> Result<DecodingKey, AuthError> {
        let is_fresh = |set: &Arc<KeySet>| set.fetched.elapsed() < REFRESH_AFTER;
        if let Some(key) = self.current().filter(is_fresh).and_then(|set| set.find(header)) {
            return Ok(key);
        }
        let outcome = self.refresh(header).await;
        let usable = self.current().filter(|set| set.fetched.elapsed() < MAX_AGE);
        match usable.and_then(|set| set.find(header)) {
            Some(key) => Ok(key),
            None => Err(outcome.err().unwrap_or(AuthError::InvalidToken)),
        }
    }

    /// Asks the issuer, unless another request has just done so.
    async fn refresh(&self, header: &Header) -> Result<(), AuthError> {
        let mut asked = self.asked.lock().await;
        let current = self.current();
        let is_known = current.as_ref().is_some_and(|set| set.find(header).is_some());
        let is_fresh = current.as_ref().is_some_and(|set| set.fetched.elapsed() < REFRESH_AFTER);
        if is_known && is_fresh {
            return Ok(());
        }
        if asked.is_some_and(|at| at.elapsed() < self.min_interval) {
            return if current.is_some() { Ok(()) } else { Err(AuthError::Unavailable) };
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let set = KeySet { keys, fetched: Instant::now() };
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(set));
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = error_chain(&error), "failed to fetch the issuer's keys");
                Err(AuthError::Unavailable)
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<PublicKey>, FetchError> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let set: JwkSet = fetch(&url, self.client.get(url.clone())).await?;
        let keys: Vec<PublicKey> = set.keys.into_iter().take(MAX_KEYS).filter_map(public_key).collect();
        tracing::info!(keys = keys.len(), "fetched the issuer's keys");
        Ok(keys)
    }

    async fn discover(&self) -> Result<Url, FetchError> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let invalid = |_| FetchError::OtherIssuer { url: url.clone() };
        let document = Url::parse(&url).map_err(invalid)?;
        let discovered: Discovery = fetch(&document, self.client.get(document.clone())).await?;
        ensure!(discovered.issuer == self.issuer, OtherIssuerSnafu { url });
        Url::parse(&discovered.jwks_uri).map_err(invalid)
    }

    fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeySet {
    /// Returns the key with the id of the header; without an id, the only key that fits the algorithm.
    fn find(&self, header: &Header) -> Option<DecodingKey> {
        let fits = |key: &&PublicKey| {
            key.key.family() == header.alg.family()
                && key.algorithm.is_none_or(|algorithm| algorithm == header.alg)
                && (header.kid.is_none() || key.id == header.kid)
        };
        let mut fitting = self.keys.iter().filter(fits);
        let found = fitting.next()?;
        let is_unique = header.kid.is_some() || fitting.next().is_none();
        is_unique.then(|| found.key.clone())
    }
}

/// Each key as JSON, so that one of an unknown kind does not make the others unusable.
#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

fn public_key(json: Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let algorithm = match jwk.common.key_algorithm {
        None => None,
        Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
    };
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| is_for_signatures)?;
    Some(PublicKey { id: jwk.common.key_id, algorithm, key })
}
