//! The locations of the logs of pods.
//!
//! Up to 4.17, gatherers of the operator wrote the lines that they looked for to `config/pod`, as it still
//! does with the logs of the namespaces of degraded operators. Since 4.17, the remote configuration says
//! which lines of which pods are recorded (Rapid Recommendations), and they are in `namespaces`. What is
//! recorded while an alert fires is in `conditional`.

use crate::{Input, Location};

/// The locations of the logs of the pods in one namespace, or in those that match a glob.
macro_rules! pod_logs {
    ($namespace:literal) => {
        &[
            Location::new(concat!("namespaces/", $namespace, "/pods/*/*/*.log")).since(4, 17),
            Location::new(concat!("config/pod/", $namespace, "/logs/*/*.log")),
            Location::new(concat!("conditional/namespaces/", $namespace, "/pods/*/containers/*/logs/*.log"))
                .since(4, 9),
            Location::new(concat!(
                "conditional/namespaces/",
                $namespace,
                "/pods/*/containers/*/logs-previous/*.log"
            ))
            .since(4, 10),
        ]
    };
}

/// The log lines that were recorded of the platform's pods.
pub const PLATFORM_POD_LOGS: Input = Input::text("platform_pod_logs", pod_logs!("openshift-*"));

/// The logs of the Kubernetes controller manager.
pub const CONTROLLER_MANAGER_LOGS: Input =
    Input::text("controller_manager_logs", pod_logs!("openshift-kube-controller-manager"));

/// The logs of the OAuth server.
pub const AUTHENTICATION_LOGS: Input =
    Input::text("authentication_logs", pod_logs!("openshift-authentication"));

/// The log lines that were recorded of pods of any namespace.
pub const POD_LOGS: Input = Input::text("pod_logs", pod_logs!("*"));

/// The pod whose log a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPath<'a> {
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a str,
    /// The container, where the path names it.
    pub container: Option<&'a str>,
    /// The name of the file.
    pub file: &'a str,
}

impl<'a> LogPath<'a> {
    /// Parses a path of the inputs of this module.
    ///
    /// ```
    /// use ccx_rules::documents::LogPath;
    ///
    /// let path = "namespaces/openshift-dns/pods/dns-default-x7k2p/dns/previous.log";
    /// let LogPath { namespace, pod, container, file } = LogPath::parse(path).unwrap();
    /// assert_eq!((namespace, pod), ("openshift-dns", "dns-default-x7k2p"));
    /// assert_eq!((container, file), (Some("dns"), "previous.log"));
    /// ```
    pub fn parse(path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let (namespace, pod, container, file) = match parts[..] {
            ["namespaces", namespace, "pods", pod, container, file]
            | ["conditional", "namespaces", namespace, "pods", pod, "containers", container, _, file] => {
                (namespace, pod, Some(container), file)
            }
            ["config", "pod", namespace, "logs", pod, file] => (namespace, pod, container_of(file), file),
            _ => return None,
        };
        Some(Self { namespace, pod, container, file })
    }
}

/// The container of a file such as `etcd_current.log`; others have the lines of all containers.
fn container_of(file: &str) -> Option<&str> {
    file.strip_suffix("_current.log").or_else(|| file.strip_suffix("_previous.log"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Glob;

    const PATHS: [(&str, [&str; 2], Option<&str>, &str); 6] = [
        ("namespaces/openshift-x/pods/p/c/current.log", ["openshift-x", "p"], Some("c"), "current.log"),
        ("namespaces/openshift-x/pods/p/c/previous.log", ["openshift-x", "p"], Some("c"), "previous.log"),
        ("config/pod/openshift-x/logs/p/errors.log", ["openshift-x", "p"], None, "errors.log"),
        ("config/pod/openshift-x/logs/p/c_previous.log", ["openshift-x", "p"], Some("c"), "c_previous.log"),
        (
            "conditional/namespaces/openshift-x/pods/p/containers/c/logs/last-50-lines.log",
            ["openshift-x", "p"],
            Some("c"),
            "last-50-lines.log",
        ),
        (
            "conditional/namespaces/openshift-x/pods/p/containers/c/logs-previous/last-20-lines.log",
            ["openshift-x", "p"],
            Some("c"),
            "last-20-lines.log",
        ),
    ];

    #[test]
    fn every_path_of_a_log_tells_the_pod_and_the_container() {
        for (path, [namespace, pod], container, file) in PATHS {
            assert_eq!(LogPath::parse(path), Some(LogPath { namespace, pod, container, file }), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not_logs_of_pods() {
        for path in ["", "x", "config/node/logs/n.log", "namespaces/a/pods/p/virt-launcher.json"] {
            assert_eq!(LogPath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn inputs_of_a_namespace_match_every_path_of_its_logs() {
        let is_read = |input: &Input, path: &str| input.globs().any(|glob| Glob::new(glob).matches(path));
        for (path, ..) in PATHS {
            assert!(is_read(&PLATFORM_POD_LOGS, path) && is_read(&POD_LOGS, path), "{path}");
            let path = path.replace("openshift-x", "openshift-authentication");
            assert!(
                is_read(&AUTHENTICATION_LOGS, &path) && !is_read(&CONTROLLER_MANAGER_LOGS, &path),
                "{path}"
            );
            let path = path.replace("openshift-authentication", "users-own");
            assert!(is_read(&POD_LOGS, &path) && !is_read(&PLATFORM_POD_LOGS, &path), "{path}");
        }
    }
}
