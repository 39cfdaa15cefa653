//! Names and labels of the objects of a resource.

use std::collections::BTreeMap;

/// The value of `app.kubernetes.io/name`.
pub const PRODUCT: &str = "ccx";

/// The value of `app.kubernetes.io/managed-by`, and the field manager of everything that the operator
/// applies.
pub const MANAGER: &str = "ccx-operator";

/// The label that names the resource of an object. Objects are selected by labels of our own: tools such as
/// Argo CD and Helm write the recommended ones.
pub const PIPELINE_LABEL: &str = "ccx.openshift.io/pipeline";

/// The label that names the role of an object: a component, or the purpose of a Job.
pub const ROLE_LABEL: &str = "ccx.openshift.io/role";

/// The recommended label by which Argo CD recognizes the objects of an application.
const INSTANCE: &str = "app.kubernetes.io/instance";

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
    BTreeMap::from([(PIPELINE_LABEL.into(), pipeline.into()), (ROLE_LABEL.into(), role.into())])
}

/// Returns the labels of every child with this `role`.
pub fn labels(pipeline: &str, role: &str) -> BTreeMap<String, String> {
    let mut labels = retained_labels(pipeline, role);
    labels.insert(INSTANCE.into(), pipeline.into());
    labels
}

/// Returns the labels of a child that can outlive its resource: without the one by which Argo CD would take
/// an object without an owner for a part of an application, and prune it.
pub fn retained_labels(pipeline: &str, role: &str) -> BTreeMap<String, String> {
    let mut labels = selector(pipeline, role);
    let recommended = [("name", PRODUCT), ("component", role), ("part-of", PRODUCT), ("managed-by", MANAGER)];
    labels.extend(recommended.map(|(key, value)| (format!("app.kubernetes.io/{key}"), value.to_owned())));
    labels
}

/// Returns the name of the Secret that the operator generates for the managed database.
pub fn generated_secret(pipeline: &str) -> String {
    object_name(pipeline, super::component::Component::Database.name())
}

/// Returns the name of the Secret with the generated certificate of the managed database.
pub fn certificate_secret(pipeline: &str) -> String {
    format!("{}-tls", generated_secret(pipeline))
}

/// Returns the name of the Secret that the operator generates for the forms and sessions of the Advisor page.
pub fn page_secret(pipeline: &str) -> String {
    object_name(pipeline, super::component::PAGE)
}

/// Returns the name of the main container of the pods with this `role`.
pub(crate) fn main_container_name(role: &str) -> &str {
    if role == super::component::Component::Database.name() { DATABASE_CONTAINER } else { role }
}
