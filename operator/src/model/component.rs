//! The components of a pipeline, and their names.

use std::{collections::BTreeMap, fmt};

use super::names;

/// The role of the Job that migrates the schema.
pub(crate) const MIGRATION: &str = "migration";

/// The role of the CronJob that deletes old reports.
pub(crate) const CLEANER: &str = "cleaner";

/// The role of the Secret of the Advisor page.
pub(crate) const PAGE: &str = "page";

/// The role of the Job that creates the topics.
pub(crate) const TOPICS: &str = "topics";

/// A component that runs as long as the resource exists.
///
/// The order is that of suspension: consumers of new work stop first, the writer stops after it has stored
/// everything, and the database stops last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Receives and announces archives, when asked for.
    Ingress,
    /// Turns announced archives into results.
    DataPipeline,
    /// Turns results into rows.
    DbWriter,
    /// Turns checks of workloads into rows, when asked for.
    WorkloadsWriter,
    /// Stores processed requests in Valkey, when asked for.
    RequestsWriter,
    /// Turns rows into REST.
    Aggregator,
    /// Serves the public API and the page, when asked for.
    SmartProxy,
    /// Holds the rows, when the operator runs the database.
    Database,
}

impl Component {
    /// All components, in the order of suspension.
    pub const ALL: [Self; 8] = [
        Self::Ingress,
        Self::DataPipeline,
        Self::DbWriter,
        Self::WorkloadsWriter,
        Self::RequestsWriter,
        Self::Aggregator,
        Self::SmartProxy,
        Self::Database,
    ];

    /// Returns the name in labels, logs, metrics and status.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::DataPipeline => "data-pipeline",
            Self::DbWriter => "insights-results-db-writer",
            Self::WorkloadsWriter => "dvo-writer",
            Self::RequestsWriter => "valkey-writer",
            Self::Aggregator => "insights-results-aggregator",
            Self::SmartProxy => "insights-results-smart-proxy",
            Self::Database => "data-pipeline-db",
        }
    }

    /// Returns the component of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }

    /// Returns the port on which it listens: that of the API for the aggregator, that of health and metrics for
    /// the other workloads.
    pub fn port(self) -> u16 {
        match self {
            Self::Ingress => 3000,
            Self::DataPipeline => 8000,
            Self::DbWriter => 8001,
            Self::WorkloadsWriter => 8002,
            Self::RequestsWriter => 8003,
            Self::Aggregator => 10000,
            Self::SmartProxy => 8004,
            Self::Database => 5432,
        }
    }

    /// Returns the port of health and metrics. That of the aggregator is not the one of the API, which may be
    /// exposed to the outside.
    pub fn health_port(self) -> u16 {
        match self {
            Self::Aggregator => 10001,
            Self::Ingress
            | Self::DataPipeline
            | Self::SmartProxy
            | Self::DbWriter
            | Self::WorkloadsWriter
            | Self::RequestsWriter
            | Self::Database => self.port(),
        }
    }

    /// Returns whether clients of other components call it.
    pub fn has_api(self) -> bool {
        matches!(self, Self::Ingress | Self::Aggregator | Self::SmartProxy)
    }

    /// Returns the name of its Deployment or StatefulSet, its Service and its ServiceAccount.
    pub fn object_name(self, pipeline: &str) -> String {
        names::object_name(pipeline, self.name())
    }

    /// Returns the selector of its pods, which never changes: selectors are immutable.
    pub fn selector(self, pipeline: &str) -> BTreeMap<String, String> {
        names::selector(pipeline, self.name())
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_named_ccx_has_workloads_of_original_document() {
        let names = Component::ALL.map(|component| component.object_name("ccx"));
        assert_eq!(
            names,
            [
                "ccx-ingress",
                "ccx-data-pipeline",
                "ccx-insights-results-db-writer",
                "ccx-dvo-writer",
                "ccx-valkey-writer",
                "ccx-insights-results-aggregator",
                "ccx-insights-results-smart-proxy",
                "ccx-data-pipeline-db"
            ]
        );
    }

    #[test]
    fn component_is_found_by_name() {
        for component in Component::ALL {
            assert_eq!(Component::from_name(component.name()), Some(component));
        }
        assert_eq!(Component::from_name("migration"), None);
    }

    #[test]
    fn labels_contain_selector() {
        let labels = names::labels("ccx", Component::DbWriter.name());
        let is_labelled = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        assert!(Component::DbWriter.selector("ccx").iter().all(is_labelled));
        assert_eq!(labels["app.kubernetes.io/managed-by"], "ccx-operator");
    }
}
