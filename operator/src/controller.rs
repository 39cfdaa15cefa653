//! Makes the cluster be as the resources say, and says how it is.
//!
//! ```text
//!  watches ──▶ Observed (a small table) ──▶ Queue ──▶ reconcile ──▶ Applier, status
//!                   ▲                                     │
//!                   └── what we wrote is no news ─────────┘
//! ```
//!
//! [`reconcile`] is the table of contents. Its stages in the middle are pure; the first and the last two talk to the API server.

mod apply;
mod context;
mod dereference;
mod discovery;
mod facts;
mod fingerprint;
mod key;
mod memory;
mod observed;
mod ownership;
mod partial;
mod plan;
mod preview;
mod probe;
mod queue;
mod record;
mod run;
mod status;
mod watches;

use std::{sync::Arc, time::Instant};

use ccx_crds::{CcxPipeline, DatabaseType, Mode, Reconciliation};
use k8s_openapi::jiff::Timestamp;
use kube::{Api, core::ObjectMeta, runtime::controller::Action};

use crate::{
    build::build,
    child::Children,
    metrics::Outcome,
    reason::Reason,
    references::{References, generated_secret, wanted},
    validate::validate,
    validated::ValidatedPipeline,
};
use apply::{Applied, Applier};
use context::{Context, Due};
use dereference::dereference;
use key::Key;
use memory::{Settled, essence};
use partial::Partial;
use plan::Planner;
use probe::Answers;
use status::{DatabaseKeeper, Findings, Observation, Problem, Stance, View};

pub use apply::ApplyError;
pub use dereference::DereferenceError;
pub use preview::{PreviewError, preview};
pub use probe::{HttpProber, Prober};
pub use record::APPLIED_HASH;
pub use run::{Scope, Settings, run};
pub use status::ConditionType;

/// What the stages have come to.
#[derive(Default)]
struct Progress {
    /// None when the resource is not valid, or what it refers to could not be read.
    children: Option<Children>,
    applied: Applied,
    findings: Findings,
    /// What is named and does not exist: some parts wait for it.
    missing: Vec<Problem>,
    /// What the stages have failed with.
    problems: Vec<Problem>,
}

impl Progress {
    /// Everything that somebody should know of.
    fn troubles(&self) -> Vec<Problem> {
        [self.missing.as_slice(), &self.problems].concat()
    }
}

/// Brings one resource and its children together.
///
/// Whatever goes wrong ends in the status, so only a status that could not be written is an error.
///
/// Of the resource, only its metadata is at hand: what is not settled is read, and so is never older than what we wrote ourselves.
async fn reconcile(seen: Arc<Partial<CcxPipeline>>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let started = Instant::now();
    let key = Key::of_metadata(&seen.metadata);
    context.queue.begin(&key);
    let changes = context.observed.with(&key, |family| family.changes());
    let is_settled = context.memory.is_settled(&key, &Settled { essence: essence(&seen.metadata), changes });
    let pipeline = if is_settled || is_leaving(&seen.metadata) { None } else { read(&key, &context).await? };
    let Some(pipeline) = pipeline.filter(|pipeline| !is_leaving(&pipeline.metadata)) else {
        context.metrics.count_reconcile(Outcome::Settled, started.elapsed());
        return Ok(context.due(Due::Resync));
    };
    let now = Settled { essence: essence(&pipeline.metadata), changes };
    context.observed.with(&key, |family| family.belongs_to(pipeline.metadata.uid.as_deref()));
    let progress = advance(&pipeline, &key, &context).await;
    let answers = probe(&key, &context).await;
    let observation = observe(&pipeline, &key, &context, &progress, answers);
    let due = conclude(&pipeline, &key, &context, &progress, &observation).await?;
    context.memory.settle(&key, (due == Due::Resync).then_some(now));
    let outcome = if progress.troubles().is_empty() { Outcome::Done } else { Outcome::Failed };
    context.metrics.count_reconcile(outcome, started.elapsed());
    Ok(context.due(due))
}

/// None when it has just gone.
async fn read(key: &Key, context: &Context) -> Result<Option<CcxPipeline>, kube::Error> {
    Api::namespaced(context.client.clone(), &key.namespace).get_opt(&key.name).await
}

/// Its children go with it, by their owner references.
fn is_leaving(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some()
}

/// dereference → validate → build → apply. A stage that fails ends it.
async fn advance(pipeline: &CcxPipeline, key: &Key, context: &Context) -> Progress {
    let references = match refer(pipeline, key, context).await {
        Ok(references) => references,
        Err(problem) => return Progress { problems: vec![problem], ..Progress::default() },
    };
    let validated = match check(pipeline, &references, context) {
        Ok(validated) => validated,
        Err(problems) => return Progress { problems, ..Progress::default() },
    };
    let children = build(&validated);
    let applier = Applier { context, pipeline, key };
    let planner = Planner { client: &context.client, pipeline };
    let missing = validated.missing().map(Problem::from).collect();
    let mut progress = Progress { missing, ..Progress::default() };
    progress.findings.endpoints = Some(status::endpoints(&validated, &children));
    progress.findings.database_secret =
        validated.managed_database.as_ref().map(|_| generated_secret(pipeline));
    match stance(pipeline) {
        Stance::Paused => {}
        Stance::Planned => match planner.plan(&children, applier.orphans(&children)).await {
            Ok(plan) => progress.findings.plan = Some(plan.to_status()),
            Err(error) => progress.problems.push(Problem::of(&error)),
        },
        Stance::Active | Stance::Suspended => progress.applied = applier.apply(&children).await,
    }
    progress.problems.extend(progress.applied.failures.iter().map(Problem::of));
    progress.children = Some(children);
    progress
}

async fn refer(pipeline: &CcxPipeline, key: &Key, context: &Context) -> Result<References, Problem> {
    let wanted = wanted(pipeline);
    // Before it is read, so that no change after the reading is missed.
    context.observed.depend(key, wanted.clone());
    dereference(&context.client, key, &wanted, &context.served)
        .await
        .map_err(|error| Problem { reason: error.reason(), message: error.message() })
}

fn check(
    pipeline: &CcxPipeline,
    references: &References,
    context: &Context,
) -> Result<ValidatedPipeline, Vec<Problem>> {
    validate(pipeline, references, &context.defaults)
        .map_err(|errors| errors.problems.iter().map(Problem::from).collect())
}

async fn probe(key: &Key, context: &Context) -> Answers {
    let pods = context.observed.with(key, |family| probe::running(family));
    probe::ask(&*context.prober, &pods).await
}

fn observe(
    pipeline: &CcxPipeline,
    key: &Key,
    context: &Context,
    progress: &Progress,
    answers: Answers,
) -> Observation {
    let database = match pipeline.spec.database.kind {
        DatabaseType::Managed => DatabaseKeeper::Operator,
        DatabaseType::External => DatabaseKeeper::SomebodyElse,
    };
    Observation {
        stance: stance(pipeline),
        database,
        view: context.observed.with(key, |family| View::new(&key.name, progress.children.as_ref(), family)),
        answers,
        missing: progress.missing.clone(),
        problems: progress.problems.clone(),
        waiting: progress.applied.waiting.clone(),
    }
}

/// Writes the status if it says something new, tells of new problems, and says when to look again.
async fn conclude(
    pipeline: &CcxPipeline,
    key: &Key,
    context: &Context,
    progress: &Progress,
    observation: &Observation,
) -> Result<Due, kube::Error> {
    let before = pipeline.status.clone().unwrap_or_default();
    let status = status::report(pipeline, &before, observation, progress.findings.clone(), Timestamp::now());
    context.memory.count_conditions(key, &status);
    if status != before && !is_namespace_terminating(&progress.problems) {
        status::write(&context.client, key, &status).await?;
        context.memory.moved(key);
    }
    let troubles = progress.troubles();
    tell_problems(pipeline, key, context, &troubles).await;
    if troubles.is_empty() {
        context.memory.succeeded(key);
        if observation.is_restless() {
            return Ok(Due::Soon(context.memory.looked(key)));
        }
        context.memory.moved(key);
        return Ok(Due::Resync);
    }
    Ok(Due::Retry(context.memory.failed(key)))
}

async fn tell_problems(pipeline: &CcxPipeline, key: &Key, context: &Context, problems: &[Problem]) {
    let texts = problems.iter().map(|problem| format!("{}: {}", problem.reason.name(), problem.message));
    let news = context.memory.new_problems(key, texts.collect());
    for problem in problems {
        context.metrics.count_error(problem.reason.name());
        let text = format!("{}: {}", problem.reason.name(), problem.message);
        if news.contains(&text) && problem.reason != Reason::NamespaceTerminating {
            context.events.warning(pipeline, problem.reason.name(), &problem.message).await;
        }
    }
}

/// Nothing can be written into it any more, and nothing needs to be.
fn is_namespace_terminating(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.reason == Reason::NamespaceTerminating)
}

fn stance(pipeline: &CcxPipeline) -> Stance {
    let spec = &pipeline.spec;
    match (spec.reconciliation, spec.mode, spec.suspend) {
        (Reconciliation::Paused, ..) => Stance::Paused,
        (Reconciliation::Active, Mode::Plan, _) => Stance::Planned,
        (Reconciliation::Active, Mode::Apply, true) => Stance::Suspended,
        (Reconciliation::Active, Mode::Apply, false) => Stance::Active,
    }
}
