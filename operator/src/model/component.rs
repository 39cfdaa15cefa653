//! The parts that run for as long as the resource exists, and what they are called.

use std::{collections::BTreeMap, fmt};

use super::names;

/// The role of the Job that prepares the tables, beside the names of the components.
pub(crate) const MIGRATION: &str = "migration";

/// The role of the Job that prepares the topics.
pub(crate) const TOPICS: &str = "topics";

/// A part that runs for as long as the resource exists.
///
/// The order is the order of suspension: who takes in new work stops first, who stores it stops after it has stored all, and the
/// database stops last. Resuming goes the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Turns announced archives into results.
    DataPipeline,
    /// Turns results into rows.
    DbWriter,
    /// Turns rows into REST.
    Aggregator,
    /// Holds the rows, when the operator runs the database.
    Database,
}

impl Component {
    /// All of them, in the order of suspension.
    pub const ALL: [Self; 4] = [Self::DataPipeline, Self::DbWriter, Self::Aggregator, Self::Database];

    /// The name in labels, logs, metrics and status.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataPipeline => "data-pipeline",
            Self::DbWriter => "insights-results-db-writer",
            Self::Aggregator => "insights-results-aggregator",
            Self::Database => "data-pipeline-db",
        }
    }

    /// The component of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|component| component.name() == name)
    }

    /// Where it listens: metrics and health for all but the database, and the API too for the aggregator.
    pub fn port(self) -> u16 {
        match self {
            Self::DataPipeline => 8000,
            Self::DbWriter => 9000,
            Self::Aggregator => 10000,
            Self::Database => 5432,
        }
    }

    /// What its Deployment or StatefulSet, its Service and its ServiceAccount are called.
    pub fn object_name(self, pipeline: &str) -> String {
        names::object_name(pipeline, self.name())
    }

    /// What its Deployment or StatefulSet selects its pods by. Never changes: selectors are immutable.
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
    fn a_resource_named_ccx_has_the_workloads_of_the_original_document() {
        let names = Component::ALL.map(|component| component.object_name("ccx"));
        assert_eq!(
            names,
            [
                "ccx-data-pipeline",
                "ccx-insights-results-db-writer",
                "ccx-insights-results-aggregator",
                "ccx-data-pipeline-db"
            ]
        );
    }

    #[test]
    fn a_component_is_found_by_its_name() {
        for component in Component::ALL {
            assert_eq!(Component::from_name(component.name()), Some(component));
        }
        assert_eq!(Component::from_name("migration"), None);
    }

    #[test]
    fn the_labels_contain_the_selector() {
        let labels = names::labels("ccx", Component::DbWriter.name());
        let is_labelled = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        assert!(Component::DbWriter.selector("ccx").iter().all(is_labelled));
        assert_eq!(labels["app.kubernetes.io/managed-by"], "ccx-operator");
    }
}
