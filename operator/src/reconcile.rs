//! The reconcile of one `CcxPipeline`: dereference → validate → build → apply → `update_status`.

use std::sync::Arc;

use ccx_crds::{CcxPipeline, DatabaseType};
use kube::{Client, core::DynamicObject};
use tokio_util::sync::CancellationToken;

use crate::{
    build::build,
    cache::PipelineObjects,
    model::{
        component::Component,
        job_history::{DatabaseStorage, JobHistory},
        key::Key,
        kind::Kind,
        names::generated_secret,
        problem::Problem,
        references::{DatabaseVolume, References, Strimzi, referenced_names},
    },
    runtime::{
        context::Context,
        controller::{self, Settings},
        metrics::Metrics,
        probe,
        reconcile_if_changed::{Reconcile, Reconciled},
    },
    stages::{
        StageResults,
        apply::Applier,
        claim::{Claim, claim},
        dereference::dereference,
        dry_run::Planner,
        invalid, refused_pods, token_review,
        update_status::{self, ReconcileMode, update_status},
    },
    validate::validate,
};

/// Reconciles all resources of the watched namespaces until `stop`, then finishes the reconciles in flight.
pub async fn run(client: Client, settings: Settings, metrics: Metrics, stop: CancellationToken) {
    let reconcile: Reconcile = |stored, context| Box::pin(reconcile(stored, context));
    Box::pin(controller::run(client, settings, metrics, stop, reconcile)).await;
}

/// Brings the children of a resource to their desired state, and reports the observed state.
///
/// Every failure ends in the status, so only a status that could not be written is an error.
async fn reconcile(stored: Arc<DynamicObject>, context: Arc<Context>) -> Result<Reconciled, kube::Error> {
    let (mut pipeline, invalid) = invalid::parse(&stored);
    let key = Key::from_pipeline(&pipeline);
    match claim(&mut pipeline, &key, &context).await {
        Ok(Claim::Held) => {}
        Ok(Claim::Outdated) => return Ok(Reconciled::again()),
        Ok(Claim::Other(problem)) => {
            return Ok(Reconciled { problems: vec![problem], ..Reconciled::default() });
        }
        // The API server may refuse any status of a resource that is not valid.
        Err(_) if invalid.is_some() => {}
        Err(error) => return Err(error),
    }
    if let Some(problem) = invalid {
        return Ok(invalid::report(&pipeline, &key, &context, problem).await);
    }
    let mut results = Box::pin(run_stages(&pipeline, &key, &context)).await;
    if let Some(children) = &results.children {
        let lacking = context.cache.with(&key, |objects| refused_pods::lacking_pods(children, objects));
        results.lacks_pods = !lacking.is_empty();
        results.refused = refused_pods::refused_pods(&context.client, &key, &lacking).await;
    }
    let probed =
        probe::ask(&*context.prober, &context.cache.with(&key, |objects| probe::running(objects))).await;
    update_status(&pipeline, &key, &context, results, probed).await
}

/// Runs dereference → validate → build → apply. A stage that fails ends it.
async fn run_stages(pipeline: &CcxPipeline, key: &Key, context: &Context) -> StageResults {
    let references = match resolve_references(pipeline, key, context).await {
        Ok(references) => references,
        Err(problem) => return StageResults::failed(vec![problem]),
    };
    let validated = match validate(pipeline, &references, &context.defaults) {
        Ok(validated) => validated,
        Err(errors) => return StageResults::failed(errors.problems),
    };
    let children = build(&validated);
    let mut results =
        StageResults { missing: validated.missing().cloned().collect(), ..StageResults::default() };
    results.is_selector_unmatched = pipeline.spec.data_pipeline.rules.config_map_selector.is_some()
        && references.rule_config_maps.is_empty();
    results.findings.endpoints =
        Some(context.cache.with(key, |objects| update_status::endpoints(&validated, objects)));
    results.findings.database_secret =
        validated.managed_database.as_ref().map(|_| generated_secret(&key.name));
    results.findings.wording = update_status::Wording::new(&validated);
    results.history = job_history(pipeline, key, context);
    let applier = Applier { context, pipeline, key, history: &results.history };
    match ReconcileMode::from_spec(&pipeline.spec) {
        ReconcileMode::Paused => {}
        ReconcileMode::Planned => {
            let planner = Planner { client: &context.client, pipeline };
            match planner.plan(&children, applier.orphans(&children)).await {
                Ok(plan) => results.findings.plan = Some(plan.to_status()),
                Err(error) => results.errors.push(Problem::from(&error)),
            }
        }
        ReconcileMode::Active | ReconcileMode::Suspended => results.applied = applier.apply(&children).await,
    }
    if validated.public_api.as_ref().is_some_and(|api| api.reviews_tokens) {
        let components = [Component::SmartProxy, Component::Ingress];
        let components: Vec<_> = components.into_iter().filter(|it| validated.pods(*it).is_some()).collect();
        results.token_review = Some(token_review::rights(&context.client, key, &components).await);
    }
    results.errors.extend(results.applied.failures.iter().map(Problem::from));
    results.errors.append(&mut results.applied.contested);
    results.children = Some(children);
    results
}

fn job_history(pipeline: &CcxPipeline, key: &Key, context: &Context) -> JobHistory {
    let storage = match pipeline.spec.database.kind {
        DatabaseType::External => DatabaseStorage::External,
        DatabaseType::Managed => {
            let claim = Component::Database.object_name(&key.name);
            let uid = context.cache.with(key, |objects| {
                objects.entry(Kind::PersistentVolumeClaim, &claim).and_then(|it| it.uid)
            });
            uid.map_or(DatabaseStorage::Unknown, |uid| DatabaseStorage::Claim(uid.to_string()))
        }
    };
    JobHistory::new(pipeline.status.as_ref(), storage, context.job_pause)
}

async fn resolve_references(
    pipeline: &CcxPipeline,
    key: &Key,
    context: &Context,
) -> Result<References, Problem> {
    let mut names = referenced_names(pipeline);
    let refused = names.strimzi.take_if(|kafka| !context.defaults.allows_strimzi(&key.namespace, kafka));
    // Before they are read, so that no change after the read is missed.
    context.cache.set_references(key, names.clone());
    let served = context.served.borrow().clone();
    let references = dereference(&context.client, key, &names, &served).await;
    let references = references.map_err(|error| Problem::from(&error))?;
    Ok(References {
        strimzi: if refused.is_some() { Strimzi::NotAllowed } else { references.strimzi },
        public_host: context.cache.with(key, |objects| {
            let name = Component::SmartProxy.object_name(&key.name);
            update_status::reported_host(&name, objects).map(str::to_owned)
        }),
        database_volume: context.cache.with(key, |objects| database_volume(key, objects)),
        ..references
    })
}

fn database_volume(key: &Key, objects: &PipelineObjects) -> DatabaseVolume {
    let name = Component::Database.object_name(&key.name);
    let claim = objects.entry(Kind::PersistentVolumeClaim, &name);
    claim.map_or(DatabaseVolume::Absent, |_| DatabaseVolume::Present)
}
