//! Updates of children that exist: only when a field that the operator sets differs.

use kube::{Api, api::Patch, core::DynamicObject};
use snafu::ResultExt as _;

use super::{
    Applier, ApplyError, Change, Desired, Prepared, RequestSnafu,
    diff::{correctable, differences, is_same, keep_live},
    drift, force, live,
    recreate::is_change_of_unbound_claim,
};
use crate::{
    model::{kind::Kind, object::Object, problem::Problem, reason::Reason, resources::Child},
    plan::restart::restart_reasons,
};

impl Applier<'_> {
    pub(super) async fn update(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        live: &DynamicObject,
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let mut desired = prepared.against(live);
        let is_applied = live::applied_hash(live) == Some(&*desired.hash);
        let differences = differences(&desired.object, live);
        if child.kind() == Kind::Job && is_applied {
            keep_live(&mut desired.object, live, &differences);
        }
        let paths = correctable(child.kind(), is_applied, differences);
        if paths.is_empty() || self.is_equal_on_server(api, child, &desired, live).await? {
            self.verified(child, &desired.hash, live);
            return Ok(Change::Nothing);
        }
        let is_drift = is_applied;
        if is_drift && self.context.state.is_contested(self.key, child.kind(), child.name()) {
            let message = drift::contest(child.kind(), live, &paths);
            return Ok(Change::Contested(Problem::new(Reason::Contested, message)));
        }
        // The pod template of a Job is immutable.
        let is_change_of_job = child.kind() == Kind::Job && paths.iter().any(|path| !path.is_of_metadata());
        if is_change_of_job && live::has_succeeded(live) {
            self.verified(child, &desired.hash, live);
            return Ok(Change::Nothing);
        }
        if is_change_of_job || is_change_of_unbound_claim(child.kind(), live, &paths) {
            return self.recreate(prepared, live).await;
        }
        let after = self.write(child, &desired, "apply").await?;
        tracing::info!(pipeline = %self.key, kind = child.kind().name(), name = child.name(), fields = ?paths, "applied");
        if is_drift {
            self.context.state.record_correction(self.key, child.kind(), child.name());
            let note = drift::note(child.kind(), live, &paths);
            self.context.events.normal(self.pipeline, Reason::DriftCorrected.name(), &note).await;
        }
        self.emit_restart_events(child, live, &after).await;
        Ok(Change::Written)
    }

    /// Whether the API server regards the objects as equal: quantities and defaults can be written in several
    /// ways. Requested only when this object was applied before, since otherwise it differs.
    async fn is_equal_on_server(
        &self,
        api: &Api<DynamicObject>,
        child: &Child,
        desired: &Desired,
        live: &DynamicObject,
    ) -> Result<bool, ApplyError> {
        if live::applied_hash(live) != Some(&*desired.hash) {
            return Ok(false);
        }
        let tried = api.patch(child.name(), &force().dry_run(), &Patch::Apply(&desired.object)).await;
        Ok(is_same(&tried.context(RequestSnafu::for_child(child, "compare"))?, live))
    }

    async fn emit_restart_events(&self, child: &Child, before: &DynamicObject, after: &DynamicObject) {
        let object = |it: &DynamicObject| Object::from_live(child.kind(), it);
        let reasons =
            object(before).zip(object(after)).map(|(before, after)| restart_reasons(&before, &after));
        for reason in reasons.into_iter().flatten() {
            let note = format!("replacing the pods of {}: {reason}", child.name());
            self.context.events.normal(self.pipeline, reason.reason().name(), &note).await;
        }
    }
}
