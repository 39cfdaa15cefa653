//! Applies the children in order, each only when it differs and its gates are open, and deletes orphans.
//!
//! ```text
//!  known to be up to date ──▶ nothing     (no request at all)
//!  else GET ──▶ missing ──▶ create
//!           ──▶ not ours ──▶ a conflict, reported
//!           ──▶ our fields differ ──▶ server-side apply, and an Event if another manager had changed them
//!           ──▶ equal ──▶ known to be up to date
//! ```

mod certificate;
mod diff;
mod drift;
mod error;
mod generated_secret;
mod job_action;
mod live;
mod origin;
mod orphans;
mod prepared;
mod recreate;
mod stage_gates;
mod transition;
mod update;
mod write;

use std::collections::BTreeSet;

use ccx_crds::CcxPipeline;
pub(crate) use error::{ApplyError, ForeignSnafu, RequestSnafu};
use job_action::{JobAction, job_action};
use k8s_openapi::jiff::Timestamp;
pub(crate) use live::{has_succeeded, is_ours};
pub(crate) use orphans::{Orphan, orphans};
pub(crate) use prepared::{Desired, Prepared};
use snafu::ResultExt as _;
use stage_gates::Progress;
pub(crate) use write::force;

use crate::{
    cache::ChildState,
    model::{
        hash64::Hash64,
        job_history::JobHistory,
        key::Key,
        kind::Kind,
        problem::Problem,
        resources::{Child, Children},
    },
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
                    applied.held.push(Held { kind: child.kind(), name: child.name().into(), cause });
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
        if let Err(error) = self.delete_orphans(children, applied.pending()).await {
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
        let (prepared, desired) = self.prepare(child, children);
        let (job, cause, state, is_renewal_due) = self.context.cache.with(self.key, |objects| {
            let job = job_action(child, objects, self.history, Timestamp::now());
            let applied = objects.entry(child.kind(), child.name()).and_then(|entry| entry.applied);
            let is_change = applied != Some(desired);
            let cause = is_change.then(|| stage_gates::closed(child, children, objects, progress)).flatten();
            let is_renewal_due = generated_secret::is_renewal_due(child, objects, Timestamp::now());
            (job, cause, objects.child_state(child.kind(), child.name(), desired), is_renewal_due)
        });
        if is_renewal_due {
            return self.renew_certificate(&prepared).await;
        }
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

    /// Returns the child and the hash that it has when it is up to date. While pods of an older template may run, that
    /// of a form with their ports is one, too.
    fn prepare<'c>(&self, child: &'c Child, children: &Children) -> (Prepared<'c>, Hash64) {
        let prepared = Prepared::new(child, self.pipeline);
        let settled = Hash64::new(&*prepared.hash);
        let applied =
            self.context.cache.with(self.key, |objects| objects.entry(child.kind(), child.name())?.applied);
        let workload = transition::workload_of(child, children).filter(|_| applied != Some(settled));
        if !workload.is_some_and(|workload| self.is_rolling(workload)) {
            return (prepared, settled);
        }
        let with_ports = Hash64::new(&*prepared.hash_with_ports());
        let desired = if applied == Some(with_ports) { with_ports } else { settled };
        (prepared.with_ports_kept(), desired)
    }

    /// Whether pods of an older template of the workload may run.
    fn is_rolling(&self, workload: &Child) -> bool {
        let desired = Hash64::new(&*Prepared::new(workload, self.pipeline).hash);
        self.context.cache.with(self.key, |objects| transition::is_rolling(workload, desired, objects))
    }

    async fn reconcile_child(
        &self,
        prepared: &Prepared<'_>,
        knowledge: ChildState,
    ) -> Result<Change, ApplyError> {
        let api = self.api(prepared.child.kind());
        let name = prepared.child.name();
        let live = api.get_opt(name).await.context(RequestSnafu::for_child(prepared.child, "read"))?;
        match live {
            None => self.create(&api, prepared, knowledge).await,
            Some(live) if !is_ours(&live, self.pipeline) && !prepared.can_adopt(&live) => {
                ForeignSnafu::for_child(prepared.child).fail()
            }
            Some(live) if live.metadata.deletion_timestamp.is_some() => Ok(Change::Nothing),
            Some(live) => {
                let live = self.claim_fields(&api, prepared, live).await?;
                self.update(&api, prepared, &live).await
            }
        }
    }
}
