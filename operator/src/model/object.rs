//! The typed object of a child. It becomes JSON once, when it is applied.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::{CronJob, Job},
    core::v1::{
        ConfigMap, Container, PersistentVolumeClaim, PodTemplateSpec, Secret, Service, ServiceAccount,
    },
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
};
use kube::core::{DynamicObject, ObjectMeta, TypeMeta};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::{
    kind::Kind,
    names::{ROLE_LABEL, main_container_name},
};

macro_rules! objects {
    ($($kind:ident),+ $(,)?) => {
        /// The object of a child.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the names are those of Kubernetes")]
        pub enum Object {
            $($kind(Box<$kind>),)+
            /// An object of an extension, for which `k8s-openapi` has no type.
            Extension(Box<Extension>),
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Box::new(object))
            }
        })+

        impl Object {
            /// Parses an object of this `kind`, with or without its type fields.
            ///
            /// # Errors
            ///
            /// Returns an error if a field has another type than in the API of Kubernetes.
            pub fn parse(kind: Kind, object: Value) -> serde_json::Result<Self> {
                match kind {
                    $(Kind::$kind => serde_json::from_value::<$kind>(object).map(Self::from),)+
                    _ => Extension::parse(kind, object).map(Self::from),
                }
            }

            /// Returns its kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)+
                    Self::Extension(object) => object.kind,
                }
            }

            /// Returns its metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self {
                    $(Self::$kind(object) => &object.metadata,)+
                    Self::Extension(object) => &object.metadata,
                }
            }

            /// Returns its metadata, to be changed.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self {
                    $(Self::$kind(object) => &mut object.metadata,)+
                    Self::Extension(object) => &mut object.metadata,
                }
            }

            fn to_value(&self) -> serde_json::Result<Value> {
                match self {
                    $(Self::$kind(object) => serde_json::to_value(object),)+
                    Self::Extension(object) => Ok(serde_json::json!({"spec": object.spec})),
                }
            }
        }
    };
}

objects! {
    ServiceAccount,
    ConfigMap,
    Secret,
    Service,
    PersistentVolumeClaim,
    NetworkPolicy,
    PodDisruptionBudget,
    StatefulSet,
    Job,
    CronJob,
    Deployment,
    HorizontalPodAutoscaler,
    Ingress,
}

/// An object of an extension.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// Its kind.
    pub kind: Kind,
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its spec, as the documentation of the extension has it.
    pub spec: Value,
}

impl Extension {
    fn parse(kind: Kind, object: Value) -> serde_json::Result<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Parts {
            metadata: ObjectMeta,
            spec: Value,
        }
        let Parts { metadata, spec } = serde_json::from_value(object)?;
        Ok(Self { kind, metadata, spec })
    }
}

impl From<Extension> for Object {
    fn from(object: Extension) -> Self {
        Self::Extension(Box::new(object))
    }
}

impl Object {
    /// Returns the typed form of a live object; `None` if the API server knows other types of its fields.
    pub(crate) fn from_live(kind: Kind, live: &DynamicObject) -> Option<Self> {
        Self::parse(kind, serde_json::to_value(live).ok()?).ok()
    }

    /// Returns the form in which it is sent to the API server.
    ///
    /// # Panics
    ///
    /// Never: the types of Kubernetes have text keys only, so that they are JSON.
    pub fn to_dynamic(&self) -> DynamicObject {
        let mut data =
            self.to_value().expect("types of Kubernetes have text keys only, so that they are JSON");
        if let Some(fields) = data.as_object_mut() {
            for field in ["apiVersion", "kind", "metadata"] {
                fields.remove(field);
            }
        }
        let kind = self.kind();
        let types = TypeMeta { api_version: kind.api_version(), kind: kind.name().to_owned() };
        DynamicObject { types: Some(types), metadata: self.metadata().clone(), data }
    }

    /// Returns the replicas of a Deployment or StatefulSet.
    pub fn replicas(&self) -> Option<i32> {
        match self {
            Self::Deployment(deployment) => deployment.spec.as_ref()?.replicas,
            Self::StatefulSet(set) => set.spec.as_ref()?.replicas,
            _ => None,
        }
    }

    /// Returns the pod template of a Deployment, StatefulSet or Job.
    pub fn pod_template(&self) -> Option<&PodTemplateSpec> {
        match self {
            Self::Deployment(deployment) => Some(&deployment.spec.as_ref()?.template),
            Self::StatefulSet(set) => Some(&set.spec.as_ref()?.template),
            Self::Job(job) => Some(&job.spec.as_ref()?.template),
            _ => None,
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_dynamic().serialize(serializer)
    }
}

/// Returns the role in the labels of an object or pod; empty when absent.
pub(crate) fn role(metadata: &ObjectMeta) -> &str {
    metadata.labels.as_ref().and_then(|labels| labels.get(ROLE_LABEL)).map_or("", String::as_str)
}

/// Returns the container named after the role of the pod: others may be injected before it.
pub(crate) fn main_container(template: &PodTemplateSpec) -> Option<&Container> {
    let name = main_container_name(template.metadata.as_ref().map_or("", role));
    let containers = &template.spec.as_ref()?.containers;
    containers.iter().find(|container| container.name == name).or(containers.first())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn typed_object_becomes_dynamic_object_with_its_type() {
        let metadata = ObjectMeta { name: Some("a".into()), ..ObjectMeta::default() };
        let data = Some([("key".to_owned(), "value".to_owned())].into());
        let map = Object::from(ConfigMap { metadata, data, ..ConfigMap::default() });
        let expected = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"key": "value"}});
        assert_eq!(serde_json::to_value(map).unwrap(), expected);
    }

    #[test]
    fn every_kind_is_parsed_and_written() {
        for kind in Kind::ALL {
            let written =
                json!({"apiVersion": kind.api_version(), "kind": kind.name(), "metadata": {"name": "a"}});
            let object = Object::parse(kind, written).unwrap();
            assert_eq!((object.kind(), object.metadata().name.as_deref()), (kind, Some("a")));
            assert_eq!(Object::from_live(kind, &object.to_dynamic()), Some(object));
        }
    }
}
