//! Annotations that the operator writes and reads back.

/// The digest of the object as it was last applied.
pub const APPLIED_HASH: &str = "ccx.openshift.io/applied-hash";
