//! Access by enumeration: each kind of credentials, to each kind of path, of the own and of a foreign organisation.

use std::{fs, sync::Arc};

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use ccx_config::{Auth, Oidc, Rbac, TokenReview};
use ccx_messages::OrgId;
use ccx_service::MetricRegistrar;
use prometheus::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::stand_ins::{OWN_TOKEN, Provider, Server, SigningKey, claims, start_api_server, start_rbac};
use crate::{AuthMetrics, Authenticator, Caller, CallerKind};

const CLUSTER: &str = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266";
const OWN: u32 = 1;
const FOREIGN: u32 = 2;

/// A service that accepts every kind of credentials, with the services that verify them.
struct TestEnv {
    server: Server,
    registry: Registry,
    key: SigningKey,
    provider: Provider,
    _others: (Server, Server, TempDir),
}

/// The headers of a request.
type Headers = Vec<(&'static str, String)>;

impl TestEnv {
    fn start(change: impl FnOnce(&mut Auth)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let tokens = files.path().join("tokens");
        fs::write(&tokens, format!("{OWN} cluster-token\n{FOREIGN} foreign-token\n")).unwrap();
        let own_token = files.path().join("own");
        fs::write(&own_token, OWN_TOKEN).unwrap();
        let authorities = files.path().join("ca.crt");
        fs::write(&authorities, "").unwrap();
        let (provider, key) = (Provider::start(), SigningKey::generate("one"));
        provider.publish(vec![key.public()]);
        let (api_server, rbac) = (start_api_server(), start_rbac());
        let mut auth = Auth {
            cluster_tokens: Some(tokens),
            oidc: Oidc {
                issuer: Some(provider.server.url.clone()),
                audiences: vec!["ccx".into()],
                ..Oidc::default()
            },
            token_review: TokenReview {
                organization: Some(OWN),
                api_server: api_server.url.clone(),
                token_file: own_token,
                ca_file: authorities,
                ..TokenReview::default()
            },
            rbac: Rbac { url: Some(format!("{}/api/rbac/v1/", rbac.url)), ..Rbac::default() },
            ..Auth::default()
        };
        change(&mut auth);
        let registry = Registry::new();
        let metrics = AuthMetrics::new(MetricRegistrar::new(&registry, "")).unwrap();
        let server = Server::start(router(Authenticator::new(&auth).unwrap().with_metrics(metrics)));
        Self { server, registry, key, provider, _others: (api_server, rbac, files) }
    }

    fn signed(&self, change: impl FnOnce(&mut Value)) -> Headers {
        let mut claims = claims(&self.provider.server.url);
        change(&mut claims);
        bearer(&self.key.sign(&claims))
    }

    fn service_account(&self, client_id: &str) -> Headers {
        self.signed(|claims| {
            claims["client_id"] = json!(client_id);
            claims["preferred_username"] = json!(format!("service-account-{client_id}"));
        })
    }

    /// Returns the headers of a caller of a kind who belongs to [`OWN`].
    fn credentials(&self, kind: CallerKind) -> Headers {
        match kind {
            CallerKind::Cluster => bearer("cluster-token"),
            CallerKind::User => self.signed(|_| ()),
            CallerKind::ServiceAccount => self.service_account("permitted"),
            CallerKind::KubernetesUser => bearer("sha256~admin"),
            CallerKind::Anonymous => Vec::new(),
        }
    }

    async fn status(&self, method: &str, path: &str, headers: &Headers) -> StatusCode {
        let url = format!("{}{path}", self.server.url);
        let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.unwrap().status()
    }

    fn cache_requests(&self, cache: &str, outcome: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == "auth_cache_requests_total").unwrap();
        let has = |metric: &prometheus::proto::Metric, value: &str| {
            metric.get_label().iter().any(|pair| pair.value() == value)
        };
        let found = family.get_metric().iter().find(|metric| has(metric, cache) && has(metric, outcome));
        found.unwrap().get_counter().get_value()
    }

    fn count(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let has_label = |metric: &&prometheus::proto::Metric| {
            label.is_empty() || metric.get_label().iter().any(|pair| pair.value() == label)
        };
        family.get_metric().iter().find(has_label).map_or(0.0, |metric| metric.get_counter().get_value())
    }
}

/// Returns the paths of each group: data of an organisation in the path, and data of the caller.
fn router(authenticator: Authenticator) -> Router {
    let of_organization = async |caller: Caller, Path(org_id): Path<u64>| {
        let has_access = OrgId::new(org_id).is_ok_and(|org_id| caller.has_access_to(org_id));
        if has_access { StatusCode::OK } else { StatusCode::FORBIDDEN }
    };
    let of_caller = async |caller: Caller| caller.org_id.to_string();
    Router::new()
        .route("/organizations/{org_id}/clusters", get(of_organization))
        .route("/organizations/{org_id}/acknowledgements", post(of_organization).delete(of_organization))
        .route("/api/v2/clusters", get(of_caller))
        .route("/api/ingress/v1/upload", post(of_caller))
        .with_state(Arc::new(authenticator))
}

/// Every operation; `{org}` is the organisation.
const OPERATIONS: [(&str, &str); 5] = [
    ("GET", "/organizations/{org}/clusters"),
    ("POST", "/organizations/{org}/acknowledgements"),
    ("DELETE", "/organizations/{org}/acknowledgements"),
    ("GET", "/api/v2/clusters"),
    ("POST", "/api/ingress/v1/upload"),
];

fn bearer(token: &str) -> Headers {
    let agent = format!("acm-operator/v2.3.0 cluster/{CLUSTER}");
    vec![("authorization", format!("Bearer {token}")), ("user-agent", agent)]
}

fn gateway(org_id: u32) -> Headers {
    let identity = ccx_messages::Identity {
        org_id: OrgId::new(org_id.into()).unwrap(),
        account_number: None,
        cluster_id: None,
    };
    vec![("x-rh-identity", identity.to_base64())]
}

#[tokio::test]
async fn each_kind_of_caller_has_access_to_the_own_organisation_only() {
    for kind in CallerKind::ALL {
        let env = TestEnv::start(|auth| {
            auth.anonymous_organization = (kind == CallerKind::Anonymous).then_some(OWN);
        });
        let headers = env.credentials(kind);
        for (method, path) in OPERATIONS {
            for org_id in [OWN, FOREIGN] {
                let is_allowed = org_id == OWN || !path.contains("{org}");
                let expected = if is_allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
                let asked = path.replace("{org}", &org_id.to_string());
                assert_eq!(env.status(method, &asked, &headers).await, expected, "{kind:?} {method} {asked}");
            }
        }
        assert!(env.count("authentications_total", kind.as_str()) >= 5.0, "{kind:?}");
    }
}

#[tokio::test]
async fn invalid_credentials_are_refused_on_every_path() {
    let env = TestEnv::start(|_| ());
    let header = |name, value: &str| vec![(name, value.to_owned())];
    let refused = [
        (Vec::new(), 401),
        (bearer("unknown"), 401),
        (bearer("cluster-toke"), 401),
        (bearer("sha256~developer"), 403),
        (header("authorization", "Basic Y2x1c3Rlci10b2tlbg=="), 401),
        (header("authorization", "Bearer"), 401),
        (gateway(OWN), 401),
        (env.signed(|claims| claims["exp"] = json!(1)), 401),
        (env.signed(|claims| claims["aud"] = json!("other")), 401),
        (env.service_account("other"), 403),
    ];
    for (headers, expected) in refused {
        for (method, path) in OPERATIONS {
            let status = env.status(method, &path.replace("{org}", "1"), &headers).await;
            assert_eq!(status.as_u16(), expected, "{method} {path} {headers:?}");
        }
    }
    // A refused token or service account is asked for once, however many paths it tries.
    assert!(env.cache_requests("tokens", "miss") >= 4.0);
    assert!(env.cache_requests("tokens", "hit") >= 4.0);
    assert!((env.cache_requests("permissions", "miss") - 1.0).abs() < f64::EPSILON);
    assert!((env.cache_requests("permissions", "hit") - 4.0).abs() < f64::EPSILON);
    assert!(env.count("rbac_service_accounts_rejected", "") >= 1.0);
    assert!(env.count("authentications_total", "invalid_token") >= 1.0);
}

#[tokio::test]
async fn gateway_header_counts_before_a_token_where_it_is_trusted() {
    let both = [gateway(FOREIGN), bearer("cluster-token")].concat();
    let own = "/organizations/1/clusters";
    let foreign = "/organizations/2/clusters";
    let env = TestEnv::start(|auth| auth.trust_identity_header = true);
    assert_eq!(env.status("GET", foreign, &both).await, StatusCode::OK);
    assert_eq!(env.status("GET", own, &both).await, StatusCode::FORBIDDEN);
    let env = TestEnv::start(|_| ());
    assert_eq!(env.status("GET", own, &both).await, StatusCode::OK);
    assert_eq!(env.status("GET", foreign, &both).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn unavailable_verifier_answers_503_and_refuses_no_other_caller() {
    let env = TestEnv::start(|auth| {
        auth.token_review.api_server = "http://127.0.0.1:9".into();
        auth.rbac.url = Some("http://127.0.0.1:9".into());
    });
    env.provider.set_unavailable(true);
    let path = "/api/v2/clusters";
    for headers in [bearer("sha256~admin"), env.signed(|_| ())] {
        assert_eq!(env.status("GET", path, &headers).await, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(env.status("GET", path, &bearer("cluster-token")).await, StatusCode::OK);
}

#[tokio::test]
async fn unenforced_permission_is_counted_only() {
    let env = TestEnv::start(|auth| auth.rbac.enforce = false);
    let status = env.status("GET", "/api/v2/clusters", &env.service_account("other")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(env.count("rbac_service_accounts_rejected", "") >= 1.0);
}

#[tokio::test]
async fn cluster_is_authenticated_by_a_token_of_its_own_only() {
    let files = tempfile::tempdir().unwrap();
    let tokens = files.path().join("tokens");
    let other = "11111111-624a-49a5-bab8-4fdc5e51a266";
    fs::write(&tokens, format!("{OWN} shared\n{OWN} own {other}\n")).unwrap();
    let authenticator =
        Authenticator::new(&Auth { cluster_tokens: Some(tokens), ..Auth::default() }).unwrap();
    for (token, cluster_id, is_authenticated) in [("shared", CLUSTER, false), ("own", other, true)] {
        let headers =
            bearer(token).into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let caller = authenticator.authenticate(&headers.collect()).await.unwrap();
        assert_eq!(caller.cluster_id.unwrap().to_string(), cluster_id, "{token}");
        assert_eq!(caller.is_cluster_authenticated, is_authenticated, "{token}");
    }
}

#[tokio::test]
async fn any_token_is_anonymous_where_no_kind_of_token_is_configured() {
    let auth = Auth { anonymous_organization: Some(OWN), ..Auth::default() };
    let authenticator = Authenticator::new(&auth).unwrap();
    let headers =
        bearer("any").into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    let caller = authenticator.authenticate(&headers.collect()).await.unwrap();
    assert_eq!((caller.kind, caller.org_id.get()), (CallerKind::Anonymous, OWN));
    assert_eq!(caller.cluster_id.unwrap().to_string(), CLUSTER);
}
