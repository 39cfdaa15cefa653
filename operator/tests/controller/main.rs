//! The controller, beside a real API server with its controllers: all that needs no pods to run.
//!
//! Each test has a namespace and a controller of its own, in this process, with the rights that the chart gives and no more. Pods are
//! pretended by a [`kubelet`]. Without a Kubernetes (`hack/kubernetes.sh run` brings one) a test says so and passes, except with
//! `CI=true`.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod crash;
mod deletion;
mod drift;
mod extensions;
mod kill_after_writes;
mod kubelet;
mod missing;
mod order;
mod password;
mod plan;
mod request_recorder;
mod restart;
mod rights;
mod scaling;
mod server;
mod settle;
mod stance;
mod test_env;
mod trouble;
