//! A child as it is applied: with its owner and its hash, and with what it keeps of the live object.

use ccx_crds::{ByteQuantity, CcxPipeline};
use k8s_openapi::{
    api::core::v1::{PersistentVolumeClaim, Secret},
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::OwnerReference},
};
use kube::{Resource as _, ResourceExt as _, core::DynamicObject};

use super::{
    live::{is_size_of_others, owns_spec_field},
    transition::add_ports,
};
use crate::model::{
    annotations::APPLIED_HASH,
    digest::Digest,
    object::Object,
    resources::{ApplyMode, Child, Generate, Ownership},
};

/// A child that is ready to be applied.
pub(crate) struct Prepared<'a> {
    pub(crate) child: &'a Child,
    /// The object with owner reference.
    object: Object,
    /// The hash of the object.
    pub(crate) hash: String,
    /// Whether pods of an older template still need the ports of the live object.
    keeps_ports: bool,
}

/// The form of a child that is applied.
pub(crate) struct Desired {
    pub(crate) object: DynamicObject,
    /// The hash that the object has in its annotation.
    pub(crate) hash: String,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(child: &'a Child, pipeline: &CcxPipeline) -> Self {
        let mut object = child.object.clone();
        if child.ownership == Ownership::Owned {
            object.metadata_mut().owner_references = owner(pipeline).map(|owner| vec![owner]);
        }
        let text = serde_json::to_vec(&object).expect("types of Kubernetes are JSON");
        let hash = Digest::default().field(text).finish();
        Self { child, object, hash, keeps_ports: false }
    }

    /// Keeps the ports of the live object, which pods of an older template still need.
    pub(crate) fn with_ports_kept(self) -> Self {
        Self { keeps_ports: true, ..self }
    }

    /// Returns the hash of the form with further ports.
    pub(crate) fn hash_with_ports(&self) -> String {
        Digest::default().field(&self.hash).field("old ports").finish()
    }

    /// Whether an object that the operator did not create can become this child: a Secret without an owner
    /// that has all generated keys, as one that an administrator has restored.
    pub(crate) fn can_adopt(&self, live: &DynamicObject) -> bool {
        let ApplyMode::CreateOnce { generate } = &self.child.apply else { return false };
        let Some(Object::Secret(secret)) = Object::from_live(self.child.kind(), live) else { return false };
        let Generate::Passwords(keys) = generate else { return false };
        let data = secret.data.unwrap_or_default();
        live.owner_references().is_empty() && keys.iter().all(|key| data.contains_key(key))
    }

    /// Returns what to apply when the object does not exist.
    pub(crate) fn to_create(&self) -> Desired {
        let mut desired = self.object.clone();
        if let (Object::Deployment(deployment), Some(start)) = (&mut desired, self.child.start_replicas) {
            deployment.spec.get_or_insert_default().replicas = Some(start);
        }
        Desired::new(desired, self.hash.clone())
    }

    /// Returns what to apply over an existing object: without the data of a child that is created once, with the
    /// size of a larger claim, with ports that pods still need, and without the replicas of a Deployment once an
    /// autoscaler has set them.
    pub(crate) fn against(&self, live: &DynamicObject) -> Desired {
        let mut desired = self.object.clone();
        let mut has_further_ports = false;
        match (&mut desired, Object::from_live(self.child.kind(), live)) {
            (Object::Secret(ours), Some(Object::Secret(theirs)))
                if matches!(self.child.apply, ApplyMode::CreateOnce { .. }) =>
            {
                // The type of a Secret is immutable and required.
                **ours = Secret { metadata: ours.metadata.clone(), type_: theirs.type_, ..Secret::default() };
            }
            (Object::PersistentVolumeClaim(ours), Some(Object::PersistentVolumeClaim(theirs))) => {
                keep_larger_request(ours, &theirs, is_size_of_others(live));
            }
            (Object::Deployment(ours), Some(theirs)) => {
                if let (Some(start), Some(spec)) = (self.child.start_replicas, &mut ours.spec) {
                    let is_ours = owns_spec_field(live, "f:replicas");
                    spec.replicas = kept_replicas(theirs.replicas(), start).filter(|_| is_ours);
                }
            }
            (_, Some(theirs)) if self.keeps_ports => {
                has_further_ports = add_ports(&mut desired, theirs);
            }
            _ => {}
        }
        let hash = if has_further_ports { self.hash_with_ports() } else { self.hash.clone() };
        Desired::new(desired, hash)
    }
}

impl Desired {
    fn new(mut object: Object, hash: String) -> Self {
        object.metadata_mut().annotations.get_or_insert_default().insert(APPLIED_HASH.into(), hash.clone());
        Self { object: object.to_dynamic(), hash }
    }
}

/// A claim that is larger than the spec satisfies it, since volumes can't shrink: one that was expanded by another
/// client, or a retained one. A request of our own beyond the capacity, which could not be met, is taken back.
fn keep_larger_request(
    desired: &mut PersistentVolumeClaim,
    live: &PersistentVolumeClaim,
    is_size_of_others: bool,
) {
    let (Some(ours), Some(theirs)) = (requested(desired), requested(live)) else { return };
    let capacity = live.status.as_ref().and_then(|status| status.capacity.as_ref()?.get("storage"));
    let is_unmet = |capacity: &&Quantity| bytes(capacity).is_some_and(|size| Some(size) < bytes(theirs));
    let unmet = capacity.filter(is_unmet).filter(|_| !is_size_of_others);
    let kept = unmet.unwrap_or(theirs).clone();
    if bytes(&kept) > bytes(ours) {
        let resources = desired.spec.get_or_insert_default().resources.get_or_insert_default();
        resources.requests.get_or_insert_default().insert("storage".into(), kept);
    }
}

fn requested(claim: &PersistentVolumeClaim) -> Option<&Quantity> {
    claim.spec.as_ref()?.resources.as_ref()?.requests.as_ref()?.get("storage")
}

fn bytes(size: &Quantity) -> Option<u64> {
    size.0.parse::<ByteQuantity>().ok().map(|size| size.bytes())
}

/// Returns the replicas to apply while they are ours: the present ones, until an autoscaler sets others. Dropping
/// an owned field would reset it to one pod.
fn kept_replicas(live: Option<i32>, start: i32) -> Option<i32> {
    // An autoscaler ignores a Deployment with zero replicas, so a resumed one starts as when it was created.
    if live == Some(0) { Some(start) } else { live }
}

fn owner(pipeline: &CcxPipeline) -> Option<OwnerReference> {
    let mut owner = pipeline.controller_owner_ref(&())?;
    owner.block_owner_deletion = Some(true);
    Some(owner)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        model::{
            kind::Kind,
            names::{MANAGER, labels},
            resources::Stage,
        },
        stages::apply::live::is_ours,
    };

    fn pipeline(uid: &str) -> CcxPipeline {
        let mut pipeline = CcxPipeline::new("ccx", ccx_crds::CcxPipelineSpec::default());
        pipeline.metadata.namespace = Some("ns".into());
        pipeline.metadata.uid = Some(uid.into());
        pipeline
    }

    fn child(kind: Kind, spec: &Value) -> Child {
        let metadata = json!({"name": "a", "namespace": "ns", "labels": labels("ccx", "data-pipeline")});
        let object = json!({"metadata": metadata, "spec": spec});
        Child::new(None, Stage::Foundation, Object::parse(kind, object).unwrap())
    }

    fn config_map() -> Child {
        child(Kind::ConfigMap, &Value::Null)
    }

    #[test]
    fn owned_child_has_controller_and_retained_child_has_no_owner() {
        let pipeline = pipeline("1");
        let (owned, retained) = (config_map(), config_map().with_ownership(Ownership::Retained));
        let owners = |child| Prepared::new(child, &pipeline).to_create().object.owner_references().to_vec();
        assert_eq!(
            (owners(&owned)[0].kind.as_str(), owners(&owned)[0].controller),
            ("CcxPipeline", Some(true))
        );
        assert_eq!(owners(&retained), []);
    }

    #[test]
    fn hash_depends_on_owner() {
        let (pipeline, other, child) = (pipeline("1"), pipeline("2"), config_map());
        assert_eq!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &pipeline).hash);
        assert_ne!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &other).hash);
    }

    #[test]
    fn retained_object_is_ours_when_operator_applied_it() {
        let pipeline = pipeline("2");
        let child = config_map().with_ownership(Ownership::Retained);
        let mut left = Prepared::new(&child, &pipeline).to_create().object;
        left.metadata.labels = None;
        assert!(is_ours(&left, &pipeline), "applied by the operator");
        left.metadata.annotations = None;
        assert!(!is_ours(&left, &pipeline));
        left.metadata.labels.clone_from(&child.object.metadata().labels);
        assert!(!is_ours(&left, &pipeline), "a copy with our labels");
        left.metadata.owner_references = owner(&pipeline).map(|owner| vec![owner]);
        assert!(is_ours(&left, &pipeline));
    }

    fn deployment() -> Child {
        child(Kind::Deployment, &json!({"selector": {}, "template": {}})).with_start_replicas(Some(2))
    }

    /// Returns the replicas that are applied over an autoscaled Deployment whose replicas were written by
    /// `manager`.
    fn applied_over(manager: &str, replicas: u32) -> Value {
        let child = deployment();
        let prepared = Prepared::new(&child, &pipeline("1"));
        assert_eq!(prepared.to_create().object.data["spec"]["replicas"], 2, "so it is created");
        let fields =
            json!({"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        let live = json!({"metadata": {"name": "a", "managedFields": [fields]},
            "spec": {"replicas": replicas, "selector": {}, "template": {}}});
        prepared.against(&serde_json::from_value(live).unwrap()).object.data["spec"]["replicas"].take()
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
        let hash = |start| Prepared::new(&deployment().with_start_replicas(start), &pipeline("1")).hash;
        assert_eq!(hash(Some(2)), hash(Some(3)));
    }

    #[test]
    fn claim_keeps_a_larger_size_of_others_and_takes_back_an_unmet_one_of_its_own() {
        let spec = |size: &str| json!({"resources": {"requests": {"storage": size}}});
        let applied = |ours: &str, theirs: &str, capacity: Value, manager: &str| {
            let child = child(Kind::PersistentVolumeClaim, &spec(ours));
            let fields = json!({"f:spec": {"f:resources": {"f:requests": {"f:storage": {}}}}});
            let mut live = json!({"metadata": {"name": "a", "managedFields": [
                {"manager": manager, "operation": "Update", "fieldsV1": fields}]}, "spec": spec(theirs)});
            if !capacity.is_null() {
                live["status"] = json!({"capacity": {"storage": capacity}});
            }
            let live: DynamicObject = serde_json::from_value(live).unwrap();
            let desired = Prepared::new(&child, &pipeline("1")).against(&live).object;
            desired.data["spec"]["resources"]["requests"]["storage"].as_str().map(str::to_owned).unwrap()
        };
        assert_eq!(applied("20Gi", "40Gi", json!("40Gi"), MANAGER), "40Gi", "it was expanded");
        assert_eq!(applied("20Gi", "40Gi", json!("20Gi"), "autoresizer"), "40Gi", "it is being expanded");
        assert_eq!(applied("20Gi", "40Gi", json!("20Gi"), MANAGER), "20Gi", "our request was refused");
        assert_eq!(applied("10Gi", "40Gi", json!("20Gi"), MANAGER), "20Gi");
        assert_eq!(applied("20Gi", "10Gi", json!("10Gi"), MANAGER), "20Gi", "an expansion");
        assert_eq!(applied("20Gi", "40Gi", Value::Null, MANAGER), "40Gi", "it is not bound");
    }
}
