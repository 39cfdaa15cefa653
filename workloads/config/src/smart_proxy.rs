//! `[smart_proxy]`

use std::{
    collections::BTreeMap,
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Problem, Secret, SecretError,
    formats::HTTP_URL,
    secret::check_given_once,
    size,
    workload::{check_metrics_namespace, is_plain_path},
};

/// `insights-results-smart-proxy`: the public API, with texts, users and clusters.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmartProxy {
    /// Address and port of the API, metrics and health. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Path prefix of every endpoint, before the version: `v1/` and `v2/` follow.
    pub api_prefix: String,
    /// Path prefix of the endpoints of the content service.
    pub content_api_prefix: String,
    /// Age of the latest report after which a cluster is shown as stale.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub stale_after: Duration,
    /// Maximum memory for cached reports.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_cache: ByteSize,
    /// Maximum memory for the clusters of organisations and the rules that hit them, from which lists are answered.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_snapshots: ByteSize,
    /// Maximum memory for the last good answers, which are sent while the database is unavailable.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_stale_answers: ByteSize,
    /// Maximum age of a last good answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub max_stale_age: Duration,
    /// Maximum size of a request's body.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_body: ByteSize,
    /// Maximum number of clusters in one request.
    pub max_clusters_per_request: usize,
    /// Maximum size of a user's reason for disabling a rule, in bytes.
    pub max_feedback_bytes: usize,
    /// Base URL of the service that predicts the risks of upgrades; absent means that there are no predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_risks_url: Option<String>,
    /// How data is inserted into rendered texts, unless a request says otherwise.
    pub escaping: Escaping,
    /// Prefix of the metrics' names; may be empty.
    pub metrics_namespace: String,
    /// Time limit of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_timeout: Duration,
    /// Time for requests in flight to finish after the signal to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
    /// Names of clusters, by their ids, where account management does not know them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cluster_names: BTreeMap<String, String>,
    /// The source of cluster names and lists beside the database.
    pub account_management: AccountManagement,
}

/// How data is inserted into rendered texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Escaping {
    /// As it is, as by the renderer of templates.
    #[default]
    None,
    /// With `*`, `~` and `_` at the edge of a word escaped, as by the Advisor page: the texts are rendered as Markdown.
    Markdown,
}

impl Escaping {
    /// Parses the name of a value.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }
}

/// The account management API of OpenShift Cluster Manager, which knows the names and the states of clusters.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountManagement {
    /// Base URL, such as `https://api.openshift.com`; absent means that names and lists come from the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// URL of the tokens for the client credentials.
    pub token_url: String,
    /// Id of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Secret of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// File with the secret of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// PEM file of the authorities that sign the servers' certificates, in addition to the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Number of subscriptions in one request.
    pub page_size: u32,
    /// Time for which a list is used.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub cache: Duration,
    /// Time limit of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub timeout: Duration,
}

impl Default for SmartProxy {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8004)),
            api_prefix: "/api/insights-results-aggregator/".into(),
            content_api_prefix: "/api/v1/".into(),
            stale_after: Duration::from_hours(24),
            max_cache: ByteSize::mib(64),
            max_snapshots: ByteSize::mib(64),
            max_stale_answers: ByteSize::mib(64),
            max_stale_age: Duration::from_hours(24),
            max_body: ByteSize::mib(1),
            max_clusters_per_request: 10_000,
            max_feedback_bytes: 255,
            upgrade_risks_url: None,
            escaping: Escaping::None,
            metrics_namespace: "insights_results_smart_proxy".into(),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(25),
            cluster_names: BTreeMap::new(),
            account_management: AccountManagement::default(),
        }
    }
}

impl Default for AccountManagement {
    fn default() -> Self {
        Self {
            url: None,
            token_url: "https://sso.redhat.com/auth/realms/redhat-external/protocol/openid-connect/token"
                .into(),
            client_id: None,
            client_secret: None,
            client_secret_file: None,
            ca_file: None,
            page_size: 500,
            cache: Duration::from_mins(5),
            timeout: Duration::from_secs(10),
        }
    }
}

impl SmartProxy {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        for (key, prefix) in [
            ("smart_proxy.api_prefix", &self.api_prefix),
            ("smart_proxy.content_api_prefix", &self.content_api_prefix),
        ] {
            if !is_plain_path(prefix) {
                problems.push(Problem::new(
                    key,
                    "must begin and end with / and contain letters, digits, -, _, . and /",
                ));
            }
        }
        if self.api_prefix == self.content_api_prefix {
            problems.push(Problem::new(
                "smart_proxy.content_api_prefix",
                "is the same as smart_proxy.api_prefix",
            ));
        }
        if self.max_clusters_per_request == 0 {
            problems.push(Problem::new("smart_proxy.max_clusters_per_request", "is 0; at least 1 is needed"));
        }
        if self.request_timeout.is_zero() {
            problems.push(Problem::new("smart_proxy.request_timeout", "is 0; give a duration such as 30s"));
        }
        if let Some(url) = &self.upgrade_risks_url {
            check_url("smart_proxy.upgrade_risks_url", url, problems);
        }
        check_metrics_namespace("smart_proxy.metrics_namespace", &self.metrics_namespace, problems);
        self.account_management.check(problems);
    }
}

impl AccountManagement {
    /// Returns the secret of the client: the value, or the content of the file.
    pub fn secret(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.client_secret.as_ref(), self.client_secret_file.as_ref())
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        let Some(url) = &self.url else { return };
        check_url("smart_proxy.account_management.url", url, problems);
        check_url("smart_proxy.account_management.token_url", &self.token_url, problems);
        if self.client_id.is_none() {
            problems.push(Problem::new("smart_proxy.account_management.client_id", "is missing"));
        }
        let (secret, file) = (self.client_secret.as_ref(), self.client_secret_file.as_ref());
        problems.extend(check_given_once("smart_proxy.account_management.client_secret", secret, file));
        if self.client_secret.is_none() && self.client_secret_file.is_none() {
            let key = "smart_proxy.account_management.client_secret_file";
            problems.push(Problem::new(key, "is missing; give the file with the client's secret"));
        }
        if self.page_size == 0 {
            problems
                .push(Problem::new("smart_proxy.account_management.page_size", "is 0; at least 1 is needed"));
        }
    }
}

fn check_url(key: &'static str, url: &str, problems: &mut Vec<Problem>) {
    if !HTTP_URL.matches(url) {
        problems.push(Problem::new(key, format!("is invalid: {}", HTTP_URL.advice)));
    }
}
