//! The objects that a resource consists of, as they should be.

use k8s_openapi::api::core::v1::Secret;
use kube::core::{DynamicObject, ObjectMeta, TypeMeta};
use serde::Serialize;
use serde_json::Value;

use crate::model::{component::Component, kind::Kind, problem::Problem};

/// One object as it should be, without an owner reference: who applies it adds that, as [`Ownership`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// The part that it belongs to; none for what belongs to all, and for Jobs.
    pub component: Option<Component>,
    /// What must be ready before it is applied.
    pub stage: Stage,
    /// Whether it goes with its resource.
    pub ownership: Ownership,
    /// How it is applied.
    pub apply: ApplyMode,
    /// What its pods need and does not exist: until it does, the child is neither made nor changed.
    pub missing: Vec<Problem>,
    /// With how many pods a Deployment starts of which something else decides the number.
    pub start_replicas: Option<u32>,
    /// Its kind; `object.types` says the same in the API server's words.
    pub kind: Kind,
    /// The object, with name, namespace, labels and only the fields that we decide.
    pub object: DynamicObject,
}

/// The gates, in their order: a stage is applied when everything of the stages before it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What others need and what needs nothing: ServiceAccounts, ConfigMaps, Services, NetworkPolicies, PodDisruptionBudgets.
    Foundation,
    /// The managed database, its Secret and its storage. Ready when its pod is.
    Database,
    /// Jobs that prepare the tables and the topics. Ready when they have succeeded.
    Migration,
    /// Deployments and what scales them.
    Workloads,
    /// What leads into the cluster: Route, Ingress, HTTPRoute.
    Exposure,
    /// What watches: PodMonitor, PrometheusRule, dashboards.
    Monitoring,
}

/// Whether a child goes with its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It has an owner reference and is garbage-collected.
    Owned,
    /// It has no owner reference and survives, so that a new resource of the same name takes it over. It is never an orphan.
    Retained,
}

/// How a child is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyMode {
    /// By server-side apply, whenever it differs.
    Apply,
    /// Only when it does not exist. Its owner reference and its labels are still kept up to date; its data never.
    CreateOnce {
        /// The keys of a Secret that get a random value each, made by who applies it.
        generate: Vec<String>,
    },
}

/// All objects of a resource, in the order of their application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Children(Vec<Child>);

impl Child {
    /// A child that is owned and applied; `object` is of this `kind`, with or without its type fields.
    pub fn new(
        kind: Kind,
        component: impl Into<Option<Component>>,
        stage: Stage,
        object: &impl Serialize,
    ) -> Self {
        Self {
            component: component.into(),
            stage,
            ownership: Ownership::Owned,
            apply: ApplyMode::Apply,
            missing: Vec::new(),
            start_replicas: None,
            kind,
            object: dynamic(kind, object),
        }
    }

    /// The same with another ownership.
    #[must_use]
    pub fn with_ownership(self, ownership: Ownership) -> Self {
        Self { ownership, ..self }
    }

    /// The same of which pods need what is `missing`.
    #[must_use]
    pub fn without(self, missing: Vec<Problem>) -> Self {
        Self { missing, ..self }
    }

    /// The same, a Deployment of which something else decides the number of pods, that starts with so many.
    #[must_use]
    pub fn starting_with(self, start_replicas: Option<u32>) -> Self {
        Self { start_replicas, ..self }
    }

    /// A Secret that is created once, with a random value for each key of `generate`.
    pub fn generated_secret(
        component: Component,
        stage: Stage,
        secret: &Secret,
        generate: Vec<String>,
    ) -> Self {
        Self {
            apply: ApplyMode::CreateOnce { generate },
            ..Self::new(Kind::Secret, component, stage, secret)
        }
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.object.metadata.name.as_deref().unwrap_or_default()
    }

    /// The object's namespace.
    pub fn namespace(&self) -> &str {
        self.object.metadata.namespace.as_deref().unwrap_or_default()
    }
}

impl Children {
    /// Puts them in order: by stage, and as they come within a stage.
    pub fn new(mut children: Vec<Child>) -> Self {
        children.sort_by_key(|child| child.stage);
        Self(children)
    }

    /// In the order of application.
    pub fn iter(&self) -> std::slice::Iter<'_, Child> {
        self.0.iter()
    }

    /// Those of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Child> {
        self.iter().filter(move |child| child.stage == stage)
    }

    /// What some of them need and does not exist.
    pub fn missing(&self) -> Vec<Problem> {
        let mut missing: Vec<Problem> = Vec::new();
        for problem in self.iter().flat_map(|child| &child.missing) {
            if !missing.contains(problem) {
                missing.push(problem.clone());
            }
        }
        missing
    }

    /// The one of this kind and name.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Child> {
        self.iter().find(|child| child.kind == kind && child.name() == name)
    }

    /// The Deployment or StatefulSet of a component.
    pub fn workload(&self, component: Component) -> Option<&Child> {
        let is_workload = |child: &&Child| matches!(child.kind, Kind::Deployment | Kind::StatefulSet);
        self.iter().filter(is_workload).find(|child| child.component == Some(component))
    }
}

impl<'a> IntoIterator for &'a Children {
    type Item = &'a Child;
    type IntoIter = std::slice::Iter<'a, Child>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn dynamic(kind: Kind, object: &impl Serialize) -> DynamicObject {
    let mut data =
        serde_json::to_value(object).expect("Kubernetes' types have text keys only, so that they are JSON");
    let metadata = take(&mut data, "metadata");
    take(&mut data, "apiVersion");
    take(&mut data, "kind");
    DynamicObject {
        types: Some(TypeMeta { api_version: kind.api_version(), kind: kind.name().to_owned() }),
        metadata: serde_json::from_value::<ObjectMeta>(metadata).unwrap_or_default(),
        data,
    }
}

fn take(object: &mut Value, key: &str) -> Value {
    object.as_object_mut().and_then(|fields| fields.remove(key)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn config_map(name: &str) -> ConfigMap {
        let metadata =
            ObjectMeta { name: Some(name.into()), namespace: Some("ns".into()), ..ObjectMeta::default() };
        ConfigMap { metadata, data: Some([("key".into(), "value".into())].into()), ..ConfigMap::default() }
    }

    #[test]
    fn a_typed_object_becomes_a_dynamic_one_with_its_type() {
        let child = Child::new(Kind::ConfigMap, Component::DbWriter, Stage::Foundation, &config_map("a"));
        let json = serde_json::to_value(&child.object).unwrap();
        let expected = serde_json::json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns"}, "data": {"key": "value"},
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn children_are_in_the_order_of_the_stages_and_otherwise_as_they_come() {
        let child = |name, stage| Child::new(Kind::ConfigMap, None, stage, &config_map(name));
        let children = Children::new(vec![
            child("monitoring", Stage::Monitoring),
            child("first", Stage::Foundation),
            child("workload", Stage::Workloads),
            child("second", Stage::Foundation),
        ]);
        let names: Vec<&str> = children.iter().map(Child::name).collect();
        assert_eq!(names, ["first", "second", "workload", "monitoring"]);
    }
}
