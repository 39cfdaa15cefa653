//! Children that are no longer wanted.

use std::collections::BTreeSet;

use kube::{
    Resource as _, ResourceExt as _,
    api::{DeleteParams, Preconditions, PropagationPolicy},
    core::DynamicObject,
};
use snafu::ResultExt as _;

use super::prepared;
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

/// Those of `records` that the resource with the UID `owner` may delete and does not want. What pods use that can't be replaced
/// because something is missing is not among them.
pub(crate) fn orphans<'a>(
    owner: &str,
    children: &Children,
    records: impl Iterator<Item = (Kind, &'a str, &'a ChildEntry)>,
) -> Vec<Orphan> {
    let owner = Hash64::new(owner);
    let wanted: BTreeSet<(Kind, &str)> = children.iter().map(|child| (child.kind, child.name())).collect();
    let is_owned = |record: &ChildEntry| record.owner == Some(owner);
    let deletable =
        records.filter(|(kind, _, it)| may_go(*kind, is_owned(it), it.owner.is_some()) && !it.is_terminating);
    let is_any_missing = children.iter().any(|child| !child.missing.is_empty());
    let is_needed = |kind: Kind| is_any_missing && is_for_pods(kind);
    let unwanted = deletable.filter(|(kind, name, _)| !wanted.contains(&(*kind, *name)) && !is_needed(*kind));
    unwanted.map(|(kind, name, _)| Orphan { kind, name: name.into() }).collect()
}

/// What is retained has no owner, and stays; but a NetworkPolicy keeps nothing that is worth it, and would still keep packets back.
fn may_go(kind: Kind, is_owned: bool, has_owner: bool) -> bool {
    is_owned || (kind == Kind::NetworkPolicy && !has_owner)
}

/// What pods are made of or read. The name of a Job, too, depends on what may be missing.
fn is_for_pods(kind: Kind) -> bool {
    matches!(kind, Kind::Job | Kind::ConfigMap | Kind::Secret | Kind::ServiceAccount)
}

impl Applier<'_> {
    pub(super) async fn delete_orphans(&self, children: &Children) -> Result<(), ApplyError> {
        for Orphan { kind, name } in self.orphans(children) {
            let live = self.api(kind).get_opt(&name).await.context(RequestSnafu {
                verb: "read",
                kind,
                name: &name,
            })?;
            let is_still = |live: &DynamicObject| {
                may_go(kind, prepared::is_owned(live, self.pipeline), !live.owner_references().is_empty())
            };
            let Some(live) = live.filter(is_still) else { continue };
            self.delete(kind, &name, live.metadata.uid.as_deref()).await?;
            let note = format!("deleted {} {name}, which is no longer wanted", kind.name());
            self.context.events.normal(self.pipeline, Reason::OrphanDeleted.name(), &note).await;
        }
        Ok(())
    }

    /// Those that the watches have seen.
    pub(crate) fn orphans(&self, children: &Children) -> Vec<Orphan> {
        let Some(owner) = self.pipeline.meta().uid.as_deref() else { return Vec::new() };
        self.context.cache.with(self.key, |objects| orphans(owner, children, objects.entries()))
    }

    /// Deletes this very object, and not one of the same name that came after it. One that is gone already is deleted.
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
            problem::Problem,
            reason::Reason,
            resources::{Child, Stage},
        },
    };

    fn record(metadata: Value) -> ChildEntry {
        ChildEntry::new(&serde_json::from_value::<ObjectMeta>(metadata).unwrap(), None, ChildStatus::None)
    }

    fn owned_by(uid: &str) -> Value {
        let owner =
            json!({"apiVersion": "v1", "kind": "CcxPipeline", "name": "ccx", "uid": uid, "controller": true});
        json!({"uid": "7", "ownerReferences": [owner]})
    }

    #[test]
    fn an_orphan_is_owned_by_this_very_resource_and_not_wanted() {
        let child =
            Child::new(Kind::ConfigMap, None, Stage::Foundation, &json!({"metadata": {"name": "wanted"}}));
        let children = Children::new(vec![child]);
        let mut leaving = owned_by("1");
        leaving["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let records = [
            ("wanted", record(owned_by("1"))),
            ("unwanted", record(owned_by("1"))),
            ("of another", record(owned_by("2"))),
            ("retained", record(json!({"uid": "7"}))),
            ("leaving", record(leaving)),
        ];
        let records = records.iter().map(|(name, record)| (Kind::ConfigMap, *name, record));
        let expected = Orphan { kind: Kind::ConfigMap, name: "unwanted".into() };
        assert_eq!(orphans("1", &children, records), [expected]);
    }

    #[test]
    fn a_network_policy_goes_although_it_is_retained_unless_another_owns_it() {
        let children = Children::new(Vec::new());
        let (retained, others) = (record(json!({"uid": "7"})), record(owned_by("2")));
        let records = [
            (Kind::NetworkPolicy, "a", &retained),
            (Kind::NetworkPolicy, "b", &others),
            (Kind::Secret, "c", &retained),
        ];
        let expected = Orphan { kind: Kind::NetworkPolicy, name: "a".into() };
        assert_eq!(orphans("1", &children, records.into_iter()), [expected]);
    }

    #[test]
    fn what_pods_use_stays_while_something_is_missing() {
        let problem = Problem::new(Reason::SecretMissing, String::new());
        let child =
            Child::new(Kind::Deployment, None, Stage::Workloads, &json!({"metadata": {"name": "held"}}));
        let children = Children::new(vec![child.with_missing(vec![problem])]);
        let record = record(owned_by("1"));
        let records =
            [(Kind::Job, "a", &record), (Kind::ConfigMap, "b", &record), (Kind::Ingress, "c", &record)];
        let expected = Orphan { kind: Kind::Ingress, name: "c".into() };
        assert_eq!(orphans("1", &children, records.into_iter()), [expected]);
    }
}
