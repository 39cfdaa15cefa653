//! Cluster logging in its older form, a `ClusterLogging`.

use serde::Deserialize;

use super::{Int, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of logging.
pub const CLUSTER_LOGGING: Input = Input::documents(
    "cluster_logging",
    &[Location::new("config/logging/openshift-logging/*.json").since(4, 9)],
    |context| context.cluster_logging().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`CLUSTER_LOGGING`].
    pub fn cluster_logging(&self) -> Option<&ClusterLogging<'a>> {
        let parse = || self.files(&CLUSTER_LOGGING).iter().find_map(parse_object);
        self.documents.cluster_logging.get_or_init(parse).as_ref()
    }
}

/// A `ClusterLogging`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterLogging<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of logging.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The log store.
    #[serde(borrow)]
    pub log_store: Object<LogStore<'a>>,
    /// The log collector.
    pub collection: Object<Collection<'a>>,
}

/// The log store.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogStore<'a> {
    /// The Elasticsearch, if logs are stored in one.
    #[serde(borrow)]
    pub elasticsearch: Option<Object<Elasticsearch<'a>>>,
}

/// An Elasticsearch.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Elasticsearch<'a> {
    /// The number of pods.
    pub node_count: Int,
    /// The number of copies of each log, such as `SingleRedundancy`.
    #[serde(borrow)]
    pub redundancy_policy: Text<'a>,
}

/// The log collector; older versions have its type one level below.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Collection<'a> {
    /// `fluentd` or `vector`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// The collector in older versions.
    pub logs: Object<Collector<'a>>,
}

impl Collection<'_> {
    /// Returns the name of the collector.
    pub fn collector(&self) -> &str {
        if self.r#type.is_empty() { &self.logs.r#type } else { &self.r#type }
    }
}

/// A collector.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Collector<'a> {
    /// `fluentd` or `vector`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
}
