//! Wraps a reconcile: skips resources that are up to date, and keeps the bookkeeping of retries, polls and
//! Events.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ccx_crds::{CcxPipeline, CcxPipelineSpec};
use futures::future::BoxFuture;
use k8s_openapi::jiff::Timestamp;
use kube::{
    Api,
    core::{ApiResource, DynamicObject, ObjectMeta},
    runtime::controller::Action,
};

use super::{
    context::Context,
    metrics::Outcome,
    reconcile_state::{UpToDate, spec_hash},
    requeue::Requeue,
};
use crate::{
    cache::partial_object::PartialObject,
    model::{key::Key, problem::Problem, reason::Reason},
};

/// The pause while the watches of a namespace have not listed everything.
const SYNC_PAUSE: Duration = Duration::from_secs(2);

/// Reconciles one resource. An error means that the status could not be written.
pub(crate) type Reconcile =
    fn(Arc<DynamicObject>, Arc<Context>) -> BoxFuture<'static, Result<Reconciled, kube::Error>>;

/// The result of a reconcile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciled {
    /// Problems to report and to retry.
    pub(crate) problems: Vec<Problem>,
    /// New problems of the observed state, to report.
    pub(crate) warnings: Vec<Problem>,
    /// Whether pods have to be polled: no watch reports what they are waiting for.
    pub(crate) needs_poll: bool,
    /// The time after which the status changes although nothing else does.
    pub(crate) deadline: Option<Duration>,
    /// The time after which a resource that is up to date has to be reconciled again, such as that of a renewal.
    pub(crate) valid_until: Option<Timestamp>,
    /// Whether the status changed.
    pub(crate) is_status_changed: bool,
}

impl Reconciled {
    /// Returns the result of a reconcile that has to be repeated with the resource as it is now.
    pub(crate) fn again() -> Self {
        Self { deadline: Some(Duration::ZERO), ..Self::default() }
    }
}

/// Reconciles a resource, unless it and its objects are unchanged since it was up to date.
///
/// Watches keep only its metadata. It is read before the reconcile, and so is never older than our own
/// writes.
pub(crate) async fn reconcile_if_changed(
    seen: Arc<PartialObject<CcxPipeline>>,
    context: Arc<Context>,
    reconcile: Reconcile,
) -> Result<Action, kube::Error> {
    let started = Instant::now();
    let key = Key::from_metadata(&seen.metadata);
    context.queue.start(&key);
    if !context.synced.is_complete(&key.namespace) {
        return Ok(Action::requeue(SYNC_PAUSE));
    }
    let changes = context.cache.changes(&key);
    let seen_state = UpToDate { spec_hash: spec_hash(&seen.metadata), changes };
    let is_up_to_date = context.state.is_up_to_date(&key, &seen_state);
    let pipeline =
        if is_up_to_date || is_terminating(&seen.metadata) { None } else { read(&key, &context).await? };
    let Some(pipeline) = pipeline.filter(|pipeline| !is_terminating(&pipeline.metadata)) else {
        if !is_up_to_date {
            // It is being deleted: there is nothing to do until its next change.
            context.state.set_up_to_date(&key, Some(seen_state), None);
        }
        context.metrics.count_reconcile(Outcome::Settled, started.elapsed());
        return Ok(Requeue::UpToDate.action(context.resync));
    };
    let state = UpToDate { spec_hash: spec_hash(&pipeline.metadata), changes };
    context.cache.with(&key, |objects| objects.set_owner(pipeline.metadata.uid.as_deref()));
    let pipeline = Arc::new(pipeline);
    let reconciled = reconcile(Arc::clone(&pipeline), Arc::clone(&context)).await?;
    emit_events(&pipeline.metadata, &key, &context, &reconciled).await;
    let requeue = requeue(&key, &context, &reconciled);
    let up_to_date = (requeue == Requeue::UpToDate).then_some(state);
    context.state.set_up_to_date(&key, up_to_date, reconciled.valid_until);
    let outcome = if reconciled.problems.is_empty() { Outcome::Done } else { Outcome::Failed };
    context.metrics.count_reconcile(outcome, started.elapsed());
    Ok(requeue.action(context.resync))
}

/// Returns the resource, which may have been stored before the definition was tightened.
async fn read(key: &Key, context: &Context) -> Result<Option<DynamicObject>, kube::Error> {
    let kind = ApiResource::erase::<CcxPipeline>(&());
    Api::namespaced_with(context.client.clone(), &key.namespace, &kind).get_opt(&key.name).await
}

/// A deleted resource is left to the garbage collector, which deletes its children by their owner references.
fn is_terminating(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some()
}

fn requeue(key: &Key, context: &Context, reconciled: &Reconciled) -> Requeue {
    if reconciled.is_status_changed {
        context.state.reset_polls(key);
    }
    if !reconciled.problems.is_empty() {
        return Requeue::Retry(context.state.record_failure(key));
    }
    context.state.reset_failures(key);
    if reconciled.needs_poll {
        return Requeue::Poll(context.state.record_poll(key));
    }
    context.state.reset_polls(key);
    reconciled.deadline.map_or(Requeue::UpToDate, Requeue::At)
}

/// Emits an Event for each problem that is new.
async fn emit_events(metadata: &ObjectMeta, key: &Key, context: &Context, reconciled: &Reconciled) {
    let Reconciled { problems, warnings, .. } = reconciled;
    let new = context.state.record_problems(key, problems);
    for problem in problems {
        context.metrics.count_error(problem.reason.name());
    }
    // A stage's problem is the cause of those that the status derives from it.
    let is_derived = |warning: &&Problem| problems.iter().any(|problem| problem.reason == warning.reason);
    let warnings = warnings.iter().filter(|warning| !is_derived(warning));
    // No Event can be created in a namespace that is being deleted.
    let is_creatable = !problems.iter().any(|problem| problem.reason == Reason::NamespaceTerminating);
    // Its spec is not needed, and may not be valid.
    let mut pipeline = CcxPipeline::new("", CcxPipelineSpec::default());
    pipeline.metadata = metadata.clone();
    for problem in new.iter().chain(warnings).filter(|_| is_creatable) {
        context.events.warning(&pipeline, problem.reason.name(), &problem.advised()).await;
    }
}
