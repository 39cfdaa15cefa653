//! A child as it is applied: with its owner and its hash.

use ccx_crds::{ByteQuantity, CcxPipeline};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, OwnerReference};
use kube::{Resource as _, ResourceExt as _, core::DynamicObject};
use serde_json::{Value, json};

use crate::model::{
    annotations::APPLIED_HASH,
    digest::Digest,
    kind::Kind,
    names::MANAGER,
    resources::{ApplyMode, Child, Ownership},
};

/// A child that is ready to be applied.
pub(crate) struct Prepared<'a> {
    pub(crate) child: &'a Child,
    /// The object as it is created, with owner reference and hash.
    pub(crate) object: DynamicObject,
    /// The hash of the object.
    pub(crate) hash: String,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(child: &'a Child, pipeline: &CcxPipeline) -> Self {
        let mut object = child.object.clone();
        if child.ownership == Ownership::Owned {
            object.metadata.owner_references = owner(pipeline).map(|owner| vec![owner]);
        }
        let text = serde_json::to_vec(&object).expect("an object that was built from JSON is JSON");
        let hash = Digest::default().field(text).finish();
        object.metadata.annotations.get_or_insert_default().insert(APPLIED_HASH.into(), hash.clone());
        if let Some(replicas) = child.start_replicas {
            object.data["spec"]["replicas"] = json!(replicas);
        }
        Self { child, object, hash }
    }

    /// Whether an object that the operator did not create can become this child: a Secret without an owner
    /// that has all generated keys, as one that an administrator has restored.
    pub(crate) fn can_adopt(&self, live: &DynamicObject) -> bool {
        let ApplyMode::CreateOnce { generate } = &self.child.apply else { return false };
        live.owner_references().is_empty() && generate.iter().all(|key| live.data["data"][key].is_string())
    }

    /// Returns what to apply over an existing object: without the data of a child that is created once, and
    /// without the replicas of a Deployment once an autoscaler has set them.
    pub(crate) fn against(&self, live: &DynamicObject) -> DynamicObject {
        let mut desired = self.object.clone();
        if matches!(self.child.apply, ApplyMode::CreateOnce { .. }) {
            desired.data = Value::Object(serde_json::Map::new());
            // The type of a Secret is immutable and required.
            if let Some(kind) = live.data.get("type") {
                desired.data["type"] = kind.clone();
            }
        }
        if self.child.kind == Kind::PersistentVolumeClaim {
            keep_larger_request(&mut desired, live);
        }
        if let Some(start) = self.child.start_replicas {
            set_replicas(&mut desired, kept_replicas(live, start));
        }
        desired
    }
}

/// The field of a claim with the size.
const REQUEST: &str = "/spec/resources/requests/storage";

/// The field of a claim with the size of its volume.
const CAPACITY: &str = "/status/capacity/storage";

/// A claim that is larger than the spec satisfies it, since volumes can't shrink: one that was expanded by another
/// client, or a retained one. A request of our own beyond the capacity, which could not be met, is taken back.
fn keep_larger_request(desired: &mut DynamicObject, live: &DynamicObject) {
    let size = |object: &DynamicObject, path: &str| -> Option<u64> {
        let size: ByteQuantity = object.data.pointer(path)?.as_str()?.parse().ok()?;
        Some(size.bytes())
    };
    let (Some(ours), Some(theirs)) = (size(desired, REQUEST), size(live, REQUEST)) else { return };
    let is_unmet = size(live, CAPACITY).is_some_and(|capacity| capacity < theirs);
    let path = if is_unmet && !is_requested_by_others(live) { CAPACITY } else { REQUEST };
    if size(live, path) > Some(ours)
        && let (Some(field), Some(value)) = (desired.data.pointer_mut(REQUEST), live.data.pointer(path))
    {
        *field = value.clone();
    }
}

/// Whether another manager has set the size of a claim.
fn is_requested_by_others(live: &DynamicObject) -> bool {
    let entries = live.metadata.managed_fields.iter().flatten();
    let mut others = entries.filter(|entry| entry.manager.as_deref() != Some(MANAGER));
    others.any(|entry| {
        let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
        fields.is_some_and(|fields| fields["f:spec"]["f:resources"]["f:requests"].get("f:storage").is_some())
    })
}

/// Returns the replicas to apply: the present ones, until an autoscaler sets others. Dropping an owned field
/// would reset it to one pod. `None` when it is no longer ours.
fn kept_replicas(live: &DynamicObject, start: u32) -> Option<Value> {
    let replicas = &live.data["spec"]["replicas"];
    // An autoscaler ignores a Deployment with zero replicas, so a resumed one starts as when it was created.
    decides(live, "f:replicas").then(|| if *replicas == 0 { json!(start) } else { replicas.clone() })
}

/// Whether we own the field of the `spec`.
fn decides(live: &DynamicObject, field: &str) -> bool {
    let entries = live.metadata.managed_fields.iter().flatten();
    let mut ours =
        entries.filter(|entry| is_ours_applied(entry)).filter_map(|entry| entry.fields_v1.as_ref());
    ours.any(|fields| fields.0["f:spec"].get(field).is_some())
}

fn set_replicas(object: &mut DynamicObject, replicas: Option<Value>) {
    let Some(spec) = object.data["spec"].as_object_mut() else { return };
    match replicas {
        Some(replicas) => spec.insert("replicas".into(), replicas),
        None => spec.remove("replicas"),
    };
}

fn owner(pipeline: &CcxPipeline) -> Option<OwnerReference> {
    let mut owner = pipeline.controller_owner_ref(&())?;
    owner.block_owner_deletion = Some(true);
    Some(owner)
}

/// Whether the object with the name of a child belongs to this resource: owned by it, or without an owner and
/// applied by the operator, as one that was retained. Labels prove nothing, since other clients may change or
/// copy them.
pub(crate) fn is_ours(live: &DynamicObject, pipeline: &CcxPipeline) -> bool {
    let owners = live.owner_references();
    let is_of_predecessor = |owner: &OwnerReference| {
        owner.kind == CcxPipeline::kind(&()) && Some(&owner.name) == pipeline.metadata.name.as_ref()
    };
    is_owned(live, pipeline)
        || owners.iter().any(is_of_predecessor)
        || (owners.is_empty() && was_applied(live))
}

fn was_applied(live: &DynamicObject) -> bool {
    applied_hash(live).is_some() || live.managed_fields().iter().any(is_ours_applied)
}

/// Returns the managed fields of an object that another client restored from a copy, with its fields as ours: a
/// field that two managers own is not removed when we no longer set it. `None` for all other objects.
pub(super) fn restored_fields(live: &DynamicObject) -> Option<Vec<ManagedFieldsEntry>> {
    let fields = live.metadata.managed_fields.as_ref()?;
    if applied_hash(live).is_none() || fields.iter().any(is_ours_applied) {
        return None;
    }
    let is_whole = |entry: &&ManagedFieldsEntry| entry.subresource.as_deref().unwrap_or_default().is_empty();
    // The restoring client is the first one that wrote the object.
    let restorer =
        fields.iter().filter(is_whole).min_by_key(|entry| entry.time.as_ref().map(|time| time.0))?;
    let claim = |entry: &ManagedFieldsEntry| {
        if entry != restorer {
            return entry.clone();
        }
        let (manager, operation) = (Some(MANAGER.to_owned()), Some("Apply".to_owned()));
        ManagedFieldsEntry { manager, operation, ..entry.clone() }
    };
    Some(fields.iter().map(claim).collect())
}

fn is_ours_applied(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(MANAGER) && entry.operation.as_deref() == Some("Apply")
}

/// Whether an object is owned by this resource.
pub(super) fn is_owned(live: &DynamicObject, pipeline: &CcxPipeline) -> bool {
    let mut owners = live.metadata.owner_references.iter().flatten();
    owners.any(|owner| Some(&owner.uid) == pipeline.metadata.uid.as_ref())
}

pub(super) fn applied_hash(live: &DynamicObject) -> Option<&str> {
    live.metadata.annotations.as_ref()?.get(APPLIED_HASH).map(String::as_str)
}

/// Whether a Job has succeeded.
pub(crate) fn has_succeeded(job: &DynamicObject) -> bool {
    let conditions = job.data["status"]["conditions"].as_array();
    let is_complete = |condition: &Value| condition["type"] == "Complete" && condition["status"] == "True";
    conditions.into_iter().flatten().any(is_complete)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::ObjectMeta;

    use super::*;
    use crate::model::{kind::Kind, names::labels, resources::Stage};

    fn pipeline(uid: &str) -> CcxPipeline {
        let mut pipeline = CcxPipeline::new("ccx", ccx_crds::CcxPipelineSpec::default());
        pipeline.metadata.namespace = Some("ns".into());
        pipeline.metadata.uid = Some(uid.into());
        pipeline
    }

    fn child() -> Child {
        let metadata = ObjectMeta {
            name: Some("a".into()),
            namespace: Some("ns".into()),
            labels: Some(labels("ccx", "data-pipeline")),
            ..ObjectMeta::default()
        };
        Child::new(Kind::ConfigMap, None, Stage::Foundation, &ConfigMap { metadata, ..ConfigMap::default() })
    }

    #[test]
    fn owned_child_has_controller_and_retained_child_has_no_owner() {
        let pipeline = pipeline("1");
        let (owned, retained) = (child(), child().with_ownership(Ownership::Retained));
        let owners = Prepared::new(&owned, &pipeline).object.metadata.owner_references.unwrap_or_default();
        assert_eq!((owners[0].kind.as_str(), owners[0].controller), ("CcxPipeline", Some(true)));
        assert_eq!(Prepared::new(&retained, &pipeline).object.metadata.owner_references, None);
    }

    #[test]
    fn hash_depends_on_owner() {
        let (pipeline, other, child) = (pipeline("1"), pipeline("2"), child());
        assert_eq!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &pipeline).hash);
        assert_ne!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &other).hash);
    }

    #[test]
    fn retained_object_is_ours_when_operator_applied_it() {
        let pipeline = pipeline("2");
        let mut left = Prepared::new(&child().with_ownership(Ownership::Retained), &pipeline).object;
        left.metadata.labels = None;
        assert!(is_ours(&left, &pipeline), "applied by the operator");
        left.metadata.annotations = None;
        assert!(!is_ours(&left, &pipeline));
        left.metadata.labels = child().object.metadata.labels;
        assert!(!is_ours(&left, &pipeline), "a copy with our labels");
        left.metadata.owner_references = owner(&pipeline).map(|owner| vec![owner]);
        assert!(is_ours(&left, &pipeline));
    }

    /// Returns the replicas that are applied over an autoscaled Deployment whose replicas were written by
    /// `manager`.
    fn applied_over(manager: &str, replicas: u32) -> Value {
        let deployment = json!({"metadata": {"name": "a"}, "spec": {"paused": false}});
        let child =
            Child::new(Kind::Deployment, None, Stage::Workloads, &deployment).with_start_replicas(Some(2));
        let prepared = Prepared::new(&child, &pipeline("1"));
        assert_eq!(prepared.object.data["spec"]["replicas"], 2, "so it is created");
        let fields =
            json!({"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        let live =
            json!({"metadata": {"name": "a", "managedFields": [fields]}, "spec": {"replicas": replicas}});
        prepared.against(&serde_json::from_value(live).unwrap()).data["spec"]["replicas"].take()
    }

    #[test]
    fn claim_expanded_by_another_client_satisfies_the_spec() {
        let applied_over = |live: &str| {
            let claim = |size: &str| json!({"metadata": {"name": "a"}, "spec": {"resources": {"requests": {"storage": size}}}});
            let child = Child::new(Kind::PersistentVolumeClaim, None, Stage::Database, &claim("20Gi"));
            let live = serde_json::from_value(claim(live)).unwrap();
            Prepared::new(&child, &pipeline("1")).against(&live).data["spec"]["resources"]["requests"]["storage"].take()
        };
        assert_eq!(applied_over("40Gi"), "40Gi");
        assert_eq!(applied_over("10Gi"), "20Gi");
    }

    #[test]
    fn replicas_are_kept_until_autoscaler_sets_them() {
        assert_eq!(applied_over(MANAGER, 2), 2);
        assert_eq!(applied_over(MANAGER, 8), 8, "as it was before there was an autoscaler");
        assert_eq!(applied_over("horizontal-pod-autoscaler", 5), Value::Null);
    }

    #[test]
    fn resumed_deployment_has_start_replicas() {
        assert_eq!(applied_over(MANAGER, 0), 2);
    }

    #[test]
    fn hash_is_independent_of_start_replicas() {
        let (pipeline, child) = (pipeline("1"), child());
        let hash = |start| Prepared::new(&child.clone().with_start_replicas(start), &pipeline).hash;
        assert_eq!(hash(Some(2)), hash(Some(3)));
    }

    #[test]
    fn claim_keeps_a_larger_size_of_others_and_takes_back_an_unmet_one_of_its_own() {
        let claim = |size: &str| json!({"metadata": {"name": "a"}, "spec": {"resources": {"requests": {"storage": size}}}});
        let applied = |ours: &str, theirs: &str, capacity: Value, manager: &str| {
            let child = Child::new(Kind::PersistentVolumeClaim, None, Stage::Database, &claim(ours));
            let mut live = claim(theirs);
            live["status"] = json!({"capacity": {"storage": capacity}});
            let fields = json!({"f:spec": {"f:resources": {"f:requests": {"f:storage": {}}}}});
            live["metadata"]["managedFields"] =
                json!([{"manager": manager, "operation": "Update", "fieldsV1": fields}]);
            let live: DynamicObject = serde_json::from_value(live).unwrap();
            let desired = Prepared::new(&child, &pipeline("1")).against(&live);
            desired.data.pointer(REQUEST).and_then(Value::as_str).map(str::to_owned).unwrap()
        };
        assert_eq!(applied("20Gi", "40Gi", json!("40Gi"), MANAGER), "40Gi", "it was expanded");
        assert_eq!(applied("20Gi", "40Gi", json!("20Gi"), "autoresizer"), "40Gi", "it is being expanded");
        assert_eq!(applied("20Gi", "40Gi", json!("20Gi"), MANAGER), "20Gi", "our request was refused");
        assert_eq!(applied("10Gi", "40Gi", json!("20Gi"), MANAGER), "20Gi");
        assert_eq!(applied("20Gi", "10Gi", json!("10Gi"), MANAGER), "20Gi", "an expansion");
        assert_eq!(applied("20Gi", "40Gi", Value::Null, MANAGER), "40Gi", "it is not bound");
    }
}
