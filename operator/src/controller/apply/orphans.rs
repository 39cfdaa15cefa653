//! Children that are no longer wanted.

use std::collections::BTreeSet;

use kube::{
    Resource as _,
    api::{DeleteParams, Preconditions, PropagationPolicy},
};
use snafu::ResultExt as _;

use super::{Applier, ApplyError, error::RequestSnafu};
use crate::{child::Children, kind::Kind, reason::Reason};

/// A child to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Orphan {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl Applier<'_> {
    pub(super) async fn delete_orphans(&self, children: &Children) -> Result<(), ApplyError> {
        for Orphan { kind, name, uid } in self.orphans(children) {
            self.delete(kind, &name, Some(&uid)).await?;
            let note = format!("deleted {} {name}, which is no longer wanted", kind.name());
            self.context.events.normal(self.pipeline, Reason::OrphanDeleted.name(), &note).await;
        }
        Ok(())
    }

    /// Those that this very resource owns and does not want. What is retained has no owner, so it is never among them.
    pub(crate) fn orphans(&self, children: &Children) -> Vec<Orphan> {
        let Some(owner) = self.pipeline.meta().uid.as_deref() else { return Vec::new() };
        let wanted: BTreeSet<(Kind, &str)> = children.iter().map(|child| (child.kind, child.name())).collect();
        self.context.observed.with(self.key, |family| {
            let records =
                family.records().filter(|(_, _, record)| record.owner.as_deref() == Some(owner) && !record.is_leaving);
            let unwanted = records.filter(|(kind, name, _)| !wanted.contains(&(*kind, *name)));
            unwanted
                .map(|(kind, name, record)| Orphan { kind, name: name.into(), uid: record.uid.as_ref().into() })
                .collect()
        })
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
        self.context.observed.with(self.key, |family| family.deleted(kind, name));
        Ok(())
    }
}
