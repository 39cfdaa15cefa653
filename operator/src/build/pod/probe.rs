//! Probes and hooks.
//!
//! `/livez` fails only when a loop of the process stands still, so that a restart helps. `/readyz` fails too while a dependency is
//! away, which no restart brings back.

use k8s_openapi::{
    api::core::v1::{HTTPGetAction, Lifecycle, LifecycleHandler, Probe, SleepAction},
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::build::pod::PORT_NAME;

/// How long the aggregator goes on answering after it was taken out of its Service: other nodes hear of that a little later.
const LEAVE_SECONDS: i64 = 5;

/// A minute for the first start on a busy node; a process is up in less than a second otherwise, and is found so soon.
pub(super) fn startup() -> Probe {
    Probe { period_seconds: Some(2), failure_threshold: Some(30), ..http("/livez") }
}

pub(super) fn readiness() -> Probe {
    Probe { period_seconds: Some(5), failure_threshold: Some(2), ..http("/readyz") }
}

/// Half a minute, so that a node without a free core does not lose pods that work.
pub(super) fn liveness() -> Probe {
    Probe { period_seconds: Some(10), failure_threshold: Some(3), ..http("/livez") }
}

/// The kubelet waits itself: the image has no program that could.
pub(super) fn leave() -> Lifecycle {
    let handler = LifecycleHandler {
        sleep: Some(SleepAction { seconds: LEAVE_SECONDS }),
        ..LifecycleHandler::default()
    };
    Lifecycle { pre_stop: Some(handler), ..Lifecycle::default() }
}

fn http(path: &str) -> Probe {
    let port = IntOrString::String(PORT_NAME.to_owned());
    Probe {
        http_get: Some(HTTPGetAction { path: Some(path.to_owned()), port, ..HTTPGetAction::default() }),
        timeout_seconds: Some(3),
        ..Probe::default()
    }
}
