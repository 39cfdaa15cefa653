//! The controller with the real definitions of extensions: KEDA, OpenShift's Route and
//! `ConsoleLink`, the Gateway API, the
//! Prometheus operator and Strimzi, as `hack/extensions.sh` has them.
//!
//! Definitions are cluster-wide, and the other tests need a cluster without them. So these tests have API
//! servers of their own.

mod console_link;
mod granted_rights;
mod installed;
mod keda;
mod late_installation;
mod life_cycle;
mod reported;
mod strimzi;
