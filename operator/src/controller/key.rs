//! Which resource: the name by which everything about one `CcxPipeline` is found.

use std::{collections::BTreeMap, fmt, sync::Arc};

use ccx_crds::CcxPipeline;
use kube::{core::ObjectMeta, runtime::reflector::ObjectRef};

use super::partial::Partial;
use crate::component::MANAGER;

/// Says who takes care of an object.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Says to which resource an object belongs.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";

/// Namespace and name of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Its namespace, which is that of its children.
    pub(crate) namespace: Arc<str>,
    /// Its name.
    pub(crate) name: Arc<str>,
}

impl Key {
    /// The resource of this name.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The resource itself.
    pub(crate) fn of(pipeline: &CcxPipeline) -> Self {
        Self::of_metadata(&pipeline.metadata)
    }

    /// The resource that this metadata is of.
    pub(crate) fn of_metadata(metadata: &ObjectMeta) -> Self {
        Self::new(
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        )
    }

    /// The resource that a child belongs to, by its labels: what is retained has no owner.
    pub(crate) fn of_child(metadata: &ObjectMeta) -> Option<Self> {
        let labels = metadata.labels.as_ref()?;
        is_managed(labels).then(|| Self::of_instance(metadata, labels))?
    }

    /// The resource that a pod belongs to.
    pub(crate) fn of_pod(metadata: &ObjectMeta) -> Option<Self> {
        Self::of_instance(metadata, metadata.labels.as_ref()?)
    }

    /// What the controller's machinery calls it.
    pub(crate) fn object_ref(&self) -> ObjectRef<Partial<CcxPipeline>> {
        ObjectRef::new(&self.name).within(&self.namespace)
    }

    fn of_instance(metadata: &ObjectMeta, labels: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self::new(metadata.namespace.as_deref()?, labels.get(INSTANCE)?))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

fn is_managed(labels: &BTreeMap<String, String>) -> bool {
    labels.get(MANAGED_BY).is_some_and(|manager| manager == MANAGER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(labels: &[(&str, &str)]) -> ObjectMeta {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        ObjectMeta { namespace: Some("ns".into()), labels: Some(labels), ..ObjectMeta::default() }
    }

    #[test]
    fn a_child_belongs_to_the_instance_in_its_labels_when_we_manage_it() {
        let ours = metadata(&[(MANAGED_BY, "ccx-operator"), (INSTANCE, "ccx")]);
        assert_eq!(Key::of_child(&ours), Some(Key::new("ns", "ccx")));
        let theirs = metadata(&[(MANAGED_BY, "Helm"), (INSTANCE, "ccx")]);
        assert_eq!(Key::of_child(&theirs), None);
        assert_eq!(Key::of_child(&metadata(&[])), None);
    }
}
