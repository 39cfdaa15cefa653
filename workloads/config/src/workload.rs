//! `[pipeline]`, `[writer]` and `[aggregator]`

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, size};

/// `ccx-data-pipeline`: from announced archives to results.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pipeline {
    /// Where metrics and health are served.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The consumer group.
    pub group: String,
    /// Announcements whose `service` header says something else are not for us.
    pub service: String,
    /// Announcements older than this are skipped: the cluster has sent a newer archive since. `0s` means never.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub max_record_age: Duration,
    /// Most archives that are downloaded at the same time.
    pub max_downloads: usize,
    /// Threads that unpack archives and run rules; 0 means one for each core.
    pub workers: usize,
    /// Most memory for archives that are downloaded, unpacked or waiting. One archive is always let through.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_bytes_in_flight: ByteSize,
    /// How long connecting to the object storage may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_connect_timeout: Duration,
    /// How long a download may stand still.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_read_timeout: Duration,
    /// How long a whole download may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_timeout: Duration,
    /// How long one rule may work on one archive.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub rule_timeout: Duration,
    /// How long work in flight is given to finish when the process is asked to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

/// `insights-results-db-writer`: from results to rows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Writer {
    /// Where metrics and health are served.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The consumer group.
    pub group: String,
    /// Most messages in one transaction.
    pub max_batch_messages: usize,
    /// Most bytes in one transaction.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_batch_bytes: ByteSize,
    /// How long a batch waits for more messages.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub linger: Duration,
    /// CSV file with the organisations whose results are stored; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_allowlist_file: Option<PathBuf>,
    /// Prefix of the metrics' names.
    pub metrics_namespace: String,
    /// How long a batch in flight is given to finish when the process is asked to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

/// `insights-results-aggregator`: from rows to REST.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Aggregator {
    /// Where the API, metrics and health are served.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The path before every endpoint.
    pub api_prefix: String,
    /// Who may ask.
    pub authentication: Authentication,
    /// Clusters without a report in this time are left out of an organisation's list.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub org_overview_limit: Duration,
    /// Most memory for answers that are kept ready.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_cache: ByteSize,
    /// Largest body of a request.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_body: ByteSize,
    /// Most clusters in one request.
    pub max_clusters_per_request: usize,
    /// Prefix of the metrics' names.
    pub metrics_namespace: String,
    /// How long a request may take.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub request_timeout: Duration,
    /// How long requests in flight are given to finish when the process is asked to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

/// Who may ask the aggregator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// Everyone: something in front of it authenticates.
    None,
    /// Who brings an `x-rh-identity` header, for the organisation in it.
    XRhIdentity,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8000)),
            group: "ccx_data_pipeline_extractor".into(),
            service: "openshift".into(),
            max_record_age: Duration::from_hours(2),
            max_downloads: 16,
            workers: 0,
            max_bytes_in_flight: ByteSize::mib(256),
            download_connect_timeout: Duration::from_secs(5),
            download_read_timeout: Duration::from_secs(15),
            download_timeout: Duration::from_mins(2),
            rule_timeout: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 9000)),
            group: "ccx_data_pipeline_app".into(),
            max_batch_messages: 200,
            max_batch_bytes: ByteSize::mib(8),
            linger: Duration::from_millis(5),
            org_allowlist_file: None,
            metrics_namespace: "insights_results_db_writer".into(),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Default for Aggregator {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 10000)),
            api_prefix: "/api/v1/".into(),
            authentication: Authentication::XRhIdentity,
            org_overview_limit: Duration::from_hours(3),
            max_cache: ByteSize::mib(64),
            max_body: ByteSize::mib(1),
            max_clusters_per_request: 10_000,
            metrics_namespace: "insights_results_aggregator".into(),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Pipeline {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.group.is_empty() {
            problems.push(Problem::new("pipeline.group", "is empty; give the consumer group's name"));
        }
        if self.max_downloads == 0 {
            problems.push(Problem::new("pipeline.max_downloads", "is 0; at least 1 is needed"));
        }
    }
}

impl Writer {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.group.is_empty() {
            problems.push(Problem::new("writer.group", "is empty; give the consumer group's name"));
        }
        if self.max_batch_messages == 0 {
            problems.push(Problem::new("writer.max_batch_messages", "is 0; at least 1 is needed"));
        }
        check_metrics_namespace("writer.metrics_namespace", &self.metrics_namespace, problems);
    }
}

impl Aggregator {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if !is_plain_path(&self.api_prefix) {
            let reason = format!(
                "{:?} must begin and end with / and otherwise consist of letters, digits, -, _ and .",
                self.api_prefix
            );
            problems.push(Problem::new("aggregator.api_prefix", reason));
        }
        check_metrics_namespace("aggregator.metrics_namespace", &self.metrics_namespace, problems);
    }
}

fn check_metrics_namespace(key: &'static str, namespace: &str, problems: &mut Vec<Problem>) {
    let is_valid = namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_valid {
        problems.push(Problem::new(key, format!("{namespace:?} must consist of letters, digits and _")));
    }
}

/// Other characters stand for parameters in a router.
fn is_plain_path(prefix: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    prefix.starts_with('/')
        && prefix.ends_with('/')
        && prefix.bytes().all(is_allowed)
        && !prefix.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_path() {
        for good in ["/", "/api/v1/", "/insights-results.aggregator_1/"] {
            assert!(is_plain_path(good), "{good}");
        }
        for bad in ["", "api/", "/api", "/{org}/", "/a//b/", "/*x/", "/ä/"] {
            assert!(!is_plain_path(bad), "{bad}");
        }
    }
}
