//! Whether the controllers of autoscalers and exposures do what the objects ask for.

use std::collections::BTreeMap;

use ccx_crds::{CcxPipelineSpec, ExposureType, IdentitySource};

use super::{ConditionStatus, ConditionValue, Observation, observed_state::ControllerView};
use crate::{
    cache::status::Acceptance,
    model::{component::Component, kind::Kind, problem::Problem, reason::Reason},
};

/// Returns the status of the autoscalers; `None` without any.
///
/// A new autoscaler has no metrics yet, so that its failure counts from the deadline on.
pub(super) fn autoscaling(observation: &Observation) -> Option<ConditionStatus> {
    let views = views(observation, |kind| matches!(kind, Kind::HorizontalPodAutoscaler | Kind::ScaledObject));
    (!views.is_empty()).then(|| {
        status(&views, Reason::AutoscalerFailing, "the autoscalers are working", |acceptance| {
            matches!(acceptance, Acceptance::Refused { since, .. } if observation.is_overdue(*since))
        })
    })
}

/// Returns the status of the exposure of an API; `None` when it is not exposed outside the cluster.
pub(super) fn exposed(observation: &Observation, api: Component) -> Option<ConditionStatus> {
    let mut views = views(observation, |kind| matches!(kind, Kind::Route | Kind::Ingress | Kind::HttpRoute));
    views.retain(|view| view.component == Some(api));
    (!views.is_empty()).then(|| {
        let success = format!("{api} is exposed");
        let status = status(&views, Reason::ExposureRejected, &success, |acceptance| {
            matches!(acceptance, Acceptance::Refused { .. })
        });
        with_warning(status, api, observation.identities.get(&api))
    })
}

/// Returns where `x-rh-identity` is verified, for each API that trusts it in requests from outside the cluster.
pub(super) fn identities(spec: &CcxPipelineSpec) -> BTreeMap<Component, IdentitySource> {
    let public = spec.public_api.iter().filter(|api| api.authentication.trust_identity_header);
    let public = public.map(|api| (Component::SmartProxy, &api.exposure));
    let exposures = [(Component::Aggregator, &spec.aggregator.exposure)].into_iter().chain(public);
    let exposed = exposures.filter(|(_, exposure)| exposure.kind != ExposureType::ClusterIp);
    exposed.map(|(api, exposure)| (api, exposure.identity)).collect()
}

/// Warns of forged identities, unless the exposure does not work anyway.
fn with_warning(
    mut status: ConditionStatus,
    api: Component,
    identity: Option<&IdentitySource>,
) -> ConditionStatus {
    if identity == Some(&IdentitySource::Unverified) && status.value != ConditionValue::False {
        let field = match api {
            Component::SmartProxy => "spec.publicApi.exposure.identity",
            _ => "spec.aggregator.exposure.identity",
        };
        let warning = format!("any client can forge x-rh-identity, as {field} is Unverified");
        let message = format!("{}; {warning}", status.cause.message);
        status.cause = Problem::new(Reason::UnverifiedIdentity, message);
    }
    status
}

fn views(observation: &Observation, is_wanted: impl Fn(Kind) -> bool) -> Vec<&ControllerView> {
    observation.state.controllers.iter().filter(|view| is_wanted(view.kind)).collect()
}

fn status(
    views: &[&ControllerView],
    failure: Reason,
    success: &str,
    has_failed: impl Fn(&Acceptance) -> bool,
) -> ConditionStatus {
    if let Some(view) = views.iter().find(|view| has_failed(&view.report.acceptance)) {
        return ConditionStatus::not_met(failure, describe(view));
    }
    match views.iter().find(|view| view.report.acceptance != Acceptance::Accepted) {
        Some(view) => ConditionStatus::unknown(Reason::NotObserved, describe(view)),
        None => ConditionStatus::met(Reason::AsExpected, success),
    }
}

fn describe(ControllerView { kind, name, report, .. }: &ControllerView) -> String {
    match &report.acceptance {
        Acceptance::Refused { message, .. } => format!("{} {name}: {message}", kind.name()),
        Acceptance::Accepted | Acceptance::Unreported => {
            format!("no controller has reported the state of {} {name}", kind.name())
        }
    }
}
