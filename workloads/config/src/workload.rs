//! `[pipeline]`, `[writer]`, `[dvo_writer]`, `[valkey_writer]` and `[aggregator]`

use std::{
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Config, PipelineRole, Problem, size};

/// `ccx-data-pipeline`: from announced archives to results.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pipeline {
    /// Address and port of metrics and health. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The parts of the work that this process does, which share one download of each archive: `rules`, `dvo-extractor`,
    /// `sha-extractor`, `archive-sync` and `rules-uploader`. The consumer group and the dead letters are those of the first of
    /// them, in this order.
    pub roles: Vec<PipelineRole>,
    /// The consumer group of a process with the role `rules`.
    pub group: String,
    /// Value of the `service` header of the announcements that are processed; others are ignored.
    pub service: String,
    /// Age after which an announcement is skipped, as the cluster has sent a newer archive since. `0s` means never.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub max_record_age: Duration,
    /// Maximum number of concurrent downloads.
    pub max_downloads: usize,
    /// Threads that unpack archives and run rules; 0 means one for each CPU of the container's limit, at most 8.
    pub workers: usize,
    /// Most memory for archives that are downloaded, unpacked or waiting; one archive at a time may exceed it. The memory limit
    /// must be at least this, `archive.max_unpacked` and 128 MiB.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_bytes_in_flight: ByteSize,
    /// Time limit of connecting to the object storage.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_connect_timeout: Duration,
    /// Time limit of a download without data.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_read_timeout: Duration,
    /// Time limit of a whole download.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub download_timeout: Duration,
    /// Time limit of one rule on one archive.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub rule_timeout: Duration,
    /// Time limit of reading one archive and running all rules on it. Waiting for memory does not count.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub archive_timeout: Duration,
    /// Time for work in flight to finish after the signal to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

/// `insights-results-db-writer`: from results to rows. The batches, the list of organisations and the shutdown are those of every
/// writer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Writer {
    /// Address and port of metrics and health. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The consumer group.
    pub group: String,
    /// The name in payload statuses and dead letters.
    pub service_name: String,
    /// Maximum number of messages in one transaction.
    pub max_batch_messages: usize,
    /// Maximum number of bytes in one transaction.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_batch_bytes: ByteSize,
    /// Shortest time between batches that are not full. A message on an idle topic does not wait.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub linger: Duration,
    /// CSV file with the organisations whose results are stored; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_allowlist_file: Option<PathBuf>,
    /// Prefix of the metrics' names; may be empty.
    pub metrics_namespace: String,
    /// Time for the batch in flight to finish after the signal to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub shutdown_timeout: Duration,
}

/// The writer of checked workloads: from `kafka.topics.workloads` to rows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DvoWriter {
    /// Address and port of metrics and health. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The consumer group.
    pub group: String,
    /// The name in payload statuses and dead letters.
    pub service_name: String,
    /// Prefix of the metrics' names; may be empty.
    pub metrics_namespace: String,
}

/// The writer of processed requests: from `kafka.topics.results` to `[valkey]`, else to the database.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ValkeyWriter {
    /// Address and port of metrics and health. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The consumer group.
    pub group: String,
    /// The name in payload statuses and dead letters.
    pub service_name: String,
    /// Prefix of the metrics' names; may be empty.
    pub metrics_namespace: String,
    /// Time for which a processed request is kept.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub expiration: Duration,
}

/// `insights-results-aggregator`: from rows to REST.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Aggregator {
    /// Address and port of the API. `[::]` listens on IPv4 and IPv6.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// Address and port of metrics and health; absent means those of the API.
    #[schemars(with = "Option<String>")]
    pub health_listen: Option<SocketAddr>,
    /// Path prefix of every endpoint.
    pub api_prefix: String,
    /// Authentication of requests.
    pub authentication: Authentication,
    /// Age of the last report after which a cluster is left out of an organisation's list.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub org_overview_limit: Duration,
    /// Maximum memory for cached responses.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_cache: ByteSize,
    /// Maximum size of a request's body.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_body: ByteSize,
    /// Maximum number of clusters in one request.
    pub max_clusters_per_request: usize,
    /// Maximum size of a user's reason for disabling a rule, in bytes.
    pub max_feedback_bytes: usize,
    /// Whether to serve the operations for debugging, which list organisations and delete reports.
    pub debug: bool,
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
}

/// Authentication of the aggregator's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// None: a proxy in front authenticates.
    None,
    /// An `x-rh-identity` header, which gives access to the organisation in it.
    XRhIdentity,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8000)),
            roles: vec![PipelineRole::Rules, PipelineRole::DvoExtractor],
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
            archive_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8001)),
            group: "ccx_data_pipeline_app".into(),
            service_name: "insights-results-db-writer".into(),
            max_batch_messages: 200,
            max_batch_bytes: ByteSize::mib(8),
            linger: Duration::from_millis(5),
            org_allowlist_file: None,
            metrics_namespace: "insights_results_db_writer".into(),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}

impl Default for DvoWriter {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8002)),
            group: "dvo_writer_app".into(),
            service_name: "dvo-writer".into(),
            metrics_namespace: "dvo_writer".into(),
        }
    }
}

impl Default for ValkeyWriter {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 8003)),
            group: "valkey_writer_app".into(),
            service_name: "valkey-writer".into(),
            metrics_namespace: "valkey_writer".into(),
            expiration: Duration::from_hours(24),
        }
    }
}

impl Default for Aggregator {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 10000)),
            health_listen: None,
            api_prefix: "/api/v1/".into(),
            authentication: Authentication::XRhIdentity,
            org_overview_limit: Duration::from_hours(3),
            max_cache: ByteSize::mib(64),
            max_body: ByteSize::mib(1),
            max_clusters_per_request: 10_000,
            max_feedback_bytes: 255,
            debug: false,
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
        check_service_name("writer.service_name", &self.service_name, problems);
        check_metrics_namespace("writer.metrics_namespace", &self.metrics_namespace, problems);
    }
}

impl DvoWriter {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.group.is_empty() {
            problems.push(Problem::new("dvo_writer.group", "is empty; give the consumer group's name"));
        }
        check_service_name("dvo_writer.service_name", &self.service_name, problems);
        check_metrics_namespace("dvo_writer.metrics_namespace", &self.metrics_namespace, problems);
    }
}

impl ValkeyWriter {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.group.is_empty() {
            problems.push(Problem::new("valkey_writer.group", "is empty; give the consumer group's name"));
        }
        if self.expiration < Duration::from_secs(1) {
            problems.push(Problem::new(
                "valkey_writer.expiration",
                "is less than a second; give a time such as 24h",
            ));
        }
        check_service_name("valkey_writer.service_name", &self.service_name, problems);
        check_metrics_namespace("valkey_writer.metrics_namespace", &self.metrics_namespace, problems);
    }
}

impl Aggregator {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if !is_plain_path(&self.api_prefix) {
            let reason = "must begin and end with / and otherwise consist of letters, digits, -, _ and .";
            problems.push(Problem::new("aggregator.api_prefix", reason));
        }
        check_metrics_namespace("aggregator.metrics_namespace", &self.metrics_namespace, problems);
    }
}

fn check_service_name(key: &'static str, name: &str, problems: &mut Vec<Problem>) {
    if name.is_empty() {
        problems.push(Problem::new(key, "is empty; give the name that statuses and dead letters have"));
    }
}

/// Returns the pairs of keys whose addresses can't be used at the same time on one machine.
pub(crate) fn port_conflicts(config: &Config) -> Vec<[&'static str; 2]> {
    let listeners = [
        ("pipeline.listen", Some(config.pipeline.listen)),
        ("writer.listen", Some(config.writer.listen)),
        ("dvo_writer.listen", Some(config.dvo_writer.listen)),
        ("valkey_writer.listen", Some(config.valkey_writer.listen)),
        ("aggregator.listen", Some(config.aggregator.listen)),
        ("ingress.listen", Some(config.ingress.listen)),
        ("smart_proxy.listen", Some(config.smart_proxy.listen)),
        ("aggregator.health_listen", config.aggregator.health_listen),
        ("ingress.health_listen", config.ingress.health_listen),
    ];
    let listeners: Vec<_> =
        listeners.into_iter().filter_map(|(key, address)| Some((key, address?))).collect();
    let earlier = |number: usize, address| {
        listeners[..number].iter().find(move |(_, other)| overlap(address, *other)).map(|(other, _)| *other)
    };
    let numbered = listeners.iter().enumerate();
    numbered.filter_map(|(number, (key, address))| Some([*key, earlier(number, *address)?])).collect()
}

/// Whether two sockets can't be open at the same time. Port 0 stands for any free one.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let is_any = |address: SocketAddr| address.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || is_any(a) || is_any(b))
}

pub(crate) fn check_metrics_namespace(key: &'static str, namespace: &str, problems: &mut Vec<Problem>) {
    let is_valid = namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_valid {
        problems.push(Problem::new(key, "must consist of letters, digits and _"));
    }
}

/// Other characters denote parameters in a router.
pub(crate) fn is_plain_path(prefix: &str) -> bool {
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
    fn is_plain_path_rejects_parameters_and_empty_parts() {
        for good in ["/", "/api/v1/", "/insights-results.aggregator_1/"] {
            assert!(is_plain_path(good), "{good}");
        }
        for bad in ["", "api/", "/api", "/{org}/", "/a//b/", "/*x/", "/ä/"] {
            assert!(!is_plain_path(bad), "{bad}");
        }
    }
}
