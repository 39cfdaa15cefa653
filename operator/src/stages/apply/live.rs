//! Live objects, as the API server has them: whose they are, and what the operator has left on them.

use ccx_crds::CcxPipeline;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, OwnerReference};
use kube::{Resource as _, ResourceExt as _, core::DynamicObject};

use super::generated_secret::GENERATOR;
use crate::model::{annotations::APPLIED_HASH, kind::Kind, names::MANAGER, object::Object};

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

/// Whether an object is owned by this resource.
pub(super) fn is_owned(live: &DynamicObject, pipeline: &CcxPipeline) -> bool {
    let mut owners = live.metadata.owner_references.iter().flatten();
    owners.any(|owner| Some(&owner.uid) == pipeline.metadata.uid.as_ref())
}

/// Returns the hash of the object as it was last applied.
pub(super) fn applied_hash(live: &DynamicObject) -> Option<&str> {
    live.metadata.annotations.as_ref()?.get(APPLIED_HASH).map(String::as_str)
}

/// Whether the operator has applied the object, or has created it with generated data just before it was killed.
fn was_applied(live: &DynamicObject) -> bool {
    let is_generated = |entry: &ManagedFieldsEntry| entry.manager.as_deref() == Some(GENERATOR);
    applied_hash(live).is_some()
        || live.managed_fields().iter().any(|entry| is_ours_applied(entry) || is_generated(entry))
}

/// The manager that the API server makes up for the fields of an object without any manager when it is applied.
const UNMANAGED: &str = "before-first-apply";

/// Whether the operator has applied an object whose managers of fields are lost, as in a copy of some backup tools.
pub(super) fn has_lost_managers(live: &DynamicObject) -> bool {
    applied_hash(live).is_some() && live.managed_fields().is_empty()
}

/// Returns the managed fields of an object that another client restored from a copy, with its fields as ours: a
/// field that two managers own is not removed when we no longer set it. `None` for all other objects.
pub(super) fn restored_fields(live: &DynamicObject) -> Option<Vec<ManagedFieldsEntry>> {
    applied_hash(live)?;
    let fields = live.managed_fields();
    let is_whole = |entry: &&ManagedFieldsEntry| entry.subresource.as_deref().unwrap_or_default().is_empty();
    let unmanaged = fields.iter().find(|entry| entry.manager.as_deref() == Some(UNMANAGED));
    let restorer = match unmanaged {
        Some(entry) => entry,
        None if fields.iter().any(is_ours_applied) => return None,
        // The restoring client is the first one that wrote the object.
        None => fields.iter().filter(is_whole).min_by_key(|entry| entry.time.as_ref().map(|time| time.0))?,
    };
    let claim = |entry: &ManagedFieldsEntry| {
        if entry != restorer {
            return entry.clone();
        }
        let (manager, operation) = (Some(MANAGER.to_owned()), Some("Apply".to_owned()));
        ManagedFieldsEntry { manager, operation, ..entry.clone() }
    };
    Some(fields.iter().filter(|entry| !is_ours_applied(entry)).map(claim).collect())
}

/// Whether the operator owns the field of the `spec`, such as `f:replicas`.
pub(super) fn owns_spec_field(live: &DynamicObject, field: &str) -> bool {
    let ours = live.managed_fields().iter().filter(|entry| is_ours_applied(entry));
    let mut fields = ours.filter_map(|entry| entry.fields_v1.as_ref());
    fields.any(|fields| fields.0["f:spec"].get(field).is_some())
}

/// Whether another manager has set the size of a claim.
pub(super) fn is_size_of_others(claim: &DynamicObject) -> bool {
    let is_other = |entry: &&ManagedFieldsEntry| entry.manager.as_deref() != Some(MANAGER);
    let mut others = claim.managed_fields().iter().filter(is_other);
    others.any(|entry| {
        let fields = entry.fields_v1.as_ref().map(|fields| &fields.0);
        fields.is_some_and(|fields| fields["f:spec"]["f:resources"]["f:requests"].get("f:storage").is_some())
    })
}

fn is_ours_applied(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(MANAGER) && entry.operation.as_deref() == Some("Apply")
}

/// Whether a Job has succeeded.
pub(crate) fn has_succeeded(job: &DynamicObject) -> bool {
    let Some(Object::Job(job)) = Object::from_live(Kind::Job, job) else { return false };
    let conditions = job.status.and_then(|status| status.conditions).unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == "Complete" && condition.status == "True")
}

/// Whether a claim has no volume, and so no data.
pub(super) fn is_unbound(claim: &DynamicObject) -> bool {
    let Some(Object::PersistentVolumeClaim(claim)) = Object::from_live(Kind::PersistentVolumeClaim, claim)
    else {
        return false;
    };
    let phase = claim.status.and_then(|status| status.phase);
    phase.as_deref() == Some("Pending") && claim.spec.is_none_or(|spec| spec.volume_name.is_none())
}
