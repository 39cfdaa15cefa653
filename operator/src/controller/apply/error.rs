//! Why a child could not be applied.

use snafu::Snafu;

use crate::{child::Child, kind::Kind, reason::Reason};

/// A child that could not be applied.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ApplyError {
    /// There is an object of this name that is none of ours.
    #[snafu(display(
        "{} {name} exists and belongs to somebody else: remove it, or give this resource another name", kind.name()
    ))]
    Foreign {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// The API server refuses, or does not answer.
    #[snafu(display("failed to {verb} {} {name}", kind.name()))]
    Request {
        /// What was asked for.
        verb: &'static str,
        /// The kind of the child.
        kind: Kind,
        /// Its name.
        name: String,
        /// Why not.
        source: kube::Error,
    },
}

impl ForeignSnafu<Kind, String> {
    pub(crate) fn of(child: &Child) -> Self {
        Self { kind: child.kind, name: child.name().to_owned() }
    }
}

impl RequestSnafu<&'static str, Kind, String> {
    pub(crate) fn of(child: &Child, verb: &'static str) -> Self {
        Self { verb, kind: child.kind, name: child.name().to_owned() }
    }
}

impl ApplyError {
    /// The reason for the condition.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Foreign { .. } => Reason::Conflict,
            Self::Request { source, .. } => api_reason(source),
        }
    }
}

/// What the API server means.
pub(crate) fn api_reason(error: &kube::Error) -> Reason {
    let kube::Error::Api(status) = error else { return Reason::ApiFailure };
    match status.code {
        403 if status.message.contains("exceeded quota") => Reason::QuotaExceeded,
        403 | 404 if status.message.contains("is being terminated") => Reason::NamespaceTerminating,
        403 if is_policy(&status.message) => Reason::Rejected,
        401 | 403 => Reason::Forbidden,
        404 => Reason::KindNotServed,
        409 => Reason::Conflict,
        400 | 422 => Reason::Rejected,
        _ => Reason::ApiFailure,
    }
}

/// Whether an admission plugin, and not the lack of a permission, forbids it.
fn is_policy(message: &str) -> bool {
    !message.contains("cannot ")
        && (message.contains("violates") || message.contains("admission") || message.contains("forbidden: "))
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn reason(code: u16, message: &str) -> Reason {
        let status = Status { code, message: message.into(), ..Status::default() };
        api_reason(&kube::Error::Api(Box::new(status)))
    }

    #[test]
    fn what_the_api_server_forbids_is_told_apart() {
        let quota = "pods \"a\" is forbidden: exceeded quota: small, requested: cpu=1";
        assert_eq!(reason(403, quota), Reason::QuotaExceeded);
        let terminating = "configmaps \"a\" is forbidden: unable to create new content in namespace x because it is being terminated";
        assert_eq!(reason(403, terminating), Reason::NamespaceTerminating);
        let permission =
            "deployments.apps \"a\" is forbidden: User \"x\" cannot patch resource \"deployments\"";
        assert_eq!(reason(403, permission), Reason::Forbidden);
        assert_eq!(
            reason(403, "pods \"a\" is forbidden: violates PodSecurity \"restricted\""),
            Reason::Rejected
        );
    }

    #[test]
    fn other_answers_have_their_reason() {
        let reasons = [404, 409, 422, 500].map(|code| reason(code, ""));
        assert_eq!(reasons, [Reason::KindNotServed, Reason::Conflict, Reason::Rejected, Reason::ApiFailure]);
    }
}
