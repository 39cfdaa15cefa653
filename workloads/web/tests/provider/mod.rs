//! A small OIDC provider on a real socket: it logs in the user that its page is given, and validates requests as a real one does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::*};
use ccx_config::{Auth, Config, Oidc, Web, WebLogin};
use ccx_web::LoginSettings;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// The page as a client of the provider.
pub(crate) const CLIENT: &str = "advisor";
/// The secret of that client.
pub(crate) const SECRET: &str = "a client's secret: 100%";

/// A running provider.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) state: Arc<ProviderState>,
    server: JoinHandle<()>,
}

/// The state of the provider.
pub(crate) struct ProviderState {
    key: EncodingKey,
    /// The claims by which it describes the user of the next logins.
    pub(crate) claims: Mutex<Value>,
    /// The lifetime of tokens, in seconds.
    pub(crate) lifetime: Mutex<u64>,
    pub(crate) is_unavailable: Mutex<bool>,
    /// The authorization requests by code.
    codes: Mutex<BTreeMap<String, HashMap<String, String>>>,
    refresh_tokens: Mutex<Vec<String>>,
    /// The grants of the token endpoint, in their order.
    pub(crate) grants: Mutex<Vec<String>>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let state = Arc::new(ProviderState {
            key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
            claims: Mutex::new(json!({ "sub": "u-1", "preferred_username": "ann", "org_id": "1" })),
            lifetime: Mutex::new(300),
            is_unavailable: Mutex::new(false),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            grants: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/logout", get(log_out))
            .with_state(Arc::clone(&state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, state, server }
    }

    /// Returns the login of a page at `url`.
    pub(crate) fn login(&self, url: &str) -> LoginSettings {
        let oidc =
            Oidc { issuer: Some(self.issuer.clone()), audiences: vec!["api".into()], ..Oidc::default() };
        let login = WebLogin {
            client_id: Some(CLIENT.into()),
            client_secret: Some(SECRET.to_owned().into()),
            url: Some(url.to_owned()),
            ..WebLogin::default()
        };
        let config = Config {
            auth: Auth { oidc, ..Auth::default() },
            web: Web { login: login.clone(), ..Web::default() },
            ..Config::default()
        };
        let oidc = ccx_auth::OidcLogin::new(&config).unwrap().unwrap();
        LoginSettings { oidc, url: url.to_owned(), max_session: login.max_session }
    }
}

async fn discovery(
    State(state): State<Arc<ProviderState>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if *state.is_unavailable.lock().unwrap() {
        return Err(StatusCode::BAD_GATEWAY);
    }
    let issuer = format!("http://{}", headers["host"].to_str().unwrap());
    Ok(Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_endpoint": format!("{issuer}/authorize?tenant=a"),
        "token_endpoint": format!("{issuer}/token"),
        "end_session_endpoint": format!("{issuer}/logout"),
    })))
}

async fn keys(State(state): State<Arc<ProviderState>>) -> Json<Value> {
    let mut jwk = Jwk::from_encoding_key(&state.key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("one".into());
    Json(json!({ "keys": [jwk] }))
}

/// A page with a link that logs in, and one that declines.
async fn authorize(
    State(state): State<Arc<ProviderState>>,
    Query(request): Query<HashMap<String, String>>,
) -> Response {
    let is_valid = request["response_type"] == "code"
        && request["client_id"] == CLIENT
        && request["code_challenge_method"] == "S256"
        && request["code_challenge"].len() == 43
        && request["scope"].split(' ').any(|scope| scope == "openid")
        && request["tenant"] == "a";
    if !is_valid {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let code = format!("code-{}", state.codes.lock().unwrap().len());
    let leads_back =
        |result: &str| format!("{}?{result}&state={}", request["redirect_uri"], request["state"]);
    let page = format!(
        r#"<!DOCTYPE html><html lang="en"><title>Provider</title><h1>Provider</h1><p><a id="accept" href="{}">Log in</a> <a id="decline" href="{}">Cancel</a></p>"#,
        leads_back(&format!("code={code}")),
        leads_back("error=access_denied")
    );
    state.codes.lock().unwrap().insert(code, request);
    Html(page).into_response()
}

async fn token(
    State(state): State<Arc<ProviderState>>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    if *state.is_unavailable.lock().unwrap() {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    // RFC 6749, 2.3.1: both parts are form-encoded.
    let expected = format!("Basic {}", BASE64_STANDARD.encode("advisor:a+client%27s+secret%3A+100%25"));
    if headers.get(header::AUTHORIZATION).is_none_or(|found| *found != *expected) {
        return refused("invalid_client");
    }
    state.grants.lock().unwrap().push(fields["grant_type"].clone());
    match fields["grant_type"].as_str() {
        "authorization_code" => {
            let Some(request) = state.codes.lock().unwrap().remove(&fields["code"]) else {
                return refused("invalid_grant");
            };
            let digest =
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, fields["code_verifier"].as_bytes());
            let is_valid = BASE64_URL_SAFE_NO_PAD.encode(digest) == request["code_challenge"]
                && fields["redirect_uri"] == request["redirect_uri"];
            if is_valid { state.tokens(&headers, Some(&request["nonce"])) } else { refused("invalid_grant") }
        }
        // A refresh token is valid once.
        _ if state.refresh_tokens.lock().unwrap().pop().as_ref() == fields.get("refresh_token") => {
            state.tokens(&headers, None)
        }
        _ => refused("invalid_grant"),
    }
}

impl ProviderState {
    fn tokens(&self, headers: &HeaderMap, nonce: Option<&String>) -> Response {
        let lifetime = *self.lifetime.lock().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": format!("http://{}", headers["host"].to_str().unwrap()),
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        });
        for (name, value) in self.claims.lock().unwrap().as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::ES256) };
        let refresh_token = format!("refresh-{}", self.grants.lock().unwrap().len());
        self.refresh_tokens.lock().unwrap().push(refresh_token.clone());
        Json(json!({
            "access_token": "opaque",
            "token_type": "Bearer",
            "expires_in": lifetime,
            "refresh_token": refresh_token,
            "id_token": encode(&header, &claims, &self.key).unwrap(),
        }))
        .into_response()
    }
}

async fn log_out(Query(request): Query<HashMap<String, String>>) -> Response {
    let has_hint = request.get("id_token_hint").is_some_and(|hint| hint.split('.').count() == 3);
    match request.get("post_logout_redirect_uri").filter(|_| has_hint) {
        Some(uri) => Redirect::to(uri).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}
