//! Reasons of errors of the API server.

use super::reason::Reason;

/// Returns the reason for an error of the API server.
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

/// Whether the message is from an admission plugin, rather than about a missing permission.
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
    fn forbidden_requests_have_distinct_reasons() {
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
    fn other_status_codes_have_distinct_reasons() {
        let reasons = [404, 409, 422, 500].map(|code| reason(code, ""));
        assert_eq!(reasons, [Reason::KindNotServed, Reason::Conflict, Reason::Rejected, Reason::ApiFailure]);
    }
}
