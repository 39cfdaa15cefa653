//! Replaces children whose changed fields are immutable.

use kube::core::DynamicObject;
use snafu::ResultExt as _;

use super::{Applier, ApplyError, Change, Prepared, RequestSnafu, diff::FieldPath, live};
use crate::model::{kind::Kind, reason::Reason};

/// Whether the storage class of a claim changes that has no volume, and so no data. The class is immutable.
pub(super) fn is_change_of_unbound_claim(kind: Kind, live: &DynamicObject, paths: &[FieldPath]) -> bool {
    kind == Kind::PersistentVolumeClaim
        && paths.iter().any(|path| path.to_string() == "spec.storageClassName")
        && live::is_unbound(live)
}

impl Applier<'_> {
    /// Deletes a child, which the next reconcile creates again.
    pub(super) async fn recreate(
        &self,
        prepared: &Prepared<'_>,
        live: &DynamicObject,
    ) -> Result<Change, ApplyError> {
        self.delete(prepared.child.kind(), prepared.child.name(), live.metadata.uid.as_deref()).await?;
        self.context.queue.push(self.key.clone());
        Ok(Change::Written)
    }

    /// Deletes a Job, which the next reconcile creates again.
    pub(super) async fn repeat_job(&self, prepared: &Prepared<'_>) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let live = self.api(child.kind()).get_opt(child.name()).await;
        let live = live.context(RequestSnafu::for_child(child, "read"))?;
        let Some(live) = live.filter(|live| live::is_owned(live, self.pipeline)) else {
            return Ok(Change::Nothing);
        };
        self.delete(child.kind(), child.name(), live.metadata.uid.as_deref()).await?;
        self.context.queue.push(self.key.clone());
        let note = format!("repeating Job {}", child.name());
        self.context.events.normal(self.pipeline, Reason::JobRepeated.name(), &note).await;
        Ok(Change::Repeated)
    }
}
