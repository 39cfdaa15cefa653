//! The requests to the API without which the platform does not run, and whether a webhook is called for them.

use ccx_rules::documents::{Resource, Webhook};

use super::match_condition::{Decision, Request, decide};

const PODS: Resource<'static> = Resource { group: "", name: "pods", subresource: "", is_namespaced: true };
const BINDINGS: Resource<'static> = Resource { subresource: "binding", ..PODS };
const NODES: Resource<'static> = Resource { group: "", name: "nodes", subresource: "", is_namespaced: false };
const NODE_STATUS: Resource<'static> = Resource { subresource: "status", ..NODES };
const LEASES: Resource<'static> =
    Resource { group: "coordination.k8s.io", name: "leases", subresource: "", is_namespaced: true };

/// The requests: to start pods, to keep nodes ready, and to elect the leaders of controllers.
const VITAL_REQUESTS: [(&str, Resource<'static>); 7] = [
    ("CREATE", PODS),
    ("CREATE", BINDINGS),
    ("CREATE", NODES),
    ("UPDATE", NODES),
    ("UPDATE", NODE_STATUS),
    ("CREATE", LEASES),
    ("UPDATE", LEASES),
];

/// Namespaces of the platform whose pods the cluster can't do without. A webhook that spares only some of them is in the way.
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

/// The namespaces with the label that webhooks of old are told to spare.
const NAMESPACES_WITH_RUN_LEVEL: [&str; 4] =
    ["openshift-dns", "openshift-etcd", "openshift-kube-apiserver", "openshift-network-operator"];

/// Returns the resources in the webhook's rules for which it is called by requests that the platform depends on; each once.
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

/// Returns whether the webhook may be called when a pod is created in some namespace.
pub(super) fn is_called_for_new_pods(webhook: &Webhook<'_>) -> bool {
    webhook.rule_for("CREATE", PODS).is_some()
}

/// Returns whether the webhook's selectors and conditions let a request of the platform pass through it.
fn is_called(webhook: &Webhook<'_>, operation: &str, resource: Resource<'_>) -> bool {
    // The labels of the platform's objects are not known: a selector that requires a label spares them.
    let selects_object = webhook.object_selector.matches(|_| None);
    // The API server does not apply the namespace selector to what is in no namespace.
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

/// Returns whether a request meets all conditions. A condition that can't be decided may spare the platform, so that the webhook is
/// not reported for it.
fn meets_conditions(webhook: &Webhook<'_>, request: Request<'_>) -> bool {
    webhook.match_conditions.iter().all(|condition| decide(&condition.expression, request) == Decision::True)
}
