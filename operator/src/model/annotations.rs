//! Annotations that the operator writes and reads back.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

/// The digest of the object as it was last applied.
pub const APPLIED_HASH: &str = "ccx.openshift.io/applied-hash";

/// The time after which a generated certificate is renewed.
pub const RENEWAL: &str = "ccx.openshift.io/renew-after";

/// The time after which the authority of a generated certificate is renewed.
pub const AUTHORITY_RENEWAL: &str = "ccx.openshift.io/renew-authority-after";

/// Returns the times after which a generated certificate and its authority are renewed.
pub(crate) fn renewals(annotations: Option<&BTreeMap<String, String>>) -> Option<(Timestamp, Timestamp)> {
    let time = |key: &str| annotations?.get(key)?.parse().ok();
    Some((time(RENEWAL)?, time(AUTHORITY_RENEWAL)?))
}
