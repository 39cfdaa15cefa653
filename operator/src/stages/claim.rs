//! The claim of a resource: two operators of one resource would fight.

use std::time::Instant;

use ccx_crds::CcxPipeline;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Resource as _,
    api::{Patch, PatchParams},
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

/// Returns why the resource is left to another operator, which has claimed it. The claim of one that no longer
/// renews its Lease is taken over.
pub(crate) async fn claim_of_other(pipeline: &CcxPipeline, key: &Key, context: &Context) -> Option<Problem> {
    let claim = pipeline.status.as_ref()?.controller.as_deref()?;
    if claim == context.controller {
        return None;
    }
    let renewal = match renewal(claim, context).await {
        Ok(renewal) => renewal,
        Err(error) => return Some(unknown(claim, context, &error)),
    };
    let takeover = context.takeover.unwrap_or(TAKEOVER);
    if !context.state.is_claim_abandoned(key, renewal, takeover, Instant::now()) {
        return Some(claimed(claim, context));
    }
    match take_over(pipeline, key, context).await {
        Ok(()) => {
            let note = format!(
                "took over the resource from the operator {claim}, which has not renewed its Lease for {} minutes",
                takeover.as_secs() / 60
            );
            tracing::info!(pipeline = %key, from = claim, "took over the resource");
            context.events.normal(pipeline, Reason::ClaimTakenOver.name(), &note).await;
            None
        }
        Err(error) => Some(Problem::new(api_reason(&error), error_text(&error))),
    }
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

/// Claims the resource, unless it was changed since it was read.
async fn take_over(pipeline: &CcxPipeline, key: &Key, context: &Context) -> Result<(), kube::Error> {
    let api: Api<CcxPipeline> = Api::namespaced(context.client.clone(), &key.namespace);
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
