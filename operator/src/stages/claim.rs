//! The claim of a resource: two operators of one resource would fight.

use std::time::{Duration, Instant};

use ccx_crds::CcxPipeline;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Resource as _,
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::json;

use crate::{
    model::{
        api_error::{api_reason, error_text},
        hash64::Hash64,
        key::Key,
        names::MANAGER,
        problem::Problem,
        reason::Reason,
    },
    runtime::{claim::TAKEOVER, context::Context},
};

/// Whether this operator may write to a resource and its children.
#[derive(Debug)]
pub(crate) enum Claim {
    /// This operator has claimed the resource.
    Held,
    /// The resource was changed since it was read, possibly by another operator that claimed it.
    Outdated,
    /// Another operator has claimed the resource.
    Other(Problem),
}

/// Claims the resource for this operator before anything else is written, and takes over the claim of an operator
/// that no longer renews its Lease.
///
/// # Errors
/// When the API server refuses the claim.
pub(crate) async fn claim(
    pipeline: &mut CcxPipeline,
    key: &Key,
    context: &Context,
) -> Result<Claim, kube::Error> {
    let claimant = pipeline.status.as_ref().and_then(|status| status.controller.clone());
    if claimant.as_ref() == Some(&context.controller) {
        return Ok(Claim::Held);
    }
    if let Some(other) = &claimant
        && let Some(problem) = valid_claim(other, key, context).await
    {
        return Ok(Claim::Other(problem));
    }
    match write_claim(pipeline, key, context).await {
        Ok(()) => {}
        Err(error) if api_reason(&error) == Reason::Conflict => return Ok(Claim::Outdated),
        Err(error) => return Err(error),
    }
    if let Some(other) = &claimant {
        report_takeover(pipeline, key, other, context).await;
    }
    pipeline.status.get_or_insert_default().controller = Some(context.controller.clone());
    Ok(Claim::Held)
}

/// Returns why the claim of another operator has to be respected; `None` when it is abandoned.
async fn valid_claim(other: &str, key: &Key, context: &Context) -> Option<Problem> {
    let renewal = match renewal(other, context).await {
        Ok(renewal) => renewal,
        Err(error) => return Some(unknown(other, context, &error)),
    };
    let is_abandoned = context.state.is_claim_abandoned(key, renewal, takeover(context), Instant::now());
    (!is_abandoned).then(|| claimed(other, context))
}

fn takeover(context: &Context) -> Duration {
    context.takeover.unwrap_or(TAKEOVER)
}

async fn report_takeover(pipeline: &CcxPipeline, key: &Key, from: &str, context: &Context) {
    let note = format!(
        "took over the resource from the operator {from}, which has not renewed its Lease for {} minutes",
        takeover(context).as_secs() / 60
    );
    tracing::info!(pipeline = %key, from, "took over the resource");
    context.events.normal(pipeline, Reason::ClaimTakenOver.name(), &note).await;
}

/// Returns the hash of the last renewal of the Lease that the claim names; an absent Lease is not renewed.
async fn renewal(claim: &str, context: &Context) -> Result<Hash64, kube::Error> {
    let lease = match claim.split_once('/') {
        Some((namespace, name)) => {
            Api::<Lease>::namespaced(context.client.clone(), namespace).get_opt(name).await?
        }
        None => None,
    };
    let spec = lease.and_then(|lease| lease.spec).unwrap_or_default();
    let renewed = spec.renew_time.map(|time| time.0.to_string());
    Ok(Hash64::new(&(claim, spec.holder_identity, renewed)))
}

/// Writes the claim, unless the resource was changed since it was read: of operators that start at the same time, one
/// succeeds.
async fn write_claim(pipeline: &CcxPipeline, key: &Key, context: &Context) -> Result<(), kube::Error> {
    // The response is not parsed: a resource that was stored by another release may not be valid.
    let kind = ApiResource::erase::<CcxPipeline>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), &key.namespace, &kind);
    let patch = json!({
        "metadata": {"resourceVersion": pipeline.meta().resource_version},
        "status": {"controller": context.controller},
    });
    let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    api.patch_status(&key.name, &parameters, &Patch::Merge(patch)).await.map(drop)
}

fn claimed(claim: &str, context: &Context) -> Problem {
    let message = format!(
        "the operator {claim} manages this resource, and the operator {} leaves it alone; it takes over when the other \
         one has not renewed its Lease for {} minutes",
        context.controller,
        TAKEOVER.as_secs() / 60
    );
    Problem::new(Reason::ClaimedByOther, message)
}

fn unknown(claim: &str, context: &Context, error: &kube::Error) -> Problem {
    let message = format!(
        "the operator {claim} manages this resource, and the operator {} leaves it alone; its Lease can't be read: {}; \
         if it no longer runs, remove status.controller with `kubectl patch --subresource=status`",
        context.controller,
        error_text(error)
    );
    Problem::new(Reason::ClaimedByOther, message)
}
