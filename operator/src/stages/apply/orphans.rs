//! Deletes orphans: children that the spec no longer needs.

use std::collections::BTreeSet;

use kube::{
    Resource as _,
    api::{DeleteParams, Preconditions, PropagationPolicy},
    core::DynamicObject,
};
use snafu::ResultExt as _;

use super::live::is_owned;
use crate::{
    cache::entry::ChildEntry,
    model::{hash64::Hash64, kind::Kind, reason::Reason, resources::Children},
    stages::apply::{Applier, ApplyError, error::RequestSnafu},
};

/// A child to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// Returns the entries that the resource with the UID `owner` may delete and does not need. Objects of pods
/// that can't be updated because a reference is missing are kept.
pub(crate) fn orphans<'a>(
    owner: &str,
    children: &Children,
    pending: &BTreeSet<Kind>,
    entries: impl Iterator<Item = (Kind, &'a str, &'a ChildEntry)>,
) -> Vec<Orphan> {
    let owner = Hash64::new(owner);
    let wanted: BTreeSet<(Kind, &str)> = children.iter().map(|child| (child.kind(), child.name())).collect();
    let is_owned = |entry: &ChildEntry| entry.owner == Some(owner);
    let deletable = entries.filter(|(_, _, it)| is_owned(it) && !it.is_terminating);
    let is_any_missing = children.iter().any(|child| !child.missing.is_empty());
    let is_needed = |kind: Kind| is_in_use(kind, pending) || (is_any_missing && is_for_pods(kind));
    let unwanted = deletable.filter(|(kind, name, _)| !wanted.contains(&(*kind, *name)) && !is_needed(*kind));
    unwanted.map(|(kind, name, _)| Orphan { kind, name: name.into() }).collect()
}

/// Whether an orphan of this kind may be in use until its replacement, one of the kinds `pending`, is
/// applied.
fn is_in_use(kind: Kind, pending: &BTreeSet<Kind>) -> bool {
    const EXPOSURE: [Kind; 3] = [Kind::Ingress, Kind::Route, Kind::HttpRoute];
    let is_for_pods = |kind: &Kind| {
        matches!(
            kind,
            Kind::Deployment
                | Kind::StatefulSet
                | Kind::CronJob
                | Kind::Service
                | Kind::PersistentVolumeClaim
        ) || is_for_pods(*kind)
    };
    if EXPOSURE.contains(&kind) {
        EXPOSURE.iter().any(|kind| pending.contains(kind))
    } else {
        // Policies only block traffic, scalers would fight with their replacement, and monitors serve no
        // request.
        is_for_pods(&kind) && pending.iter().any(is_for_pods)
    }
}

/// Whether pods depend on objects of this kind. The name of a Job, too, depends on references that may be
/// missing.
fn is_for_pods(kind: Kind) -> bool {
    matches!(kind, Kind::Job | Kind::ConfigMap | Kind::Secret | Kind::ServiceAccount)
}

impl Applier<'_> {
    pub(super) async fn delete_orphans(
        &self,
        children: &Children,
        pending: &BTreeSet<Kind>,
    ) -> Result<(), ApplyError> {
        for Orphan { kind, name } in self.orphans(children, pending) {
            let live = self.api(kind).get_opt(&name).await.context(RequestSnafu {
                verb: "read",
                kind,
                name: &name,
            })?;
            let is_still = |live: &DynamicObject| is_owned(live, self.pipeline);
            let Some(live) = live.filter(is_still) else { continue };
            self.delete(kind, &name, live.metadata.uid.as_deref()).await?;
            let note = format!("deleted {} {name}, which the spec no longer needs", kind.name());
            self.context.events.normal(self.pipeline, Reason::OrphanDeleted.name(), &note).await;
        }
        Ok(())
    }

    /// Returns the orphans in the cache.
    pub(crate) fn orphans(&self, children: &Children, pending: &BTreeSet<Kind>) -> Vec<Orphan> {
        let Some(owner) = self.pipeline.meta().uid.as_deref() else { return Vec::new() };
        self.context.cache.with(self.key, |objects| orphans(owner, children, pending, objects.entries()))
    }

    /// Deletes the object with this UID, not a later one of the same name. An object that no longer exists
    /// counts as deleted.
    pub(super) async fn delete(&self, kind: Kind, name: &str, uid: Option<&str>) -> Result<(), ApplyError> {
        let parameters = DeleteParams {
            preconditions: Some(Preconditions { uid: uid.map(str::to_owned), resource_version: None }),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        match self.api(kind).delete(name, &parameters).await {
            Ok(_) => tracing::info!(pipeline = %self.key, kind = kind.name(), name, "deleted"),
            Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => {}
            Err(error) => return Err(error).context(RequestSnafu { verb: "delete", kind, name }),
        }
        self.context.cache.with(self.key, |objects| objects.forget_child(kind, name));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        cache::status::ChildStatus,
        model::{
            object::Object,
            problem::Problem,
            reason::Reason,
            resources::{Child, Stage},
        },
    };

    fn entry(metadata: Value) -> ChildEntry {
        ChildEntry::new(&serde_json::from_value::<ObjectMeta>(metadata).unwrap(), None, ChildStatus::None)
    }

    fn child(kind: Kind, name: &str) -> Child {
        let object = Object::parse(kind, json!({"metadata": {"name": name}})).unwrap();
        Child::new(None, Stage::Foundation, object)
    }

    fn owned_by(uid: &str) -> Value {
        let owner =
            json!({"apiVersion": "v1", "kind": "CcxPipeline", "name": "ccx", "uid": uid, "controller": true});
        json!({"uid": "7", "ownerReferences": [owner]})
    }

    #[test]
    fn orphan_is_owned_by_this_resource_and_not_needed() {
        let child = child(Kind::ConfigMap, "wanted");
        let children = Children::new(vec![child]);
        let mut leaving = owned_by("1");
        leaving["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let entries = [
            ("wanted", entry(owned_by("1"))),
            ("unwanted", entry(owned_by("1"))),
            ("of another", entry(owned_by("2"))),
            ("retained", entry(json!({"uid": "7"}))),
            ("leaving", entry(leaving)),
        ];
        let entries = entries.iter().map(|(name, entry)| (Kind::ConfigMap, *name, entry));
        let expected = Orphan { kind: Kind::ConfigMap, name: "unwanted".into() };
        assert_eq!(orphans("1", &children, &BTreeSet::new(), entries), [expected]);
    }

    #[test]
    fn object_without_owner_is_never_an_orphan() {
        let children = Children::new(Vec::new());
        let (copy, others) = (entry(json!({"uid": "7"})), entry(owned_by("2")));
        let entries = Kind::ALL.into_iter().flat_map(|kind| [(kind, "a", &copy), (kind, "b", &others)]);
        assert_eq!(orphans("1", &children, &BTreeSet::new(), entries), []);
    }

    #[test]
    fn orphan_in_use_is_kept_while_its_replacement_is_pending() {
        let children = Children::new(Vec::new());
        let entry = entry(owned_by("1"));
        let deleted = |pending: Kind| {
            let kinds = [Kind::Ingress, Kind::ConfigMap, Kind::Deployment, Kind::NetworkPolicy];
            let entries = kinds.into_iter().map(|kind| (kind, "a", &entry));
            let orphans = orphans("1", &children, &[pending].into(), entries);
            orphans.into_iter().map(|orphan| orphan.kind).collect::<Vec<_>>()
        };
        assert_eq!(deleted(Kind::Route), [Kind::ConfigMap, Kind::Deployment, Kind::NetworkPolicy]);
        assert_eq!(deleted(Kind::Deployment), [Kind::Ingress, Kind::NetworkPolicy]);
    }

    #[test]
    fn objects_of_pods_are_kept_while_a_reference_is_missing() {
        let problem = Problem::new(Reason::SecretMissing, String::new());
        let child = child(Kind::Deployment, "held");
        let children = Children::new(vec![child.with_missing(vec![problem])]);
        let entry = entry(owned_by("1"));
        let entries =
            [(Kind::Job, "a", &entry), (Kind::ConfigMap, "b", &entry), (Kind::Ingress, "c", &entry)];
        let expected = Orphan { kind: Kind::Ingress, name: "c".into() };
        assert_eq!(orphans("1", &children, &BTreeSet::new(), entries.into_iter()), [expected]);
    }
}
