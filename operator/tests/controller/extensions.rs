//! Beside the real definitions of what others bring to a cluster: KEDA, OpenShift's Route, the Gateway API, the Prometheus operator
//! and Strimzi, as `hack/extensions.sh` has them.
//!
//! Definitions are for the whole cluster, and the other tests do without. So these have API servers of their own.

mod granted;
mod installed;
mod keda;
mod late;
mod life;
mod strimzi;
