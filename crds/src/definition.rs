//! The CustomResourceDefinition.

use kube::CustomResourceExt;

use crate::CcxPipeline;

/// The comment before the generated YAML.
const HEADER: &str = "# Generated from the types of the crate ccx-crds; `make generate` writes this file.\n";

/// Returns the CustomResourceDefinition as a YAML document.
///
/// # Panics
///
/// Never: the definition is made of maps with text keys, lists and scalars.
pub fn crd_yaml() -> String {
    let definition =
        serde_saphyr::to_string(&CcxPipeline::crd()).expect("maps, lists and scalars can be written as YAML");
    format!("{HEADER}{definition}")
}
