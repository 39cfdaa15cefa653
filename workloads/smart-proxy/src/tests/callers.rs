//! Callers of every kind, and the services that vouch for them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::{
    Json, Router,
    http::HeaderMap,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ccx_config::{Auth, Config};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, FOREIGN_CLUSTER, OLD_CLUSTER, ORG, TestEnv, identity};

/// Another organisation of the sample.
const FOREIGN_ORG: u32 = 12;

/// The token of the service's own account at the API server.
const OWN_TOKEN: &str = "own-token";

/// How a caller relates to the sample's organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its credentials are missing, wrong or without permission.
    Refused,
    /// It belongs to the organisation.
    Own,
    /// It belongs to another organisation.
    Foreign,
}

/// A caller.
pub(super) struct TestCaller {
    pub(super) name: &'static str,
    pub(super) headers: HeaderMap,
    pub(super) kind: Kind,
}

/// Starts a service with every kind of authentication, and returns callers of every kind.
pub(super) async fn start_with_all_callers() -> (TestEnv, Vec<TestCaller>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    let url = start(&key).await;
    let files = tempfile::tempdir().unwrap();
    let (tokens, own_token) = (files.path().join("tokens"), files.path().join("own"));
    std::fs::write(&tokens, format!("{ORG} cluster-token\n{FOREIGN_ORG} foreign-token\n")).unwrap();
    let authorities = files.path().join("ca.crt");
    std::fs::write(&own_token, OWN_TOKEN).unwrap();
    std::fs::write(&authorities, "").unwrap();
    let mut auth = Auth { cluster_tokens: Some(tokens), ..Auth::default() };
    auth.oidc.issuer = Some(url.clone());
    auth.oidc.audiences = vec!["ccx".into()];
    auth.oidc.algorithms = vec![ccx_config::JwtAlgorithm::ES256];
    auth.token_review.api_server.clone_from(&url);
    auth.token_review.token_file = own_token;
    auth.token_review.ca_file = authorities;
    auth.token_review.organization = Some(ORG);
    auth.rbac.url = Some(url.clone());
    auth.rbac.enforce = true;
    let env = TestEnv::with(Config { auth, ..Config::default() }).await;
    env.run_sql(include_str!("sample.sql")).await;
    // The tokens of clusters are read again while the service runs.
    std::mem::forget(files);
    (env, callers(&url, &key))
}

fn callers(issuer: &str, key: &EncodingKey) -> Vec<TestCaller> {
    let caller = |name, headers: &[(&'static str, String)], kind| {
        let mut map = HeaderMap::new();
        for (header, value) in headers {
            map.append(*header, HeaderValue::from_str(value).unwrap());
        }
        TestCaller { name, headers: map, kind }
    };
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let person = |organization: u32| bearer(&signed(issuer, key, organization));
    let header = |identity: String| ("x-rh-identity", identity);
    let agent = |cluster: &str| ("user-agent", format!("insights-operator/4.17 cluster/{cluster}"));
    vec![
        caller("no credentials", &[], Kind::Refused),
        caller("unknown token", &[bearer("unknown")], Kind::Refused),
        caller("two headers", &[header(identity(ORG)), header(identity(ORG))], Kind::Refused),
        caller("service account without permission", &[header(service_account(ORG))], Kind::Refused),
        caller("user of the cluster without permission", &[bearer("sha256~developer")], Kind::Refused),
        caller("header", &[header(identity(ORG))], Kind::Own),
        caller("token of a cluster", &[bearer("cluster-token"), agent(CLUSTER)], Kind::Own),
        caller(
            "token and the id of another cluster",
            &[bearer("cluster-token"), agent(OLD_CLUSTER)],
            Kind::Own,
        ),
        caller("person", &[person(ORG)], Kind::Own),
        caller("user of the cluster", &[bearer("sha256~admin")], Kind::Own),
        caller("system identity of another cluster", &[header(system(ORG, OLD_CLUSTER))], Kind::Own),
        caller("foreign header", &[header(identity(FOREIGN_ORG))], Kind::Foreign),
        caller(
            "foreign header beside an own token",
            &[header(identity(FOREIGN_ORG)), bearer("cluster-token")],
            Kind::Foreign,
        ),
        caller(
            "foreign token that claims the cluster",
            &[bearer("foreign-token"), agent(CLUSTER)],
            Kind::Foreign,
        ),
        caller("foreign person", &[person(FOREIGN_ORG)], Kind::Foreign),
        caller("foreign system identity", &[header(system(FOREIGN_ORG, FOREIGN_CLUSTER))], Kind::Foreign),
        caller(
            "foreign system identity of the cluster",
            &[header(system(FOREIGN_ORG, CLUSTER))],
            Kind::Foreign,
        ),
    ]
}

fn encoded(organization: u32, rest: Value) -> String {
    let mut identity = json!({"org_id": organization.to_string()});
    ccx_test_support::merge_patch(&mut identity, rest);
    STANDARD.encode(json!({ "identity": identity }).to_string())
}

fn system(organization: u32, cluster: &str) -> String {
    encoded(organization, json!({"type": "System", "system": {"cluster_id": cluster}}))
}

fn service_account(organization: u32) -> String {
    encoded(organization, json!({"type": "ServiceAccount", "service_account": {"client_id": "c-1"}}))
}

fn signed(issuer: &str, key: &EncodingKey, organization: u32) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": issuer, "aud": "ccx", "sub": "ann", "org_id": organization.to_string(), "iat": now, "exp": now + 3600,
    });
    let header = Header { kid: Some("k".into()), ..Header::new(Algorithm::ES256) };
    encode(&header, &claims, key).unwrap()
}

/// Starts one server that is the OIDC provider, the Kubernetes API server and the RBAC service, which denies every request.
async fn start(key: &EncodingKey) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("k".into());
    let keys = json!({ "keys": [jwk] });
    let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") });
    let token_review = async |headers: HeaderMap, Json(review): Json<Value>| {
        assert_eq!(headers["authorization"], format!("Bearer {OWN_TOKEN}").as_str());
        let name = review["spec"]["token"].as_str().unwrap().strip_prefix("sha256~").map(str::to_owned);
        let user = json!({ "username": name, "groups": [], "extra": {} });
        Json(match name {
            Some(_) => json!({ "status": { "authenticated": true, "user": user } }),
            None => json!({ "status": { "user": {} } }),
        })
    };
    let access_review = async |Json(review): Json<Value>| {
        Json(json!({ "status": { "allowed": review["spec"]["user"] == "admin" } }))
    };
    let router: Router = Router::new()
        .route("/.well-known/openid-configuration", get(async || Json(discovery)))
        .route("/keys", get(async || Json(keys)))
        .route("/apis/authentication.k8s.io/v1/tokenreviews", post(token_review))
        .route("/apis/authorization.k8s.io/v1/subjectaccessreviews", post(access_review))
        .route("/access/", get(async || Json(json!({ "links": { "next": null }, "data": [] }))));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
