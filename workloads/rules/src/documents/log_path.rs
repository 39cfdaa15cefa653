//! Where logs of pods lie in an archive.

use crate::Input;

/// The log lines that the operator gathered of the platform's pods.
pub const PLATFORM_POD_LOGS: Input = Input::text(
    "platform_pod_logs",
    &[
        "config/pod/openshift-*/logs/*/*.log",
        "conditional/namespaces/openshift-*/pods/*/containers/*/logs/*.log",
    ],
);

/// The logs of the Kubernetes controller manager.
pub const CONTROLLER_MANAGER_LOGS: Input =
    Input::text("controller_manager_logs", &["config/pod/openshift-kube-controller-manager/logs/*/*.log"]);

/// The logs of the programs that let users log in.
pub const AUTHENTICATION_LOGS: Input =
    Input::text("authentication_logs", &["config/pod/openshift-authentication/logs/*/*.log"]);

/// The log lines that the operator gathered of pods of any namespace.
pub const POD_LOGS: Input = Input::text("pod_logs", &["config/pod/*/logs/*/*.log"]);

/// What the path of a pod's log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPath<'a> {
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a str,
    /// The name of the file.
    pub file: &'a str,
}

impl<'a> LogPath<'a> {
    /// Reads `config/pod/<namespace>/logs/<pod>/<file>` or
    /// `conditional/namespaces/<namespace>/pods/<pod>/containers/<container>/logs/<file>`.
    pub fn of(path: &'a str) -> Self {
        let part = |index: usize| path.split('/').nth(index).unwrap_or_default();
        Self { namespace: part(2), pod: part(4), file: path.rsplit('/').next().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_places_of_logs_tell_the_pod() {
        let of = |path| {
            let LogPath { namespace, pod, file } = LogPath::of(path);
            (namespace, pod, file)
        };
        assert_eq!(of("config/pod/openshift-x/logs/p/errors.log"), ("openshift-x", "p", "errors.log"));
        let conditional = "conditional/namespaces/openshift-x/pods/p/containers/c/logs/previous.log";
        assert_eq!(of(conditional), ("openshift-x", "p", "previous.log"));
        assert_eq!(of("x"), ("", "", "x"));
    }
}
