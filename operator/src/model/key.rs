//! The key of a `CcxPipeline`: its namespace and name.

use std::{collections::BTreeMap, fmt, sync::Arc};

use ccx_crds::CcxPipeline;
use kube::core::ObjectMeta;

use super::names::{INSTANCE, MANAGED_BY, MANAGER};

/// Namespace and name of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// Its namespace, which is that of its children.
    pub(crate) namespace: Arc<str>,
    /// Its name.
    pub(crate) name: Arc<str>,
}

impl Key {
    /// Returns the key of the resource of this name.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// Returns the key of a resource.
    pub(crate) fn from_pipeline(pipeline: &CcxPipeline) -> Self {
        Self::from_metadata(&pipeline.metadata)
    }

    /// Returns the key of the resource with this metadata.
    pub(crate) fn from_metadata(metadata: &ObjectMeta) -> Self {
        Self::new(
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        )
    }

    /// Returns the resource that a child belongs to, by its labels: retained children have no owner.
    pub(crate) fn from_child_labels(metadata: &ObjectMeta) -> Option<Self> {
        let labels = metadata.labels.as_ref()?;
        is_managed(labels).then(|| Self::from_instance_label(metadata, labels))?
    }

    /// Returns the resource that a pod belongs to.
    pub(crate) fn from_pod_labels(metadata: &ObjectMeta) -> Option<Self> {
        Self::from_instance_label(metadata, metadata.labels.as_ref()?)
    }

    fn from_instance_label(metadata: &ObjectMeta, labels: &BTreeMap<String, String>) -> Option<Self> {
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
    fn managed_child_belongs_to_instance_in_its_labels() {
        let ours = metadata(&[(MANAGED_BY, "ccx-operator"), (INSTANCE, "ccx")]);
        assert_eq!(Key::from_child_labels(&ours), Some(Key::new("ns", "ccx")));
        let theirs = metadata(&[(MANAGED_BY, "Helm"), (INSTANCE, "ccx")]);
        assert_eq!(Key::from_child_labels(&theirs), None);
        assert_eq!(Key::from_child_labels(&metadata(&[])), None);
    }
}
