//! Security contexts for the profile `restricted`, with a read-only root file system.

use k8s_openapi::api::core::v1::{Capabilities, PodSecurityContext, SeccompProfile, SecurityContext};

use crate::model::references::Platform;

/// The user of the workloads, unless the cluster assigns one: that of their image.
pub(super) const CCX_USER: i64 = 65532;

/// The user of the database, unless the cluster assigns one: that of PostgreSQL's Alpine image; other images
/// accept any.
pub(super) const DATABASE_USER: i64 = 70;

/// Returns the security context of a pod. OpenShift assigns each namespace users of its own and refuses
/// others.
pub(super) fn pod(platform: Platform, user: i64) -> PodSecurityContext {
    let user = (platform == Platform::Kubernetes).then_some(user);
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: user,
        run_as_group: user,
        fs_group: user,
        fs_group_change_policy: user.map(|_| "OnRootMismatch".into()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".into(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

/// Returns the security context of a container.
pub(super) fn container() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), add: None }),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        ..SecurityContext::default()
    }
}
