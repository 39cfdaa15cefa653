//! The children of a resource in their desired state.

use k8s_openapi::api::core::v1::Secret;

use super::{
    component::Component,
    kind::Kind,
    object::{Object, main_container, role},
    problem::Problem,
};

/// One child in its desired state. Its owner reference is added when it is applied, as [`Ownership`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Its component; none for objects that all components share, and for Jobs.
    pub component: Option<Component>,
    /// The stage in which it is applied.
    pub stage: Stage,
    /// Whether it is deleted with its resource.
    pub ownership: Ownership,
    /// How it is applied.
    pub apply: ApplyMode,
    /// Missing references that its pods need: while there are any, the child is neither created nor changed.
    pub missing: Vec<Problem>,
    /// The replicas with which a Deployment is created whose number an autoscaler decides.
    pub start_replicas: Option<i32>,
    /// Whether its pods connect to the database.
    pub uses_database: bool,
    /// The object, with name, namespace, labels and only the fields that the operator sets.
    pub object: Object,
}

/// The stages, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Objects without dependencies: ServiceAccounts, ConfigMaps, Services, NetworkPolicies,
    /// PodDisruptionBudgets.
    Foundation,
    /// The managed database, its Secret and its storage. Complete when its pod is ready.
    Database,
    /// Jobs that prepare the schema and the topics. Complete when they have succeeded.
    Migration,
    /// Deployments and their autoscalers.
    Workloads,
    /// Ingress traffic: Route, Ingress, HTTPRoute.
    Exposure,
    /// Monitoring: PodMonitor, PrometheusRule, dashboards.
    Monitoring,
}

/// Whether a child is deleted with its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It has an owner reference and is garbage-collected.
    Owned,
    /// It has no owner reference and is retained, so that a new resource of the same name adopts it. It is
    /// never an orphan.
    Retained,
}

/// How a child is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyMode {
    /// By server-side apply, whenever it differs.
    Apply,
    /// Created when it does not exist. Its owner reference and labels are kept up to date; its data never
    /// changes.
    CreateOnce {
        /// The data that is generated.
        generate: Generate,
    },
}

/// The generated data of a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Generate {
    /// A random value for each of these keys.
    Passwords(Vec<String>),
    /// A certificate for these hosts, its key, and the authority that signs it. It is renewed before it expires.
    Certificates {
        /// The names of the server.
        hosts: Vec<String>,
    },
}

/// All children of a resource, in the order in which they are applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Children(Vec<Child>);

impl Child {
    /// Returns a child that is owned and applied.
    pub fn new(component: impl Into<Option<Component>>, stage: Stage, object: impl Into<Object>) -> Self {
        Self {
            component: component.into(),
            stage,
            ownership: Ownership::Owned,
            apply: ApplyMode::Apply,
            missing: Vec::new(),
            start_replicas: None,
            uses_database: false,
            object: object.into(),
        }
    }

    /// Returns a Secret that is created once, with generated data.
    pub fn generated_secret(component: Component, stage: Stage, secret: Secret, generate: Generate) -> Self {
        Self { apply: ApplyMode::CreateOnce { generate }, ..Self::new(component, stage, secret) }
    }

    /// Sets the ownership.
    #[must_use]
    pub fn with_ownership(self, ownership: Ownership) -> Self {
        Self { ownership, ..self }
    }

    /// Sets the missing references that its pods need.
    #[must_use]
    pub fn with_missing(self, missing: Vec<Problem>) -> Self {
        Self { missing, ..self }
    }

    /// Sets the replicas with which a Deployment is created whose number an autoscaler decides.
    #[must_use]
    pub fn with_start_replicas(self, start_replicas: Option<i32>) -> Self {
        Self { start_replicas, ..self }
    }

    /// Sets whether its pods connect to the database.
    #[must_use]
    pub fn with_database(self, uses_database: bool) -> Self {
        Self { uses_database, ..self }
    }

    /// Returns its kind.
    pub fn kind(&self) -> Kind {
        self.object.kind()
    }

    /// Returns the name of the object.
    pub fn name(&self) -> &str {
        self.object.metadata().name.as_deref().unwrap_or_default()
    }

    /// Returns the namespace of the object.
    pub fn namespace(&self) -> &str {
        self.object.metadata().namespace.as_deref().unwrap_or_default()
    }

    /// Returns its role: the name of a component, or the purpose of a Job, such as `migration`.
    pub fn role(&self) -> &str {
        role(self.object.metadata())
    }

    /// Returns the image of the main container of its pods.
    pub fn image(&self) -> Option<&str> {
        main_container(self.object.pod_template()?)?.image.as_deref()
    }

    /// Returns the number of pods that the spec guarantees: the replicas, or the minimum of the autoscaler.
    pub fn floor(&self) -> Option<i32> {
        self.object.replicas().or(self.start_replicas)
    }
}

impl Children {
    /// Sorts `children` by stage; within a stage their order is kept.
    pub fn new(mut children: Vec<Child>) -> Self {
        children.sort_by_key(|child| child.stage);
        Self(children)
    }

    /// Iterates in the order in which they are applied.
    pub fn iter(&self) -> std::slice::Iter<'_, Child> {
        self.0.iter()
    }

    /// Returns the children of one stage.
    pub fn stage(&self, stage: Stage) -> impl Iterator<Item = &Child> {
        self.iter().filter(move |child| child.stage == stage)
    }

    /// Returns the missing references of all children.
    pub fn missing(&self) -> Vec<Problem> {
        let mut missing: Vec<Problem> = Vec::new();
        for problem in self.iter().flat_map(|child| &child.missing) {
            if !missing.contains(problem) {
                missing.push(problem.clone());
            }
        }
        missing
    }

    /// Returns the child of this kind and name.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Child> {
        self.iter().find(|child| child.kind() == kind && child.name() == name)
    }

    /// Returns the Deployment or StatefulSet of a component.
    pub fn workload(&self, component: Component) -> Option<&Child> {
        let is_workload = |child: &&Child| matches!(child.kind(), Kind::Deployment | Kind::StatefulSet);
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

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::ObjectMeta;

    use super::*;

    #[test]
    fn children_are_sorted_by_stage_and_keep_their_order_within() {
        let child = |name: &str, stage| {
            let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
            Child::new(None, stage, ConfigMap { metadata, ..ConfigMap::default() })
        };
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
