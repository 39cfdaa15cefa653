//! The key of a `CcxPipeline`: its namespace and name.

use std::{fmt, sync::Arc};

use ccx_crds::CcxPipeline;
use kube::core::ObjectMeta;

use super::names::PIPELINE_LABEL;

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

    /// Returns the resource that an object belongs to, by its label: retained children have no owner.
    pub(crate) fn from_labels(metadata: &ObjectMeta) -> Option<Self> {
        let labels = metadata.labels.as_ref()?;
        Some(Self::new(metadata.namespace.as_deref()?, labels.get(PIPELINE_LABEL)?))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(labels: &[(&str, &str)]) -> ObjectMeta {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        ObjectMeta { namespace: Some("ns".into()), labels: Some(labels), ..ObjectMeta::default() }
    }

    #[test]
    fn object_belongs_to_resource_in_our_label() {
        let ours = metadata(&[(PIPELINE_LABEL, "ccx"), ("app.kubernetes.io/managed-by", "Helm")]);
        assert_eq!(Key::from_labels(&ours), Some(Key::new("ns", "ccx")));
        assert_eq!(Key::from_labels(&metadata(&[("app.kubernetes.io/instance", "ccx")])), None);
    }
}
