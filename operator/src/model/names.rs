//! Names and labels of the objects of a resource.

use std::collections::BTreeMap;

/// The value of `app.kubernetes.io/name`.
pub const PRODUCT: &str = "ccx";

/// The value of `app.kubernetes.io/managed-by`, and the field manager of everything that the operator applies.
pub const MANAGER: &str = "ccx-operator";

/// The label that names the manager of an object.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The label that names the resource of an object.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";

/// The label that names the role of an object: a component, or the purpose of a Job.
pub(crate) const ROLE: &str = "app.kubernetes.io/component";

/// The container of the managed database.
pub(crate) const DATABASE_CONTAINER: &str = "postgresql";

/// The role that owns the managed database.
pub(crate) const DATABASE_ROLE: &str = "ccx";

/// The database in the managed server.
pub(crate) const DATABASE_NAME: &str = "ccx-data-pipeline";

/// Returns the name of a child with this `role`: a component's name, or another one such as `migration`.
pub fn object_name(pipeline: &str, role: &str) -> String {
    format!("{pipeline}-{role}")
}

/// Returns the labels that select the pods with this `role`.
pub fn selector(pipeline: &str, role: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/name".into(), PRODUCT.into()),
        (INSTANCE.into(), pipeline.into()),
        (ROLE.into(), role.into()),
    ])
}

/// Returns the labels of every child with this `role`.
pub fn labels(pipeline: &str, role: &str) -> BTreeMap<String, String> {
    let mut labels = selector(pipeline, role);
    labels.insert("app.kubernetes.io/part-of".into(), PRODUCT.into());
    labels.insert(MANAGED_BY.into(), MANAGER.into());
    labels
}

/// Returns the name of the Secret that the operator generates for the managed database.
pub fn generated_secret(pipeline: &str) -> String {
    object_name(pipeline, super::component::Component::Database.name())
}

/// Returns the name of the main container of the pods with this `role`.
pub(crate) fn main_container_name(role: &str) -> &str {
    if role == super::component::Component::Database.name() { DATABASE_CONTAINER } else { role }
}
