//! The cluster of the kubeconfig, or of the pod, and why it can't be used.

use std::{env, error::Error};

use ccx_operator::model::api_error::{as_client_error, error_text, is_not_served};
use kube::{
    Config,
    config::{KubeConfigOptions, KubeconfigError},
};
use snafu::Snafu;

/// No cluster is configured.
#[derive(Debug, Snafu)]
#[snafu(display("no cluster is configured: {reason}"))]
pub(crate) struct NoCluster {
    reason: String,
}

impl NoCluster {
    /// Returns what to do; `otherwise` when no kubeconfig can be read.
    pub(crate) fn advice(&self, otherwise: &str) -> String {
        if self.reason.contains("context") {
            "choose a context: kubectl config get-contexts, then kubectl config use-context NAME".into()
        } else {
            otherwise.into()
        }
    }
}

/// Returns the configuration of the kubeconfig, or of the pod's service account.
pub(crate) async fn config() -> Result<Config, NoCluster> {
    let error = match Config::infer().await {
        Ok(config) => return Ok(config),
        Err(error) => error,
    };
    if env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Err(NoCluster { reason: text(&error) });
    }
    match Config::from_kubeconfig(&KubeConfigOptions::default()).await {
        Ok(config) => Ok(config),
        Err(error) => Err(NoCluster { reason: reason(&error) }),
    }
}

fn reason(error: &KubeconfigError) -> String {
    let text = text(error);
    match error {
        KubeconfigError::ReadConfig(..) => text,
        _ => format!("{}: {text}", env::var("KUBECONFIG").unwrap_or_else(|_| "~/.kube/config".into())),
    }
}

/// Returns an error and its causes on one line. The client library shows paths and the output of plugins in their debug
/// forms, and the YAML parser an excerpt of the file.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    let text = without_debug_quotes(error_text(error));
    let end = [" --> ", ": Output {"].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].to_owned()
}

/// Replaces `'"/path"'` by `'/path'`.
fn without_debug_quotes(mut text: String) -> String {
    while let Some(start) = text.find("'\"") {
        let Some(length) = text[start + 2..].find("\"'") else { break };
        let inner = text[start + 2..start + 2 + length].to_owned();
        text.replace_range(start..start + length + 4, &format!("'{inner}'"));
    }
    text
}

/// Returns what to do about an error of the API server.
pub(crate) fn advice(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = as_client_error(error) {
            return advice_for(error);
        }
        cause = error.source();
    }
    None
}

fn advice_for(error: &kube::Error) -> Option<&'static str> {
    match error {
        kube::Error::Api(status) => match status.code {
            401 => Some("log in again: the credentials of the kubeconfig are not valid, or have expired"),
            403 => Some(
                "you need the rights of the operator: to get, list and patch what the resource consists of",
            ),
            404 if status.message.contains("namespaces \"") => Some("create the namespace"),
            404 if is_not_served(error) => {
                Some("install the definition: ccx-operator crd | kubectl apply --server-side -f -")
            }
            _ => None,
        },
        kube::Error::Service(_) if text(error).contains("certificate") => {
            Some("correct the authority of the API server's certificate in the kubeconfig")
        }
        kube::Error::Service(_) => Some(
            "check the address of the API server in the kubeconfig, and whether it can be reached from here",
        ),
        kube::Error::Auth(_) | kube::Error::InferConfig(_) | kube::Error::InferKubeconfig(_) => {
            Some("correct the credentials in the kubeconfig")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn api(code: u16, message: &str) -> kube::Error {
        kube::Error::Api(Box::new(Status { code, message: message.into(), ..Status::default() }))
    }

    #[test]
    fn advice_depends_on_the_response() {
        let cases = [
            (api(401, "Unauthorized"), "log in again"),
            (api(403, "pods is forbidden"), "you need the rights"),
            (api(404, "404 page not found"), "install the definition"),
            (api(404, "namespaces \"nope\" not found"), "create the namespace"),
            (kube::Error::Service("connection refused".into()), "check the address"),
            (kube::Error::Service("invalid peer certificate: UnknownIssuer".into()), "correct the authority"),
        ];
        for (error, expected) in cases {
            let boxed: Box<kube::Error> = Box::new(error);
            assert!(advice(&boxed).is_some_and(|advice| advice.starts_with(expected)), "{boxed}");
        }
        assert_eq!(advice(&api(500, "etcd")), None);
    }

    #[test]
    fn quotes_of_the_debug_form_are_removed_in_pairs() {
        let cases = [
            ("failed to read '\"/a\"': denied", "failed to read '/a': denied"),
            ("command 'A=\"{}\" \"b\"' failed", "command 'A=\"{}\" \"b\"' failed"),
            ("'\"/a\"', '\"/b\"'", "'/a', '/b'"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_debug_quotes(text.into()), expected);
        }
    }

    #[test]
    fn cause_of_a_missing_cluster_has_no_debug_output() {
        let error = KubeconfigError::ReadConfig(std::io::Error::other("denied"), "/a/config".into());
        assert!(!reason(&error).contains('"'), "{}", reason(&error));
        let missing = NoCluster { reason: reason(&KubeconfigError::CurrentContextNotSet) };
        assert!(missing.advice("set KUBECONFIG").starts_with("choose a context"), "{missing}");
    }
}
