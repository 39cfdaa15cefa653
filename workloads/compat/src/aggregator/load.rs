//! Loading of the settings.

use std::{collections::BTreeMap, path::Path};

use toml::{Table, Value};

use super::{Settings, settings::OCP_RECOMMENDATIONS};
use crate::load::{LoadError, Sources};

/// The environment variable with the name of the configuration file.
pub const CONFIG_FILE_VARIABLE: &str = "INSIGHTS_RESULTS_AGGREGATOR_CONFIG_FILE";

const SOURCES: Sources =
    Sources { file_variable: CONFIG_FILE_VARIABLE, variable_prefix: "INSIGHTS_RESULTS_AGGREGATOR__" };

impl Settings {
    /// Reads the file that `variables` name, or `config.toml` in `directory` if it exists, and overrides it
    /// by the variables.
    pub fn load(directory: &Path, variables: &BTreeMap<String, String>) -> Result<Self, LoadError> {
        SOURCES.load(Some(directory), variables, rename_storage)
    }
}

/// Renames `[storage]`, the only storage of older releases, whose backend was that of the OCP recommendations. It has no effect
/// beside the sections that replaced it.
fn rename_storage(table: &mut Table) {
    let Some(storage) = table.remove("storage") else { return };
    if table.contains_key("ocp_recommendations_storage") || table.contains_key("dvo_recommendations_storage")
    {
        return;
    }
    table.insert("ocp_recommendations_storage".to_owned(), storage);
    let backend = table.entry("storage_backend").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(backend) = backend {
        backend.entry("use").or_insert_with(|| Value::String(OCP_RECOMMENDATIONS.to_owned()));
    }
}
