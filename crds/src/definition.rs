//! The CustomResourceDefinition.

use std::fmt::Write as _;

use kube::CustomResourceExt;
use sha2::{Digest as _, Sha256};

use crate::CcxPipeline;

/// The comment before the generated YAML.
const HEADER: &str = "# Generated from the types of the crate ccx-crds; `make generate` writes this file.\n";

/// The annotation with the digest of the definition, by which the chart recognizes its own.
const DIGEST: &str = "ccx.openshift.io/definition-digest";

/// Returns the CustomResourceDefinition as a YAML document.
///
/// # Panics
///
/// Never: the definition is made of maps with text keys, lists and scalars.
pub fn crd_yaml() -> String {
    let mut definition = CcxPipeline::crd();
    let spec = serde_json::to_vec(&definition.spec).expect("maps, lists and scalars can be written as JSON");
    let mut digest = String::new();
    for byte in &Sha256::digest(spec)[..8] {
        let _ = write!(digest, "{byte:02x}");
    }
    definition.metadata.annotations.get_or_insert_default().insert(DIGEST.into(), digest);
    let text = serde_saphyr::to_string(&definition).expect("maps, lists and scalars can be written as YAML");
    format!("{HEADER}{text}")
}
