//! Where the logs of the cluster are collected, in its older form.

use serde::Deserialize;

use super::{Int, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of logging; there is one.
pub const CLUSTER_LOGGING: Input = Input::documents(
    "cluster_logging",
    &[Location::new("config/logging/openshift-logging/*.json").since(4, 9)],
    |context| context.cluster_logging().is_some(),
);

impl<'a> Context<'a> {
    /// The document of [`CLUSTER_LOGGING`].
    pub fn cluster_logging(&self) -> Option<&ClusterLogging<'a>> {
        let parse = || self.files(&CLUSTER_LOGGING).iter().find_map(parse_object);
        self.documents.cluster_logging.get_or_init(parse).as_ref()
    }
}

/// A `ClusterLogging`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterLogging<'a> {
    /// What is wanted.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// What is wanted of logging.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// Where logs are kept.
    #[serde(borrow)]
    pub log_store: Object<LogStore<'a>>,
    /// What collects them.
    pub collection: Object<Collection<'a>>,
}

/// Where logs are kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogStore<'a> {
    /// In Elasticsearch.
    #[serde(borrow)]
    pub elasticsearch: Option<Object<Elasticsearch<'a>>>,
}

/// An Elasticsearch.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Elasticsearch<'a> {
    /// How many pods it has.
    pub node_count: Int,
    /// How many copies of each log it keeps, such as `SingleRedundancy`.
    #[serde(borrow)]
    pub redundancy_policy: Text<'a>,
}

/// What collects logs. Older versions tell it one level below.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Collection<'a> {
    /// `fluentd` or `vector`.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// The same in older versions.
    pub logs: Object<Collector<'a>>,
}

impl Collection<'_> {
    /// The name of the collector.
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
