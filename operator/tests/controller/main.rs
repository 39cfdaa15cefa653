//! The controller on a real API server with the controllers of Kubernetes, without nodes.
//!
//! Each test has a namespace and a controller of its own, in this process, with exactly the rights that the
//! chart grants. A [`kubelet`] sets the status of pods. Without a Kubernetes (`hack/kubernetes.sh run` brings
//! one) a test says so and passes, except with `CI=true`.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod certificate;
mod claims;
mod cleaner;
mod crash;
mod deletion;
mod drift;
mod extensions;
mod kill_after_writes;
mod kubelet;
mod missing;
mod order;
mod page;
mod password;
mod plan;
mod problems;
mod reconcile_modes;
mod request_recorder;
mod restart;
mod rights;
mod rollout;
mod scaling;
mod server;
mod steady_state;
mod test_env;
mod token_review;
