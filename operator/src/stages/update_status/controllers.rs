//! Whether the controllers of autoscalers and exposures do what the objects ask for.

use ccx_crds::IdentitySource;

use super::{ConditionStatus, ConditionValue, Observation, observed_state::ControllerView};
use crate::{
    cache::status::Acceptance,
    model::{kind::Kind, problem::Problem, reason::Reason},
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

/// Returns the status of the exposure; `None` when the API is not exposed outside the cluster.
pub(super) fn exposed(observation: &Observation) -> Option<ConditionStatus> {
    let views = views(observation, |kind| matches!(kind, Kind::Route | Kind::Ingress | Kind::HttpRoute));
    let status = (!views.is_empty()).then(|| {
        status(&views, Reason::ExposureRejected, "the API is exposed", |acceptance| {
            matches!(acceptance, Acceptance::Refused { .. })
        })
    });
    status.map(|status| with_warning(status, observation.identity))
}

/// Warns of forged identities, unless the exposure does not work anyway.
fn with_warning(mut status: ConditionStatus, identity: IdentitySource) -> ConditionStatus {
    if identity == IdentitySource::Unverified && status.value != ConditionValue::False {
        let warning =
            "any client can forge x-rh-identity, as spec.aggregator.exposure.identity is Unverified";
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

fn describe(ControllerView { kind, name, report }: &ControllerView) -> String {
    match &report.acceptance {
        Acceptance::Refused { message, .. } => format!("{} {name}: {message}", kind.name()),
        Acceptance::Accepted | Acceptance::Unreported => {
            format!("no controller has reported the state of {} {name}", kind.name())
        }
    }
}
