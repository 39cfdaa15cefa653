//! Applies the children in order, each only when it differs and its gates are open, and deletes orphans.
//!
//! ```text
//!  known to be up to date ──▶ nothing     (no request at all)
//!  else GET ──▶ missing ──▶ create
//!           ──▶ not ours ──▶ a conflict, reported
//!           ──▶ our fields differ ──▶ server-side apply, and an Event if another manager had changed them
//!           ──▶ equal ──▶ known to be up to date
//! ```

mod diff;
mod drift;
mod error;
mod generated_secret;
mod job_action;
mod orphans;
mod prepared;
mod stage_gates;

use std::collections::BTreeSet;

use ccx_crds::CcxPipeline;
use diff::is_same;
pub(crate) use error::{ApplyError, ForeignSnafu, RequestSnafu};
use job_action::{JobAction, job_action};
use k8s_openapi::jiff::Timestamp;
use kube::{
    Api,
    api::{Patch, PatchParams, PostParams},
    core::DynamicObject,
};
pub(crate) use orphans::{Orphan, orphans};
pub(crate) use prepared::{Prepared, has_succeeded, is_ours};
use serde_json::json;
use snafu::ResultExt as _;
use stage_gates::Progress;

use crate::{
    cache::{ChildState, entry::ChildEntry},
    model::{
        hash64::Hash64,
        job_history::JobHistory,
        key::Key,
        kind::Kind,
        names::MANAGER,
        problem::Problem,
        reason::Reason,
        resources::{ApplyMode, Child, Children},
    },
    plan::restart::restart_reasons,
    runtime::context::Context,
};

/// Applies the children of one resource.
pub(crate) struct Applier<'a> {
    pub(crate) context: &'a Context,
    pub(crate) pipeline: &'a CcxPipeline,
    pub(crate) key: &'a Key,
    /// The history of the Jobs.
    pub(crate) history: &'a JobHistory,
}

/// The result of applying the children.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The children whose changes are held back.
    pub(crate) held: Vec<Held>,
    /// The names of Jobs that were deleted after a failure, to be repeated.
    pub(crate) repeated: Vec<String>,
    /// Children that another client keeps changing.
    pub(crate) contested: Vec<Problem>,
    /// The children that could not be applied. All others were.
    pub(crate) failures: Vec<ApplyError>,
}

/// A child whose change is held back by a gate or a missing reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) kind: Kind,
    pub(crate) name: Box<str>,
    pub(crate) cause: Problem,
}

/// The change that was made to a child.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    Written,
    /// The change was not made yet.
    Held(Problem),
    /// The correction is delayed, since another client keeps changing the child.
    Contested(Problem),
    /// A Job was deleted, to be repeated.
    Repeated,
    /// A Secret was generated, on which later children depend.
    SecretGenerated,
}

impl Applied {
    /// Returns the first cause for which a change is held back, other than a missing reference.
    pub(crate) fn waiting(&self) -> Option<Problem> {
        self.held.iter().map(|held| &held.cause).find(|cause| !cause.is_missing_reference()).cloned()
    }

    /// Returns the kinds of the children that were refused, or are held back by a gate.
    fn pending(&self) -> BTreeSet<Kind> {
        let held = self.held.iter().filter(|held| !held.cause.is_missing_reference()).map(|held| held.kind);
        held.chain(self.failures.iter().map(ApplyError::kind)).collect()
    }
}

impl Applier<'_> {
    /// Applies the children in order. One that fails holds back only those that depend on it.
    pub(crate) async fn apply(&self, children: &Children) -> Applied {
        let mut applied = Applied::default();
        let mut progress = Progress::new(self.history.clone());
        for child in children {
            match self.apply_child(child, children, &progress).await {
                Ok(Change::SecretGenerated) => progress.record_generated(child),
                Ok(Change::Held(cause)) => {
                    applied.held.push(Held { kind: child.kind, name: child.name().into(), cause });
                }
                Ok(Change::Repeated) => applied.repeated.push(child.name().to_owned()),
                Ok(Change::Contested(problem)) => applied.contested.push(problem),
                Ok(Change::Nothing | Change::Written) => {}
                Err(error) => {
                    progress.record_failure(child, Problem::from(&error));
                    applied.failures.push(error);
                }
            }
        }
        if let Err(error) = self.delete_orphans(children, &applied.pending()).await {
            applied.failures.push(error);
        }
        applied
    }

    /// A closed gate or a missing reference holds back changes; drift from what was applied is still
    /// corrected.
    async fn apply_child(
        &self,
        child: &Child,
        children: &Children,
        progress: &Progress,
    ) -> Result<Change, ApplyError> {
        let prepared = Prepared::new(child, self.pipeline);
        let desired = Hash64::new(&*prepared.hash);
        let (job, cause, state) = self.context.cache.with(self.key, |objects| {
            let job = job_action(child, objects, self.history, Timestamp::now());
            let applied = objects.entry(child.kind, child.name()).and_then(|entry| entry.applied);
            let is_change = applied != Some(desired);
            let cause = is_change.then(|| stage_gates::closed(child, children, objects, progress)).flatten();
            (job, cause, objects.child_state(child.kind, child.name(), desired))
        });
        match job {
            JobAction::Keep => return Ok(Change::Nothing),
            JobAction::Repeat => return self.repeat_job(&prepared).await,
            JobAction::Apply => {}
        }
        match (cause, state) {
            (Some(cause), _) => Ok(Change::Held(cause)),
            (None, ChildState::UpToDate) => Ok(Change::Nothing),
            (None, state) => self.reconcile_child(&prepared, state).await,
        }
    }

    async fn reconcile_child(
        &self,
        prepared: &Prepared<'_>,
        knowledge: ChildState,
    ) -> Result<Change, ApplyError> {
        let api = self.api(prepared.child.kind);
        let name = prepared.child.name();
        let live = api.get_opt(name).await.context(RequestSnafu::for_child(prepared.child, "read"))?;
        match live {
            None => self.create(&api, prepared, knowledge).await,
            Some(live) if !prepared::is_ours(&live, self.pipeline) && !prepared.can_adopt(&live) => {
                ForeignSnafu::for_child(prepared.child).fail()
            }
            Some(live) if live.metadata.deletion_timestamp.is_some() => Ok(Change::Nothing),
            Some(live) if prepared::restored_fields(&live).is_some() => {
                let live = self.claim_fields(&api, prepared, live).await?;
                self.update(&api, prepared, &live).await
            }
            Some(live) => self.update(&api, prepared, &live).await,
        }
    }

    /// Becomes the manager of the fields of an object that another client restored.
    async fn claim_fields(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        live: DynamicObject,
    ) -> Result<DynamicObject, ApplyError> {
        let Some(fields) = prepared::restored_fields(&live) else { return Ok(live) };
        let metadata = json!({"managedFields": fields, "resourceVersion": live.metadata.resource_version});
        let patch = Patch::Merge(json!({"metadata": metadata}));
        let claimed = api.patch(prepared.child.name(), &PatchParams::default(), &patch).await;
        claimed.context(RequestSnafu::for_child(prepared.child, "claim the fields of"))
    }

    async fn create(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        knowledge: ChildState,
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        if let ApplyMode::CreateOnce { generate } = &child.apply {
            return self.create_generated_secret(api, prepared, generate).await;
        }
        self.write(prepared, "create", api.patch(child.name(), &force(), &Patch::Apply(&prepared.object)))
            .await?;
        tracing::info!(pipeline = %self.key, kind = child.kind.name(), name = child.name(), "created");
        if knowledge == ChildState::Deleted {
            let note = format!(
                "recreated {} {}, which was deleted by another client",
                child.kind.name(),
                child.name()
            );
            self.context.events.normal(self.pipeline, Reason::DriftCorrected.name(), &note).await;
        }
        Ok(Change::Written)
    }

    /// The data has a field manager of its own, since later applies omit it and would remove it. Everything
    /// else is applied, so that it can be changed later, above all the owner.
    async fn create_generated_secret(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        generate: &[String],
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let secret = generated_secret::with_generated(&child.object, generate);
        let parameters =
            PostParams { field_manager: Some(generated_secret::GENERATOR.into()), ..PostParams::default() };
        let made =
            api.create(&parameters, &secret).await.context(RequestSnafu::for_child(child, "create"))?;
        self.write(
            prepared,
            "apply",
            api.patch(child.name(), &force(), &Patch::Apply(&prepared.against(&made))),
        )
        .await?;
        tracing::info!(pipeline = %self.key, kind = child.kind.name(), name = child.name(), "secret generated");
        // Other children are built from its data.
        self.context.queue.push(self.key.clone());
        Ok(Change::SecretGenerated)
    }

    async fn update(
        &self,
        api: &Api<DynamicObject>,
        prepared: &Prepared<'_>,
        live: &DynamicObject,
    ) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let desired = prepared.against(live);
        let is_applied = prepared::applied_hash(live) == Some(&*prepared.hash);
        let paths = diff::correctable(child.kind, is_applied, diff::differences(&desired, live));
        let is_done_job = child.kind == Kind::Job && prepared::has_succeeded(live);
        if is_done_job && paths.iter().any(|path| !path.is_of_metadata()) {
            // Its template is immutable, so that the API server would refuse the comparison.
            self.verified(prepared, live);
            return Ok(Change::Nothing);
        }
        if paths.is_empty() || self.is_equal_on_server(api, &desired, prepared, live).await? {
            self.verified(prepared, live);
            return Ok(Change::Nothing);
        }
        let is_drift = is_applied;
        if is_drift && self.context.state.is_contested(self.key, child.kind, child.name()) {
            let message = drift::contest(child.kind, live, &paths);
            return Ok(Change::Contested(Problem::new(Reason::Contested, message)));
        }
        if child.kind == Kind::Job && paths.iter().any(|path| !path.is_of_metadata()) {
            return self.replace_job(prepared, live).await;
        }
        if is_change_of_unbound_claim(child.kind, live, &paths) {
            return self.recreate(prepared, live).await;
        }
        let after =
            self.write(prepared, "apply", api.patch(child.name(), &force(), &Patch::Apply(&desired))).await?;
        tracing::info!(pipeline = %self.key, kind = child.kind.name(), name = child.name(), fields = ?paths, "applied");
        if is_drift {
            self.context.state.record_correction(self.key, child.kind, child.name());
            let note = drift::note(child.kind, live, &paths);
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
        desired: &DynamicObject,
        prepared: &Prepared<'_>,
        live: &DynamicObject,
    ) -> Result<bool, ApplyError> {
        if prepared::applied_hash(live) != Some(&*prepared.hash) {
            return Ok(false);
        }
        let tried = api.patch(prepared.child.name(), &force().dry_run(), &Patch::Apply(desired)).await;
        Ok(is_same(&tried.context(RequestSnafu::for_child(prepared.child, "compare"))?, live))
    }

    /// Replaces a Job that has not succeeded: its pod template is immutable.
    async fn replace_job(&self, prepared: &Prepared<'_>, live: &DynamicObject) -> Result<Change, ApplyError> {
        if prepared::has_succeeded(live) {
            self.verified(prepared, live);
            return Ok(Change::Nothing);
        }
        self.recreate(prepared, live).await
    }

    async fn recreate(&self, prepared: &Prepared<'_>, live: &DynamicObject) -> Result<Change, ApplyError> {
        self.delete(prepared.child.kind, prepared.child.name(), live.metadata.uid.as_deref()).await?;
        self.context.queue.push(self.key.clone());
        Ok(Change::Written)
    }

    /// Deletes a Job, which the next reconcile creates again.
    async fn repeat_job(&self, prepared: &Prepared<'_>) -> Result<Change, ApplyError> {
        let child = prepared.child;
        let live = self.api(child.kind).get_opt(child.name()).await;
        let live = live.context(RequestSnafu::for_child(child, "read"))?;
        let Some(live) = live.filter(|live| prepared::is_owned(live, self.pipeline)) else {
            return Ok(Change::Nothing);
        };
        self.delete(child.kind, child.name(), live.metadata.uid.as_deref()).await?;
        self.context.queue.push(self.key.clone());
        let note = format!("repeating Job {}", child.name());
        self.context.events.normal(self.pipeline, Reason::JobRepeated.name(), &note).await;
        Ok(Change::Repeated)
    }

    async fn emit_restart_events(&self, child: &Child, before: &DynamicObject, after: &DynamicObject) {
        if !matches!(child.kind, Kind::Deployment | Kind::StatefulSet) {
            return;
        }
        for reason in restart_reasons(before, after) {
            let note = format!("replacing the pods of {}: {reason}", child.name());
            self.context.events.normal(self.pipeline, reason.reason().name(), &note).await;
        }
    }

    /// Sends a write, whose change the cache does not report.
    async fn write(
        &self,
        prepared: &Prepared<'_>,
        verb: &'static str,
        request: impl Future<Output = kube::Result<DynamicObject>>,
    ) -> Result<DynamicObject, ApplyError> {
        let child = prepared.child;
        self.context.cache.with(self.key, |objects| objects.begin_write(child.kind, child.name()));
        let written = request.await;
        match written {
            Ok(object) => {
                self.verified(prepared, &object);
                Ok(object)
            }
            Err(error) => {
                self.context.cache.with(self.key, |objects| objects.clear_verified(child.kind, child.name()));
                Err(error).context(RequestSnafu::for_child(child, verb))
            }
        }
    }

    fn verified(&self, prepared: &Prepared<'_>, object: &DynamicObject) {
        let child = prepared.child;
        let (record, desired) = (ChildEntry::from(object), Hash64::new(&*prepared.hash));
        let is_changed = self
            .context
            .cache
            .with(self.key, |objects| objects.set_verified(child.kind, child.name(), record, desired));
        if is_changed {
            self.context.queue.push(self.key.clone());
        }
    }

    fn api(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.context.client.clone(), &self.key.namespace, &kind.api_resource())
    }
}

/// Whether the storage class of a claim changes that has no volume, and so no data. The class is immutable.
fn is_change_of_unbound_claim(kind: Kind, live: &DynamicObject, paths: &[diff::FieldPath]) -> bool {
    let has_no_volume =
        live.data["status"]["phase"] == "Pending" && live.data["spec"]["volumeName"].is_null();
    kind == Kind::PersistentVolumeClaim
        && has_no_volume
        && paths.iter().any(|path| path.to_string() == "spec.storageClassName")
}

/// Returns the parameters of server-side apply: fields that the operator sets are taken from other managers.
pub(crate) fn force() -> PatchParams {
    PatchParams::apply(MANAGER).force()
}
