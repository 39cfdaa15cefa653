//! Reasons and texts of errors of the API server.

use std::error::Error;

use ccx_service::error_chain;

use super::reason::Reason;

/// Returns an error and its causes on one line. Of a response it has the message of the API server: the text of
/// the client library ends with the debug form of the whole response.
pub fn error_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error_chain(error);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(kube::Error::Api(status)) = as_client_error(error) {
            text = text.replace(&one_line(&error.to_string()), &one_line(&message(status)));
        }
        cause = error.source();
    }
    text.replace("ServiceError: client error (Connect): ", "failed to connect: ")
}

/// Returns the error of the client library, which sources of errors hold as it is or in a box.
pub fn as_client_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a kube::Error> {
    error.downcast_ref().or_else(|| error.downcast_ref::<Box<kube::Error>>().map(|error| &**error))
}

/// The text of the API server, which is not JSON, for a path of a group or version that it does not serve.
const NO_SUCH_PATH: &str = "404 page not found";

fn message(status: &kube::core::Status) -> String {
    if status.message.trim() == NO_SUCH_PATH {
        "the cluster does not serve this kind, or not in this version".to_owned()
    } else if status.message.is_empty() {
        format!("HTTP status {} {}", status.code, status.reason)
    } else {
        status.message.clone()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the API server does not serve the kind, or not in this version.
pub fn is_not_served(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(kube::Error::Api(status)) if status.message.trim() == NO_SUCH_PATH)
        {
            return true;
        }
        cause = error.source();
    }
    false
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
    fn text_of_a_boxed_error_has_no_debug_output_either() {
        #[derive(Debug, snafu::Snafu)]
        #[snafu(display("failed to read it"))]
        struct Outer {
            source: Box<kube::Error>,
        }
        let status = Status { code: 401, message: "Unauthorized".into(), ..Status::default() };
        let error = Outer { source: Box::new(kube::Error::Api(Box::new(status))) };
        assert_eq!(error_text(&error), "failed to read it: Unauthorized");
    }

    #[test]
    fn kind_that_is_not_served_is_told_in_words() {
        let status = Status { code: 404, message: "404 page not found\n".into(), ..Status::default() };
        let error = kube::Error::Api(Box::new(status));
        assert!(is_not_served(&error));
        assert_eq!(error_text(&error), "the cluster does not serve this kind, or not in this version");
        let missing = kube::Error::Api(Box::new(Status { code: 404, ..Status::default() }));
        assert!(!is_not_served(&missing));
    }

    #[test]
    fn other_status_codes_have_distinct_reasons() {
        let reasons = [404, 409, 422, 500].map(|code| reason(code, ""));
        assert_eq!(reasons, [Reason::KindNotServed, Reason::Conflict, Reason::Rejected, Reason::ApiFailure]);
    }
}
