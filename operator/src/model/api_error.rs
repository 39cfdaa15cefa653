//! Reasons and texts of errors of the API server.

use std::error::Error;

use ccx_service::error_chain;

use super::reason::Reason;

/// Returns an error and its causes on one line. Of a response it has the message of the API server: the text of
/// the client library ends with the debug form of the whole response.
pub(crate) fn error_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error_chain(error);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(kube::Error::Api(status)) = error.downcast_ref() {
            text = text.replace(&one_line(&error.to_string()), &one_line(&message(status)));
        }
        cause = error.source();
    }
    text
}

fn message(status: &kube::core::Status) -> String {
    if status.message.is_empty() {
        format!("HTTP status {} {}", status.code, status.reason)
    } else {
        status.message.clone()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

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
    fn text_has_the_message_of_the_server_without_debug_output() {
        let status = Status { code: 422, message: "a is\ninvalid".into(), ..Status::default() };
        let error = kube::runtime::watcher::Error::InitialListFailed(kube::Error::Api(Box::new(status)));
        assert_eq!(error_text(&error), "failed to perform initial object list: a is invalid");
        let empty =
            kube::Error::Api(Box::new(Status { code: 500, reason: "Internal".into(), ..Status::default() }));
        assert_eq!(error_text(&empty), "HTTP status 500 Internal");
    }

    #[test]
    fn other_status_codes_have_distinct_reasons() {
        let reasons = [404, 409, 422, 500].map(|code| reason(code, ""));
        assert_eq!(reasons, [Reason::KindNotServed, Reason::Conflict, Reason::Rejected, Reason::ApiFailure]);
    }
}
