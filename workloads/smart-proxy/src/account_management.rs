//! Clusters as the account management API of OpenShift Cluster Manager knows them.
//!
//! A list is used for a while, and longer while the API fails. After a failure, the API is not asked for some seconds, so that no
//! request waits for it.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ccx_config::Secret;
use ccx_messages::{ClusterId, OrgId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, de::DeserializeOwned};
use snafu::{OptionExt as _, ResultExt as _, Snafu};

use crate::directory::{ClusterList, ListedCluster};

/// Time without requests after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Largest number of organisations whose lists are kept.
const MAX_LISTS: usize = 10_000;

/// Largest number of pages of a list: the end of a list from a server that never sends an empty page.
const MAX_PAGES: u32 = 1_000;

/// Time before its end from which a token is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// The account management API can't answer.
#[derive(Debug, Snafu)]
pub enum AccountManagementError {
    /// The file with the secret of the client can't be read.
    #[snafu(display("failed to read the secret of the client"))]
    Secret {
        /// The cause.
        source: ccx_config::SecretError,
    },
    /// The file with the authorities can't be read.
    #[snafu(display("failed to read {path}"))]
    Authorities {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The client can't be built.
    #[snafu(display("failed to set up the client of account management"))]
    Client {
        /// The cause.
        source: reqwest::Error,
    },
    /// A request failed.
    #[snafu(display("failed to query account management"))]
    Request {
        /// The cause.
        source: reqwest::Error,
    },
    /// An answer has another form.
    #[snafu(display("failed to parse an answer of account management"))]
    Answer {
        /// The cause.
        source: serde_json::Error,
    },
    /// The organisation is unknown.
    #[snafu(display("organisation {org_id} is unknown to account management"))]
    NoOrganization {
        /// The organisation.
        org_id: OrgId,
    },
    /// The last request failed a short while ago.
    #[snafu(display("account management has failed lately"))]
    Paused,
}

/// The account management API.
pub(crate) struct AccountManagement {
    settings: ccx_config::AccountManagement,
    url: String,
    secret: Secret,
    client: reqwest::Client,
    token: Mutex<Option<Token>>,
    lists: Cache<OrgId, CachedList>,
    started: Instant,
    /// Milliseconds since the start until which no request is sent.
    paused_until: AtomicU64,
}

#[derive(Clone)]
struct CachedList {
    clusters: Arc<ClusterList>,
    read_at: Instant,
}

#[derive(Clone)]
struct Token {
    text: String,
    ends_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

#[derive(Deserialize)]
struct Items<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
}

#[derive(Deserialize)]
struct Subscription {
    #[serde(default)]
    external_cluster_id: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    managed: bool,
    #[serde(default)]
    status: String,
}

impl AccountManagement {
    /// Creates a client; `None` when none is configured.
    pub(crate) fn new(
        settings: &ccx_config::AccountManagement,
    ) -> Result<Option<Self>, AccountManagementError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let secret = settings.secret().context(SecretSnafu)?;
        let mut client = reqwest::Client::builder().timeout(settings.timeout);
        if let Some(path) = &settings.ca_file {
            client = client.tls_certs_merge(certificates(path)?);
        }
        Ok(Some(Self {
            settings: settings.clone(),
            url: url.trim_end_matches('/').to_owned(),
            secret: secret.unwrap_or_default(),
            client: client.build().context(ClientSnafu)?,
            token: Mutex::new(None),
            lists: Cache::new(MAX_LISTS),
            started: Instant::now(),
            paused_until: AtomicU64::new(0),
        }))
    }

    /// Returns the clusters of an organisation, without archived ones; an earlier list while the API fails.
    pub(crate) async fn clusters(&self, org_id: OrgId) -> Result<Arc<ClusterList>, AccountManagementError> {
        let cached = self.lists.get(&org_id);
        if let Some(list) = cached.as_ref().filter(|list| list.read_at.elapsed() < self.settings.cache) {
            return Ok(Arc::clone(&list.clusters));
        }
        match self.read_unless_paused(org_id).await {
            Ok(clusters) => {
                let clusters = Arc::new(ClusterList::new(clusters));
                let list = CachedList { clusters: Arc::clone(&clusters), read_at: Instant::now() };
                self.lists.insert(org_id, list);
                Ok(clusters)
            }
            Err(error) => cached.map(|list| list.clusters).ok_or(error),
        }
    }

    async fn read_unless_paused(&self, org_id: OrgId) -> Result<Vec<ListedCluster>, AccountManagementError> {
        let now = self.started.elapsed();
        if now < Duration::from_millis(self.paused_until.load(Ordering::Relaxed)) {
            return PausedSnafu.fail();
        }
        let result = self.read(org_id).await;
        let is_failure =
            matches!(&result, Err(error) if !matches!(error, AccountManagementError::NoOrganization { .. }));
        if is_failure {
            let until = u64::try_from((now + PAUSE_AFTER_FAILURE).as_millis()).unwrap_or(u64::MAX);
            self.paused_until.store(until, Ordering::Relaxed);
        }
        result
    }

    async fn read(&self, org_id: OrgId) -> Result<Vec<ListedCluster>, AccountManagementError> {
        let search = format!("external_id='{org_id}'");
        let organizations: Items<Organization> =
            self.get(&format!("organizations?fields=id,external_id&search={}", encoded(&search))).await?;
        let organization = organizations.items.into_iter().next().context(NoOrganizationSnafu { org_id })?.id;
        let search = format!(
            "organization_id in ('{organization}') and cluster_id != '' and status not in ('Archived','Deprovisioned','Reserved')"
        );
        let mut clusters: HashMap<ClusterId, ListedCluster> = HashMap::new();
        for page in 1..=MAX_PAGES {
            let path = format!(
                "subscriptions?fields=external_cluster_id,display_name,cluster_id,managed,status&page={page}&size={}&search={}",
                self.settings.page_size,
                encoded(&search)
            );
            let subscriptions: Items<Subscription> = self.get(&path).await?;
            if subscriptions.items.is_empty() {
                break;
            }
            for cluster in subscriptions.items.into_iter().filter_map(listed) {
                clusters.entry(cluster.id).or_insert(cluster);
            }
        }
        Ok(clusters.into_values().collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AccountManagementError> {
        let token = self.token().await?;
        let url = format!("{}/api/accounts_mgmt/v1/{path}", self.url);
        let request = self.client.get(url).header("authorization", format!("Bearer {token}"));
        parsed(request).await
    }

    async fn token(&self) -> Result<String, AccountManagementError> {
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = known.filter(|token| Instant::now() < token.ends_at) {
            return Ok(token.text);
        }
        let client_id = self.settings.client_id.as_deref().unwrap_or_default();
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            encoded(client_id),
            encoded(self.secret.expose())
        );
        let request = self.client.post(&self.settings.token_url);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let TokenAnswer { access_token, expires_in } = parsed(request).await?;
        let life = Duration::from_secs(expires_in).saturating_sub(TOKEN_MARGIN);
        let token = Token { text: access_token.clone(), ends_at: Instant::now() + life };
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(access_token)
    }
}

fn listed(subscription: Subscription) -> Option<ListedCluster> {
    let id: ClusterId = subscription.external_cluster_id.parse().ok()?;
    let named = Some(subscription.display_name).filter(|name| !name.is_empty());
    let display_name = named.unwrap_or_else(|| id.to_string());
    Some(ListedCluster { id, display_name, managed: subscription.managed, status: subscription.status })
}

async fn parsed<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, AccountManagementError> {
    // The URL of an error has no secret in it, but the search with the organisation.
    let failed = |error: reqwest::Error| AccountManagementError::Request { source: error.without_url() };
    let response = request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    let body = response.bytes().await.map_err(failed)?;
    serde_json::from_slice(&body).context(AnswerSnafu)
}

fn encoded(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, AccountManagementError> {
    let pem = std::fs::read(path).context(AuthoritiesSnafu { path: path.display().to_string() })?;
    reqwest::Certificate::from_pem_bundle(&pem).context(ClientSnafu)
}
