//! Deletes orphans: children that the spec no longer needs.

use std::collections::BTreeSet;

use kube::{
    Resource as _,
    api::{DeleteParams, Preconditions, PropagationPolicy},
    core::DynamicObject,
};
use snafu::ResultExt as _;

use super::{live::is_owned, transition};
use crate::{
    cache::{
        PipelineObjects,
        entry::ChildEntry,
        status::{Acceptance, ChildStatus},
    },
    model::{
        component::{CLEANER, Component},
        hash64::Hash64,
        kind::Kind,
        reason::Reason,
        resources::{Child, Children},
    },
    stages::apply::{Applier, ApplyError, error::RequestSnafu},
};

/// A child to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// The orphans that are in use until their replacements are settled.
#[derive(Debug, Default)]
struct InUse {
    /// The kinds of the children that were refused, or are held back by a gate.
    pending: BTreeSet<Kind>,
    /// Whether pods of an older template may run.
    is_rolling: bool,
    /// The components whose new exposure is not accepted yet.
    unaccepted: BTreeSet<Component>,
}

const EXPOSURE: [Kind; 3] = [Kind::Ingress, Kind::Route, Kind::HttpRoute];

/// Returns the entries that the resource with the UID `owner` may delete and does not need. Objects of pods
/// that can't be updated because a reference is missing are kept.
pub(crate) fn orphans<'a>(
    owner: &str,
    children: &Children,
    entries: impl Iterator<Item = (Kind, &'a str, &'a ChildEntry)>,
) -> Vec<Orphan> {
    let owner = Hash64::new(owner);
    let wanted: BTreeSet<(Kind, &str)> = children.iter().map(|child| (child.kind(), child.name())).collect();
    let is_owned = |entry: &ChildEntry| entry.owner == Some(owner);
    let deletable = entries.filter(|(_, _, it)| is_owned(it) && !it.is_terminating);
    let is_any_missing = children.iter().any(|child| !child.missing.is_empty());
    let is_needed = |kind: Kind| is_any_missing && is_for_pods(kind);
    let unwanted = deletable.filter(|(kind, name, _)| !wanted.contains(&(*kind, *name)) && !is_needed(*kind));
    unwanted.map(|(kind, name, _)| Orphan { kind, name: name.into() }).collect()
}

impl InUse {
    fn contains(&self, Orphan { kind, name }: &Orphan) -> bool {
        let is_of_running_pods = |kind: &Kind| {
            matches!(
                kind,
                Kind::Deployment
                    | Kind::StatefulSet
                    | Kind::CronJob
                    | Kind::Service
                    | Kind::PersistentVolumeClaim
            ) || is_for_pods(*kind)
        };
        if EXPOSURE.contains(kind) {
            return EXPOSURE.iter().any(|kind| self.pending.contains(kind))
                || self.unaccepted.iter().any(|component| name.contains(component.name()));
        }
        // Policies only block traffic, scalers would fight with their replacement, and monitors serve no request.
        let is_held = is_of_running_pods(kind) && self.pending.iter().any(is_of_running_pods);
        // A removed component has no replacement, so that its Deployment does not wait for other ones.
        let is_removed = matches!(kind, Kind::Deployment | Kind::CronJob | Kind::Job);
        is_held || (self.is_rolling && is_of_running_pods(kind) && !is_removed)
    }
}

/// Returns the components whose exposure is not accepted by its controller. Some controllers of Ingresses report
/// nothing.
fn unaccepted(children: &Children, objects: &PipelineObjects) -> BTreeSet<Component> {
    let is_accepted = |child: &&Child| match objects.status(child.kind(), child.name()) {
        Some(ChildStatus::Controller(report)) => match report.acceptance {
            Acceptance::Accepted => true,
            Acceptance::Unreported => child.kind() == Kind::Ingress,
            Acceptance::Refused { .. } => false,
        },
        _ => false,
    };
    let exposures = children.iter().filter(|child| EXPOSURE.contains(&child.kind()));
    exposures.filter(|child| !is_accepted(child)).filter_map(|child| child.component).collect()
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
        pending: BTreeSet<Kind>,
    ) -> Result<(), ApplyError> {
        let orphans = self.orphans(children);
        if orphans.is_empty() {
            return Ok(());
        }
        let in_use = self.in_use(children, pending);
        for Orphan { kind, name } in orphans.into_iter().filter(|orphan| !in_use.contains(orphan)) {
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

    fn in_use(&self, children: &Children, pending: BTreeSet<Kind>) -> InUse {
        let is_rolling = transition::workloads(children).any(|workload| self.is_rolling(workload));
        self.context.cache.with(self.key, |objects| {
            // A run of the cleaner may start another pod with its configuration.
            let is_cleaning = objects.pods().any(|(_, pod)| *pod.role == *CLEANER && pod.is_running);
            let unaccepted = unaccepted(children, objects);
            InUse { pending, is_rolling: is_rolling || is_cleaning, unaccepted }
        })
    }

    /// Returns the orphans in the cache.
    pub(crate) fn orphans(&self, children: &Children) -> Vec<Orphan> {
        let Some(owner) = self.pipeline.meta().uid.as_deref() else { return Vec::new() };
        self.context.cache.with(self.key, |objects| orphans(owner, children, objects.entries()))
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
        assert_eq!(orphans("1", &children, entries), [expected]);
    }

    #[test]
    fn object_without_owner_is_never_an_orphan() {
        let children = Children::new(Vec::new());
        let (copy, others) = (entry(json!({"uid": "7"})), entry(owned_by("2")));
        let entries = Kind::ALL.into_iter().flat_map(|kind| [(kind, "a", &copy), (kind, "b", &others)]);
        assert_eq!(orphans("1", &children, entries), []);
    }

    const KINDS: [Kind; 6] = [
        Kind::Ingress,
        Kind::ConfigMap,
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::Service,
        Kind::NetworkPolicy,
    ];

    /// Returns the kinds of orphans that are deleted.
    fn deleted(in_use: &InUse) -> Vec<Kind> {
        let name = "ccx-insights-results-aggregator";
        let is_deleted = |kind: &Kind| !in_use.contains(&Orphan { kind: *kind, name: name.into() });
        KINDS.into_iter().filter(is_deleted).collect()
    }

    #[test]
    fn orphan_in_use_is_kept_while_its_replacement_is_pending() {
        let pending = |kind| InUse { pending: [kind].into(), ..InUse::default() };
        assert_eq!(deleted(&pending(Kind::Route)), KINDS[1..]);
        assert_eq!(deleted(&pending(Kind::Deployment)), [Kind::Ingress, Kind::NetworkPolicy]);
    }

    #[test]
    fn objects_of_running_pods_are_kept_until_the_rollout_is_complete() {
        let rolling = InUse { is_rolling: true, ..InUse::default() };
        assert_eq!(deleted(&rolling), [Kind::Ingress, Kind::Deployment, Kind::NetworkPolicy]);
        assert_eq!(deleted(&InUse::default()), KINDS);
    }

    #[test]
    fn exposure_is_kept_until_its_replacement_is_accepted() {
        let kept = |component| InUse { unaccepted: [component].into(), ..InUse::default() };
        assert_eq!(deleted(&kept(Component::Aggregator)), KINDS[1..]);
        assert_eq!(deleted(&kept(Component::SmartProxy)), KINDS, "of another host");
        let unaccepted = |kind, status: Option<Acceptance>| {
            let object = Object::parse(kind, json!({"metadata": {"name": "a"}})).unwrap();
            let child = Child::new(Component::Aggregator, Stage::Exposure, object);
            let mut objects = PipelineObjects::default();
            if let Some(acceptance) = status {
                let report = ChildStatus::Controller(Box::new(acceptance.into()));
                let entry = ChildEntry::new(&ObjectMeta::default(), None, report);
                objects.record_child(kind, "a", entry, 0);
            }
            !super::unaccepted(&Children::new(vec![child]), &objects).is_empty()
        };
        let refused = || Acceptance::Refused { message: "no".into(), since: None };
        for kind in EXPOSURE {
            assert!(unaccepted(kind, None) && unaccepted(kind, Some(refused())));
            assert!(!unaccepted(kind, Some(Acceptance::Accepted)));
            assert_eq!(unaccepted(kind, Some(Acceptance::Unreported)), kind != Kind::Ingress);
        }
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
        assert_eq!(orphans("1", &children, entries.into_iter()), [expected]);
    }
}
