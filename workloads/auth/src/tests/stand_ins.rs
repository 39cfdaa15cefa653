//! Stand-ins of an OIDC provider, a Kubernetes API server and an RBAC service, on real sockets.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::{get, post},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A running server.
pub(super) struct Server {
    /// `http://` and its address.
    pub(super) url: String,
    shutdown: CancellationToken,
}

impl Server {
    pub(super) fn start(router: Router) -> Self {
        let listener = ccx_service::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        tokio::spawn(ccx_service::serve(listener, router, shutdown.clone(), Duration::ZERO));
        Self { url, shutdown }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A key of the provider.
pub(super) struct SigningKey {
    id: String,
    key: EncodingKey,
}

impl SigningKey {
    pub(super) fn generate(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        Self { id: id.to_owned(), key: EncodingKey::from_ec_der(der.as_ref()) }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).unwrap()
    }

    /// Returns the key as the provider publishes it.
    pub(super) fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.id.clone());
        serde_json::to_value(jwk).unwrap()
    }
}

/// An OIDC provider that serves the given keys.
pub(super) struct Provider {
    pub(super) server: Server,
    state: Arc<ProviderState>,
}

#[derive(Default)]
struct ProviderState {
    keys: Mutex<Vec<Value>>,
    requests: Mutex<usize>,
    is_unavailable: Mutex<bool>,
}

impl Provider {
    pub(super) fn start() -> Self {
        let state = Arc::new(ProviderState::default());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .with_state(Arc::clone(&state));
        Self { server: Server::start(router), state }
    }

    pub(super) fn publish(&self, keys: Vec<Value>) {
        *self.state.keys.lock().unwrap() = keys;
    }

    pub(super) fn set_unavailable(&self, is_unavailable: bool) {
        *self.state.is_unavailable.lock().unwrap() = is_unavailable;
    }

    /// Returns how often the keys were requested.
    pub(super) fn requests(&self) -> usize {
        *self.state.requests.lock().unwrap()
    }
}

async fn discovery(headers: HeaderMap) -> Json<Value> {
    let issuer = format!("http://{}", headers["host"].to_str().unwrap());
    Json(json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") }))
}

async fn keys(State(state): State<Arc<ProviderState>>) -> Result<Json<Value>, StatusCode> {
    *state.requests.lock().unwrap() += 1;
    if *state.is_unavailable.lock().unwrap() {
        return Err(StatusCode::BAD_GATEWAY);
    }
    Ok(Json(json!({ "keys": *state.keys.lock().unwrap() })))
}

/// Returns the claims of a valid token.
pub(super) fn claims(issuer: &str) -> Value {
    let now = seconds(SystemTime::now());
    json!({
        "iss": issuer,
        "aud": ["account", "ccx"],
        "sub": "ann",
        "org_id": "1",
        "iat": now,
        "exp": now + 300,
    })
}

pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The token of the service's own account at the API server.
pub(super) const OWN_TOKEN: &str = "own-token";

/// Starts an API server at which `admin` may list nodes, and `developer` may not.
pub(super) fn start_api_server() -> Server {
    let is_own = |headers: &HeaderMap| headers["authorization"] == format!("Bearer {OWN_TOKEN}").as_str();
    let token_review = move |headers: HeaderMap, Json(review): Json<Value>| async move {
        if !is_own(&headers) {
            return Err(StatusCode::FORBIDDEN);
        }
        let name = review["spec"]["token"].as_str().unwrap().strip_prefix("sha256~").map(str::to_owned);
        Ok(Json(match name {
            Some(name) => json!({ "status": {
                "authenticated": true,
                "user": { "username": name, "groups": ["system:authenticated"], "extra": { "scopes": ["user:full"] } },
            }}),
            None => json!({ "status": { "user": {}, "error": "invalid bearer token" } }),
        }))
    };
    let access_review = move |headers: HeaderMap, Json(review): Json<Value>| async move {
        if !is_own(&headers) {
            return Err(StatusCode::FORBIDDEN);
        }
        let spec = &review["spec"];
        let asked = json!({ "verb": "list", "group": "", "resource": "nodes" });
        assert_eq!((&spec["resourceAttributes"], &spec["extra"]["scopes"][0]), (&asked, &json!("user:full")));
        Ok(Json(json!({ "status": { "allowed": spec["user"] == "admin" } })))
    };
    Server::start(
        Router::new()
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(token_review))
            .route("/apis/authorization.k8s.io/v1/subjectaccessreviews", post(access_review)),
    )
}

/// Starts an RBAC service with two pages, whose second one has the permission of the service account `permitted`.
pub(super) fn start_rbac() -> Server {
    let access = async |uri: Uri, headers: HeaderMap| {
        let identity =
            ccx_messages::IdentityClaims::from_base64(headers["x-rh-identity"].to_str().unwrap()).unwrap();
        let client = identity.service_account.unwrap_or_default()["client_id"].clone();
        if uri.query().unwrap_or_default().contains("offset=100") {
            let permission =
                if client == "permitted" { "ocp-advisor:*:read" } else { "ocp-advisor:exports:read" };
            return Json(json!({ "links": { "next": null }, "data": [{ "permission": permission }] }));
        }
        let next = "/api/rbac/v1/access/?application=ocp-advisor&limit=100&offset=100";
        Json(json!({ "links": { "next": next }, "data": [{ "permission": "inventory:*:*" }] }))
    };
    Server::start(Router::new().route("/api/rbac/v1/access/", get(access)))
}
