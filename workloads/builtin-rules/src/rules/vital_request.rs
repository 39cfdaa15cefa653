//! API requests that the platform depends on, and whether a webhook is called for them.

use ccx_rules::documents::{Resource, Webhook};

use super::match_condition::{Decision, Request, decide};

const PODS: Resource<'static> = Resource { group: "", name: "pods", subresource: "", is_namespaced: true };
const BINDINGS: Resource<'static> = Resource { subresource: "binding", ..PODS };
const NODES: Resource<'static> = Resource { group: "", name: "nodes", subresource: "", is_namespaced: false };
const NODE_STATUS: Resource<'static> = Resource { subresource: "status", ..NODES };
const LEASES: Resource<'static> =
    Resource { group: "coordination.k8s.io", name: "leases", subresource: "", is_namespaced: true };

/// Requests that start pods, keep nodes ready, and elect the leaders of controllers.
const VITAL_REQUESTS: [(&str, Resource<'static>); 7] = [
    ("CREATE", PODS),
    ("CREATE", BINDINGS),
    ("CREATE", NODES),
    ("UPDATE", NODES),
    ("UPDATE", NODE_STATUS),
    ("CREATE", LEASES),
    ("UPDATE", LEASES),
];

/// Namespaces with essential pods of the platform. A webhook that excludes only some of them affects the
/// platform.
const PLATFORM_NAMESPACES: [&str; 16] = [
    "openshift-apiserver",
    "openshift-authentication",
    "openshift-cluster-version",
    "openshift-controller-manager",
    "openshift-dns",
    "openshift-etcd",
    "openshift-image-registry",
    "openshift-ingress",
    "openshift-kube-apiserver",
    "openshift-kube-controller-manager",
    "openshift-kube-scheduler",
    "openshift-machine-config-operator",
    "openshift-monitoring",
    "openshift-multus",
    "openshift-network-operator",
    "openshift-ovn-kubernetes",
];

/// Namespaces with the label `openshift.io/run-level`, which webhooks commonly exclude.
const NAMESPACES_WITH_RUN_LEVEL: [&str; 4] =
    ["openshift-dns", "openshift-etcd", "openshift-kube-apiserver", "openshift-network-operator"];

/// Returns the resources of the webhook's rules that match requests of the platform, each once.
pub(super) fn vital_resources<'w>(webhook: &'w Webhook<'_>) -> Vec<&'w str> {
    let mut resources = Vec::new();
    for (operation, resource) in VITAL_REQUESTS {
        let Some(rule) = webhook.rule_for(operation, resource) else { continue };
        if is_called(webhook, operation, resource) {
            let new = rule.resources.iter().map(|name| &**name).filter(|name| !resources.contains(name));
            resources.extend(new.collect::<Vec<_>>());
        }
    }
    resources
}

/// Returns whether the webhook may be called for the creation of pods.
pub(super) fn is_called_for_new_pods(webhook: &Webhook<'_>) -> bool {
    webhook.rule_for("CREATE", PODS).is_some()
}

/// Returns whether a request of the platform matches the webhook's selectors and conditions.
fn is_called(webhook: &Webhook<'_>, operation: &str, resource: Resource<'_>) -> bool {
    // The labels of the platform's objects are unknown: a selector that requires a label excludes them.
    let selects_object = webhook.object_selector.matches(|_| None);
    // The API server does not apply the namespace selector to cluster-scoped resources.
    let mut namespaces = PLATFORM_NAMESPACES.iter().take(if resource.is_namespaced { usize::MAX } else { 1 });
    selects_object
        && namespaces.any(|namespace| {
            let selects_namespace = webhook.namespace_selector.matches(|key| namespace_label(namespace, key));
            let namespace = if resource.is_namespaced { namespace } else { "" };
            (selects_namespace || !resource.is_namespaced)
                && meets_conditions(webhook, Request { operation, resource, namespace })
        })
}

fn namespace_label<'n>(namespace: &'n str, key: &str) -> Option<&'n str> {
    match key {
        "kubernetes.io/metadata.name" => Some(namespace),
        "openshift.io/cluster-monitoring" => Some("true"),
        "openshift.io/run-level" if NAMESPACES_WITH_RUN_LEVEL.contains(&namespace) => Some("0"),
        _ => None,
    }
}

/// Returns whether a request meets all conditions. A condition with an unknown value may exclude the
/// platform, so it counts as not met.
fn meets_conditions(webhook: &Webhook<'_>, request: Request<'_>) -> bool {
    webhook.match_conditions.iter().all(|condition| decide(&condition.expression, request) == Decision::True)
}
