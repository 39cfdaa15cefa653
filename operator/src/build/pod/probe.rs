//! Probes and hooks.
//!
//! `/livez` fails only when a loop of the process is stuck, so that a restart helps. `/readyz` fails while a
//! dependency is unavailable.

use k8s_openapi::{
    api::core::v1::{HTTPGetAction, Lifecycle, LifecycleHandler, Probe, SleepAction},
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::build::pod::HEALTH_PORT_NAME;

/// The time that the aggregator keeps serving after its removal from the Service, until all nodes have
/// observed it.
const LEAVE_SECONDS: i64 = 5;

/// Allows a minute for the start on a busy node; otherwise a process starts within a second.
pub(super) fn startup() -> Probe {
    Probe { period_seconds: Some(2), failure_threshold: Some(30), ..http("/livez") }
}

pub(super) fn readiness() -> Probe {
    Probe { period_seconds: Some(5), failure_threshold: Some(2), ..http("/readyz") }
}

/// Allows half a minute, so that a node without a free core does not lose working pods.
pub(super) fn liveness() -> Probe {
    Probe { period_seconds: Some(10), failure_threshold: Some(3), ..http("/livez") }
}

/// The kubelet sleeps, since the image contains no program that could.
pub(super) fn leave() -> Lifecycle {
    let handler = LifecycleHandler {
        sleep: Some(SleepAction { seconds: LEAVE_SECONDS }),
        ..LifecycleHandler::default()
    };
    Lifecycle { pre_stop: Some(handler), ..Lifecycle::default() }
}

fn http(path: &str) -> Probe {
    let port = IntOrString::String(HEALTH_PORT_NAME.to_owned());
    Probe {
        http_get: Some(HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() }),
        timeout_seconds: Some(3),
        ..Probe::default()
    }
}
