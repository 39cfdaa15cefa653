//! Formats children as YAML.

use crate::model::resources::{Child, Children};

/// Returns one document per child, in the order in which they are applied.
///
/// # Panics
///
/// Never: Kubernetes' objects are maps with text keys, lists and scalars.
pub fn documents(children: &Children) -> String {
    children.iter().map(document).collect()
}

fn document(child: &Child) -> String {
    let object =
        serde_saphyr::to_string(&child.object).expect("maps, lists and scalars can be written as YAML");
    format!("---\n{}\n", object.trim_end())
}
